"""Reads events back from Kafka as a stranger would: a pure Python client, and protobuf classes made from event.proto."""
import functools
import time
from dataclasses import dataclass

from chaos import committed
from kafka import KafkaConsumer
from kafka.partitioner.default import murmur2

from .schema import schema


@functools.cache
def partition_of(tenant, partitions):
    """Where the contract puts a tenant's events: Java's murmur2 of its name."""
    return (murmur2(tenant.encode()) & 0x7FFFFFFF) % partitions


@dataclass
class Record:
    """One record, taken apart."""
    key: str
    partition: int
    offset: int
    headers: dict
    event: object
    value: bytes

    @property
    def host(self):
        return self.event.metadata.tenant_uid, self.event.device.hostname

    @property
    def sequence(self):
        return self.event.metadata.sequence


def _record(raw):
    # What is not to be parsed raises here: every value in the topic is one bare Event.
    event = schema("event").Event.FromString(raw.value)
    headers = {name: value.decode() for name, value in raw.headers}
    return Record((raw.key or b"").decode(), raw.partition, raw.offset, headers, event, raw.value)


class Reader:
    """Reads a topic from its beginning, all partitions, as a read_committed consumer sees it."""

    def __init__(self, brokers, topic):
        self.topic = topic
        consumer = KafkaConsumer(bootstrap_servers=brokers)
        partitions = consumer.partitions_for_topic(topic)
        consumer.close()
        assert partitions, f"no topic {topic}"
        self.committed = committed.Reader(brokers, topic, len(partitions))
        self.records = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.committed.close()

    def _take(self):
        """What is there and decided: at least one answer, and on while there is more."""
        raw = self.committed.poll()
        while not self.committed.caught_up:
            more = self.committed.poll()
            raw += more
            if not more:
                break
        return raw

    def read_raw(self, count, timeout_s=60):
        """The first `count` records as they are: dead letters need not be events."""
        end, raw = time.monotonic() + timeout_s, []
        while len(raw) < count:
            raw += self._take()
            assert time.monotonic() < end, f"waited {timeout_s} s for {count} in {self.topic}; {len(raw)} came"
        return raw

    def poll(self):
        """Takes what is there; returns all records read so far."""
        self.records += [_record(raw) for raw in self._take()]
        return self.records

    def read_until(self, enough, timeout_s=60):
        """Reads until enough(records) is true; returns all records so far."""
        end = time.monotonic() + timeout_s
        while not enough(self.poll()):
            assert time.monotonic() < end, (
                f"waited {timeout_s} s for records in {self.topic}; {len(self.records)} came:\n{tally(self.records)}")
        return self.records

    def read(self, count, timeout_s=60):
        """Reads until there are `count` records at least."""
        return self.read_until(lambda records: len(records) >= count, timeout_s)


def by_host(records):
    """(tenant, host) → its records in the order of the log."""
    hosts = {}
    for record in records:
        hosts.setdefault(record.host, []).append(record)
    return hosts


def first_of_each(records):
    """Without those that a collector published again: the first record of each (stream, sequence)."""
    seen = {}
    for record in records:
        seen.setdefault(record.event.metadata.uid, record)
    return list(seen.values())


def tally(records):
    """For messages of failed tests."""
    return "\n".join(f"  {host}: {len(own)}, sequence {own[0].sequence}..{own[-1].sequence}"
                     for host, own in by_host(records).items())
