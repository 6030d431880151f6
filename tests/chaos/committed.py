"""Reads a topic as a read_committed consumer would, by Kafka's Fetch protocol: what is aborted or still open is not seen.

python3-kafka brings the protocol's messages and the record batches; its consumer, which hides no aborted transaction,
is not used. Nothing here comes from librdkafka or from the project. Kafka's own consumer must see the same offsets:
console.py asks it.
"""
import heapq
import socket
import struct
import time
from typing import NamedTuple

from kafka.protocol.api import RequestHeader
from kafka.protocol.fetch import FetchRequest
from kafka.record.default_records import DefaultRecordBatch

READ_COMMITTED = 1
FETCH_BYTES, PARTITION_BYTES, WAIT_MS = 8 << 20, 1 << 20, 100
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
    """One connection to a broker; broken, it is made anew at the next request."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.peer, self.socket, self.correlation = (host, int(port)), None, 0

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def ask(self, request, timeout_s=10):
        if self.socket is None:
            self.socket = socket.create_connection(self.peer, timeout=2)
        self.socket.settimeout(timeout_s)
        self.correlation += 1
        header = RequestHeader(request, correlation_id=self.correlation, client_id="oracle")
        head, body = header.encode(), request.encode()
        self.socket.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        answer = self._take(struct.unpack(">i", self._take(4))[0])
        assert struct.unpack_from(">i", answer)[0] == self.correlation
        return request.RESPONSE_TYPE.decode(answer[4:])

    def _take(self, count):
        data = bytearray()
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("the broker closed the connection")
            data += more
        return bytes(data)


class Reader:
    """All partitions of a topic from their beginning; survives a broker that goes and comes back."""

    def __init__(self, address, topic, partitions):
        self.connection, self.topic = Connection(address), topic
        self.positions = dict.fromkeys(range(partitions), 0)
        self.stable = dict(self.positions)

    def close(self):
        self.connection.close()

    def poll(self):
        """A list of Committed, perhaps empty; waits a tenth of a second at most while the broker is well."""
        try:
            answer = self.connection.ask(self._request())
        except (OSError, struct.error):
            self.connection.close()
            time.sleep(0.1)
            return []
        records = []
        for _, partitions in answer.topics:
            for partition, error, _, stable, aborted, data in partitions:
                if error == 0:
                    records += self._take(partition, stable, aborted or [], data or b"")
                else:
                    time.sleep(0.05)
        return records

    def _request(self):
        wanted = [(partition, offset, PARTITION_BYTES) for partition, offset in self.positions.items()]
        return FetchRequest[4](-1, WAIT_MS, 1, FETCH_BYTES, READ_COMMITTED, [(self.topic, wanted)])

    def _take(self, partition, stable, aborted, data):
        found, self.positions[partition] = visible(data, aborted, self.positions[partition])
        self.stable[partition] = stable
        return [Committed(partition, *record) for record in found]

    @property
    def caught_up(self):
        """Whether it has read up to what is decided, as told by the last answers."""
        return all(self.positions[partition] >= self.stable[partition] for partition in self.positions)
