"""A shard's log on a real Kafka: once and in order over reopening, fencing, crashes and a broker that hangs or dies."""
import time

import pytest
from chaos.committed import Reader
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata
from support.leftover import leave_undecided
from support.shard_owner import ShardOwner
from support.waiting import wait_for


def committed_values(server, topic):
    """What a read_committed consumer sees, once nothing in the topic is undecided."""
    reader = Reader(server.address, topic, 1)
    values = [int(record.value) for record in reader.poll()]
    while not reader.caught_up:
        values += [int(record.value) for record in reader.poll()]
    reader.close()
    return values


def numbered(numbers):
    """Records as the driver writes them."""
    return [(b"acme/web-1", b"%d" % number) for number in numbers]


def prepare(server, prefix, partitions=1):
    server.create_topic(f"{prefix}.events.v1", partitions)
    server.create_topic(f"{prefix}.state.v1", partitions, cleanup_policy="compact")
    return f"{prefix}.events.v1"


@pytest.fixture
def owner(tmp_path, kafka, request):
    prefix = "sl." + request.node.name[5:45]
    topic = prepare(kafka, prefix)
    with ShardOwner(tmp_path, kafka, prefix) as owner:
        owner.prefix, owner.topic = prefix, topic
        yield owner


def test_once_and_in_order_over_reopening(kafka, owner):
    assert owner.open()["replayed"] == 0
    for count in (1, 10, 5000):
        owner.commit(count)
    owner.ask("send 700", "sent")  # never committed
    owner.close()
    opened = owner.open()
    assert (opened["replayed"], opened["next"], opened["disorder"]) == (5011, 5011, 0)
    assert owner.commit(100)["end"] > 5111  # markers and the aborted ones have offsets, too
    owner.close()
    owner.end()
    assert committed_values(kafka, owner.topic) == list(range(5111))


def test_snapshot_and_replay_give_back_what_was_sent(kafka, owner):
    owner.open()
    owner.commit(500)
    owner.tell("snapshot first")
    offset = owner.ask("commit", "snapshotted")["offset"]
    owner.commit(40)
    owner.close()
    opened = owner.open()
    assert (opened["restored"], opened["first"], opened["replayed"]) == ("first", 500, 40)
    assert opened["disorder"] == 0
    # From the group's offset it reads no more than that; one that leads past all snapshots does no harm.
    member = KafkaConsumer(bootstrap_servers=kafka.address, group_id="collectors", enable_auto_commit=False)
    here = TopicPartition(f"{owner.prefix}.state.v1", 0)
    for kept in (offset, offset + 3, 10**9):
        member.assign([here])
        member.commit({here: OffsetAndMetadata(kept, "")})
        owner.close()
        opened = owner.open()
        assert (opened["restored"], opened["replayed"]) == ("first", 40)
    member.close()
    owner.close()
    owner.end()


def test_the_newer_owner_fences_the_older(tmp_path, kafka, owner):
    owner.open()
    owner.commit(10)
    owner.ask("send 50", "sent")
    time.sleep(0.5)  # they are in the log, uncommitted
    with ShardOwner(tmp_path, kafka, owner.prefix, name="heir") as heir:
        opened = heir.open()
        assert opened["replayed"] == 10
        assert opened["ms"] < 3000
        heir.commit(5)
        failed = owner.ask("commit", "failed")
        assert failed["kind"] == "fenced", failed
        owner.close()
        heir.commit(5)
        heir.close()
        heir.end()
    owner.end()
    assert committed_values(kafka, owner.topic) == list(range(20))


def test_a_killed_owner_is_followed_at_once(tmp_path, kafka, owner):
    owner.open()
    owner.commit(10)
    owner.ask("send 50", "sent")
    time.sleep(0.3)
    owner.kill()
    with ShardOwner(tmp_path, kafka, owner.prefix, name="heir") as heir:
        opened = heir.open()
        assert (opened["next"], opened["replayed"]) == (10, 10)
        assert opened["ms"] < 3000
        heir.close()
        heir.end()


def test_a_missing_topic_is_waited_for(tmp_path, kafka):
    with ShardOwner(tmp_path, kafka, "sl.missing") as owner:
        why = owner.ask("open", "waiting")["why"]
        assert "sl.missing.events.v1 does not exist" in why and "vedette topics create" in why
        prepare(kafka, "sl.missing")
        owner.await_("opened")
        assert owner.said[-2]["why"] == "" or owner.said[-1]["why"] == ""
        owner.commit(1)
        owner.close()
        owner.end()


def test_a_partition_that_is_not_there_is_waited_for(tmp_path, kafka):
    prepare(kafka, "sl.few")
    with ShardOwner(tmp_path, kafka, "sl.few", shard=3) as owner:
        assert "sl.few.events.v1 has no partition 3" in owner.ask("open", "waiting")["why"]
        owner.close()
        owner.end()


def test_the_broker_hangs_for_a_while(tmp_path, own_kafka):
    topic = prepare(own_kafka, "sl.hang")
    with ShardOwner(tmp_path, own_kafka, "sl.hang") as owner:
        owner.open()
        owner.commit(10)
        owner.ask("send 10", "sent")
        own_kafka.pause()
        assert owner.ask("commit", "waiting")["why"] != ""
        own_kafka.resume()
        # No connection was lost: it goes on where it stopped.
        assert owner.await_("committed", len(owner.said) - 1)
        owner.commit(10)
        owner.close()
        owner.end()
    assert committed_values(own_kafka, topic) == list(range(30))


def test_what_the_coordinator_forgot_counts(tmp_path, own_kafka):
    """Its records are committed before anybody serves, and their owner knows of them."""
    topic = prepare(own_kafka, "sl.forgot")
    with ShardOwner(tmp_path, own_kafka, "sl.forgot") as owner:
        owner.open()
        owner.commit(10)
        owner.close()
        leave_undecided(own_kafka, topic, "sl.forgot-shard-0", numbered(range(10, 20)))
        opened = owner.open()
        # Ten were known, ten were undecided, and one tells of it.
        assert (opened["replayed"], opened["next"], opened["disorder"]) == (21, 21, 0)
        told = owner.await_("undecided")
        assert told["to"] - told["from"] == 10
        owner.commit(10)
        owner.close()
        assert owner.open()["replayed"] == 31
        owner.close()
        owner.end()
        assert sum(event["what"] == "undecided" for event in owner.said) == 1
    assert committed_values(own_kafka, topic) == list(range(31))


def test_a_strangers_open_transaction_is_told_and_not_served_over(tmp_path, own_kafka):
    """What is written behind it nobody would see: not a consumer, and not the next owner."""
    topic = prepare(own_kafka, "sl.stranger")
    with ShardOwner(tmp_path, own_kafka, "sl.stranger") as owner:
        owner.open()
        owner.commit(10)
        owner.close()
        leave_undecided(own_kafka, topic, "stranger", numbered(range(100, 103)), stranger=True)
        assert "transaction that does not end" in owner.ask("open", "waiting")["why"]
        failed = owner.await_("failed", len(owner.said) - 1)
        assert failed["kind"] == "trouble" and "sl.stranger.events.v1, partition 0" in failed["why"]
        assert not any(event["what"] == "opened" for event in owner.said[-3:])
        owner.close()
        owner.end()


def test_the_broker_hangs_for_good(tmp_path, own_kafka):
    topic = prepare(own_kafka, "sl.hung")
    with ShardOwner(tmp_path, own_kafka, "sl.hung") as owner:
        owner.open()
        owner.commit(10)
        owner.ask("send 10", "sent")
        own_kafka.pause()
        failed = owner.ask("commit", "failed")
        assert failed["kind"] == "trouble"
        assert failed["ms"] < 22000
        assert owner.close()["ms"] < 3000
        owner.tell("open")
        time.sleep(1)
        assert owner.close()["ms"] < 3000
        own_kafka.resume()
        opened = owner.open()
        assert opened["replayed"] in (10, 20, 21) and opened["disorder"] == 0
        owner.commit(10)
        owner.close()
        owner.end()
    values = committed_values(own_kafka, topic)
    # 31: the broker forgot to end the transaction, and a record tells of it.
    assert values == list(range(len(values))) and len(values) in (20, 30, 31)


@pytest.mark.parametrize("moment", ["in the transaction", "in the commit", "between two"])
def test_the_broker_is_killed(tmp_path, own_kafka, moment):
    topic = prepare(own_kafka, "sl.killed")
    with ShardOwner(tmp_path, own_kafka, "sl.killed") as owner:
        owner.open()
        owner.commit(10)
        began = len(owner.said)
        if moment == "in the transaction":
            owner.ask("send 1000", "sent")
            time.sleep(0.2)
        elif moment == "in the commit":
            owner.tell("send 100000", "commit")
            time.sleep(0.05)
        own_kafka.kill()
        own_kafka.start()
        if moment == "between two":
            # Nothing was open: the connection that is gone matters to no transaction.
            owner.commit(10)
        else:
            if moment == "in the transaction":
                owner.tell("commit")
            # It may have been through before the broker died; else the lost connection fails it.
            ends = {"failed", "committed"}
            wait_for(lambda: ends & {event["what"] for event in owner.said[began:]}, 40, "an end of the commit")
        owner.close()
        opened = owner.open()
        assert opened["disorder"] == 0
        owner.commit(10)
        owner.close()
        owner.end()
        total = opened["next"] + 10
    assert committed_values(own_kafka, topic) == list(range(total))


def test_close_in_each_state_while_the_broker_hangs(tmp_path, own_kafka):
    prepare(own_kafka, "sl.close")
    with ShardOwner(tmp_path, own_kafka, "sl.close") as owner:
        for state in ("opening", "open", "sending", "committing"):
            if state != "opening":
                owner.open()
            own_kafka.pause()
            if state == "opening":
                owner.tell("open")
                time.sleep(0.3)
            if state in ("sending", "committing"):
                owner.ask("send 1000", "sent")
            if state == "committing":
                owner.tell("commit")
                time.sleep(0.3)
            assert owner.close()["ms"] < 2500, state
            own_kafka.resume()
        assert not [event for event in owner.said if event["what"] == "failed"]
        owner.end()
