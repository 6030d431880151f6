"""Reads a topic as a read_committed consumer would, by Kafka's Fetch protocol: what is aborted or still open is not seen.

python3-kafka brings the protocol's messages and the record batches; its consumer, which hides no aborted transaction,
is not used. Nothing here comes from librdkafka or from the project. Kafka's own consumer must see the same offsets:
console.py asks it.
"""
import heapq
import select
import socket
import struct
import time
from typing import NamedTuple

from kafka.protocol.api import RequestHeader
from kafka.protocol.fetch import FetchRequest
from kafka.protocol.metadata import MetadataRequest
from kafka.record.default_records import DefaultRecordBatch

READ_COMMITTED = 1
FETCH_BYTES, PARTITION_BYTES, WAIT_MS = 8 << 20, 1 << 20, 100
ANSWER_S, METADATA_S, LOOK_AGAIN_S = 10, 2, 0.1
HEADER = DefaultRecordBatch.HEADER_STRUCT
ABORT = b"\0\0\0\0"  # the key of a control record: version 0, type 0


class Committed(NamedTuple):
    """One record that a consumer gets to see."""
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: list


def batches(data):
    """The record batches in the bytes of a response, whole ones only."""
    at = 0
    while at + 12 <= len(data):
        size = 12 + struct.unpack_from(">i", data, at + 8)[0]
        if at + size > len(data):
            return
        yield DefaultRecordBatch(data[at:at + size])
        at += size


def visible(data, aborted, position):
    """(offset, key, value, headers) of what is committed from `position` on, then where to go on: a list and an offset.

    aborted: (producer, first offset) of the aborted transactions in reach, as the broker tells them.
    """
    waiting = [(first, producer) for producer, first in aborted]
    heapq.heapify(waiting)
    dead, found = set(), []
    for batch in batches(data):
        last, producer = batch.base_offset + batch.last_offset_delta, batch._header_data[9]
        while waiting and waiting[0][0] <= last:
            dead.add(heapq.heappop(waiting)[1])
        if batch.is_control_batch:
            if [record.key for record in batch] == [ABORT]:
                dead.discard(producer)
        elif not (batch.is_transactional and producer in dead):
            found += [(record.offset, record.key, record.value, record.headers) for record in batch
                      if record.offset >= position]
        position = max(position, last + 1)
    return found, position


class Connection:
    """One connection to a broker, for one request at a time; broken, it is made anew at the next one."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.address, self.peer = address, (host, int(port))
        self.socket, self.correlation, self.request, self.asked_at = None, 0, None, 0.0

    def close(self):
        self.request = None
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def send(self, request, timeout_s=ANSWER_S):
        if self.socket is None:
            self.socket = socket.create_connection(self.peer, timeout=2)
        self.socket.settimeout(timeout_s)
        self.correlation += 1
        header = RequestHeader(request, correlation_id=self.correlation, client_id="oracle")
        head, body = header.encode(), request.encode()
        self.socket.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        self.request, self.asked_at = request, time.monotonic()

    def receive(self):
        answer = self._take(struct.unpack(">i", self._take(4))[0])
        assert struct.unpack_from(">i", answer)[0] == self.correlation
        request, self.request = self.request, None
        return request.RESPONSE_TYPE.decode(answer[4:])

    def ask(self, request, timeout_s=ANSWER_S):
        self.send(request, timeout_s)
        return self.receive()

    def _take(self, count):
        data = bytearray()
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("the broker closed the connection")
            data += more
        return bytes(data)


class Reader:
    """All partitions of a topic from their beginning, each from its leader; survives brokers that go and come back.

    Each leader is asked for itself, so that one which stands still holds up no other's partitions.
    """

    def __init__(self, addresses, topic, partitions):
        self.addresses, self.topic = addresses.split(","), topic
        self.connections, self.leaders = {}, {}  # address → Connection, and → the partitions that it leads
        self.astray, self.looked_at = True, 0.0  # whether a partition's leader is not known; when it was asked for
        self.positions = dict.fromkeys(range(partitions), 0)
        self.stable = dict(self.positions)

    def close(self):
        for connection in self.connections.values():
            connection.close()

    def poll(self):
        """A list of Committed, perhaps empty; waits a tenth of a second at most while the brokers are well."""
        if self.astray and time.monotonic() - self.looked_at >= LOOK_AGAIN_S:
            self._find_leaders()
        for address, partitions in list(self.leaders.items()):
            connection = self.connections.setdefault(address, Connection(address))
            if connection.request is None:
                self._try(connection, connection.send, self._request(partitions))
        return [record for answer in self._answers() for record in self._take(answer)]

    def _try(self, connection, verb, *arguments):
        """What verb returns; None when the connection is lost by it."""
        try:
            return verb(*arguments)
        except (OSError, struct.error):
            self._lose(connection)
            return None

    def _lose(self, connection):
        connection.close()
        self.leaders.pop(connection.address, None)
        self.astray = True

    def _answers(self):
        """Those that are there, after a wait for the first."""
        asked = {connection.socket: connection for connection in self.connections.values()
                 if connection.request is not None}
        if not asked:
            time.sleep(LOOK_AGAIN_S)
        ready = select.select(list(asked), [], [], LOOK_AGAIN_S if self.astray else ANSWER_S)[0] if asked else []
        answers = [self._try(asked[one], asked[one].receive) for one in ready]
        for connection in asked.values():
            if connection.request is not None and time.monotonic() - connection.asked_at >= ANSWER_S:
                self._lose(connection)
        return [answer for answer in answers if answer is not None]

    def _find_leaders(self):
        """Asks whoever answers, and whoever does not is asked last from then on."""
        self.looked_at = time.monotonic()
        connection = Connection(self.addresses[0])
        try:
            self._heed(connection.ask(MetadataRequest[1]([self.topic]), METADATA_S))
        except (OSError, struct.error):
            self.addresses.append(self.addresses.pop(0))
        finally:
            connection.close()

    def _heed(self, metadata):
        addresses = {node: f"{host}:{port}" for node, host, port, _ in metadata.brokers}
        self.leaders, known = {}, set()
        for _, _, _, partitions in metadata.topics:
            for _, partition, leader, _, _ in partitions:
                if leader in addresses and partition in self.positions:
                    self.leaders.setdefault(addresses[leader], []).append(partition)
                    known.add(partition)
        self.astray = len(known) < len(self.positions)

    def _request(self, partitions):
        wanted = [(partition, self.positions[partition], PARTITION_BYTES) for partition in partitions]
        return FetchRequest[4](-1, WAIT_MS, 1, FETCH_BYTES, READ_COMMITTED, [(self.topic, wanted)])

    def _take(self, answer):
        """The records of an answer. One that had another leader meanwhile may hold what came already: that is left out."""
        records = []
        for _, partitions in answer.topics:
            for partition, error, _, stable, aborted, data in partitions:
                if error == 0:
                    found, self.positions[partition] = visible(data or b"", aborted or [], self.positions[partition])
                    self.stable[partition] = stable
                    records += [Committed(partition, *record) for record in found]
                else:
                    self.astray = True
                    time.sleep(0.05)
        return records

    @property
    def caught_up(self):
        """Whether it has read up to what is decided, as told by the last answers."""
        return all(self.positions[partition] >= self.stable[partition] for partition in self.positions)
