"""Asks Kafka's own consumer what a read_committed reader sees, so that the harness's reader is not its own witness."""
import re
import subprocess
import zlib

from support.kafka_server import JAVA

QUIET_MS = 4000
LINE = re.compile(rb"Partition:(\d+)\tOffset:(\d+)")


class Digest:
    """Which offsets of which partitions were seen, in their order: a count and a checksum a partition."""

    def __init__(self):
        self.partitions = {}

    def take(self, partition, offset):
        count, check = self.partitions.get(partition, (0, 0))
        self.partitions[partition] = count + 1, zlib.crc32(b"%d," % offset, check)

    @property
    def total(self):
        return sum(count for count, _ in self.partitions.values())


def read_offsets(address, topic):
    """The digest of a topic, all partitions from their beginning, as the console consumer of Apache Kafka reads it."""
    command = [*JAVA, "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", address, "--topic", topic,
               "--from-beginning", "--isolation-level", "read_committed", "--timeout-ms", str(QUIET_MS)]
    for name, value in (("print.partition", True), ("print.offset", True), ("print.value", False)):
        command += ["--formatter-property", f"{name}={str(value).lower()}"]
    digest = Digest()
    # The time-out is how it ends, and an error in its log: only what it prints counts.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as consumer:
        for line in consumer.stdout:
            found = LINE.search(line)
            if found:
                digest.take(int(found[1]), int(found[2]))
    return digest
