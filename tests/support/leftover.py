"""Records that belong to a transaction which the coordinator knows nothing of, as a broker that forgot one leaves them."""
from chaos.committed import Connection, batches
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.protocol.fetch import FetchRequest
from kafka.protocol.produce import ProduceRequest
from kafka.record.default_records import DefaultRecordBatchBuilder
from support.waiting import wait_for

PRODUCER, EPOCH, SEQUENCE = 9, 10, 11  # in the head of a batch


def _last_batch(connection, topic, partition):
    """The head of the newest transactional batch that is no marker, and how many records it has."""
    answer = connection.ask(FetchRequest[4](-1, 1000, 1, 1 << 20, 0, [(topic, [(partition, 0, 1 << 20)])]))
    data = answer.topics[0][1][0][-1]
    batch = [batch for batch in batches(data) if batch.is_transactional and not batch.is_control_batch][-1]
    return batch._header_data, batch.last_offset_delta + 1


def leave_undecided(server, topic, transactional_id, records, partition=0, stranger=False):
    """Appends (key, value)s in the name of the partition's last transactional producer, behind the coordinator's back.

    Or of one that nobody knows, who will never end its transaction."""
    admin = KafkaAdminClient(bootstrap_servers=server.address)
    unchecked = {"transaction.partition.verification.enable": "false"}
    admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", configs=unchecked)])
    admin.close()
    connection = Connection(server.address)
    head, count = _last_batch(connection, topic, partition)
    name = (head[PRODUCER] + 1000, 0, 0) if stranger else (head[PRODUCER], head[EPOCH], head[SEQUENCE] + count)
    batch = DefaultRecordBatchBuilder(2, 0, True, *name, 1 << 20)
    for index, (key, value) in enumerate(records):
        batch.append(index, 0, key, value, [])
    request = ProduceRequest[3](transactional_id, -1, 10000, [(topic, [(partition, bytes(batch.build()))])])
    # The broker takes a setting over in its own time; until then it asks the coordinator, which knows of no transaction.
    wait_for(lambda: connection.ask(request).topics[0][1][0][1] == 0, 60, "the broker to take the leftover")
    connection.close()
