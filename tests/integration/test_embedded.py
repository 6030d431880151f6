"""The embedded Kafka, for trials: its address is in the log, and real clients read from it."""
import subprocess

import pytest

from support import logs


def kcat(brokers, topic):
    """What kcat reads from the beginning to the end: a line a record."""
    command = ["kcat", "-q", "-b", brokers, "-t", topic, "-C", "-o", "beginning", "-e", "-f", "%k %p %h\\n"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


@pytest.mark.tsan
def test_kcat_reads_from_it(fleet):
    collector = fleet.collector(kafka={"brokers": "embedded", "partitions": 2})
    brokers = collector.wait_for_log(r"brokers=(127\.0\.0\.1:\d+)")[1]
    begin = logs.recent(days_ago=2)
    path = fleet.log_file("auth.log", [logs.accepted("web-1", begin, port=number) for number in range(1, 101)])
    assert fleet.agent("north", "web-1", collector, [path], once=True).wait(60) == 0
    lines = kcat(brokers, fleet.topic("events"))
    assert len(lines) == 100
    for line in lines:
        key, partition, headers = line.split(" ", 2)
        assert key == "north/web-1" and partition in ("0", "1")
        assert "content-type=application/protobuf" in headers and "tenant_uid=north" in headers
