"""Asks Kafka's own consumer what a read_committed reader sees, so that the harness's reader is not its own witness."""
import re
import subprocess
import threading
import time
import zlib

from support.kafka_server import JAVA

START_S, QUIET_S = 40, 3  # for the first record; for more after all that are expected
LINE = re.compile(rb"Partition:(\d+)\tOffset:(\d+)")


class Digest:
    """Which offsets of which partitions were seen, in their order: a count and a checksum a partition."""

    def __init__(self):
        self.partitions, self.total = {}, 0

    def take(self, partition, offset):
        count, check = self.partitions.get(partition, (0, 0))
        self.partitions[partition] = count + 1, zlib.crc32(b"%d," % offset, check)
        self.total += 1


def read_offsets(address, topic, expected):
    """The digest of a topic, all partitions from their beginning, as the console consumer of Apache Kafka reads it.

    expected: so many records are there; it stays a while longer, for more, and gives up when none come for long.
    """
    command = [*JAVA, "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", address, "--topic", topic,
               "--from-beginning", "--isolation-level", "read_committed"]
    for name, value in (("print.partition", True), ("print.offset", True), ("print.value", False)):
        command += ["--formatter-property", f"{name}={str(value).lower()}"]
    digest = Digest()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as consumer:
        taker = threading.Thread(target=_take, args=(consumer.stdout, digest), daemon=True)
        taker.start()
        total, news = 0, time.monotonic()
        while time.monotonic() - news < (QUIET_S if digest.total >= expected else START_S) and taker.is_alive():
            time.sleep(0.2)
            if digest.total != total:
                total, news = digest.total, time.monotonic()
        consumer.kill()
        taker.join()
    return digest


def _take(lines, digest):
    for line in lines:
        found = LINE.search(line)
        if found:
            digest.take(int(found[1]), int(found[2]))
