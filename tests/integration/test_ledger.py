"""vedette ledger against a real Kafka: a whole fleet's work, and topics with one kind of trouble each."""
import json
import time

import pytest
from kafka import KafkaProducer

from support import logs
from support.process import run
from support.schema import schema

STREAM = "00112233445566778899aabbccddeeff"
LINES = 300


def ledger(server, topic, *arguments):
    return run("vedette", "ledger", "--brokers", server.address, "--topic", topic, *arguments)


def accounts(done):
    """The accounts and the sum of a run with --json."""
    *rows, last = [json.loads(line) for line in done.stdout.splitlines()]
    return rows, last["sum"]


class Topic:
    """An events topic written by hand."""

    def __init__(self, server, name):
        self.name = name
        server.create_topic(name)
        self.producer = KafkaProducer(bootstrap_servers=server.address, acks="all")

    def put(self, *sequences, agent="acme/web-1", gap=None, **unmapped):
        for sequence in sequences:
            event = schema("event").Event(class_uid=0 if gap else 3002, time=1795377600000)
            event.metadata.sequence = sequence
            event.metadata.tenant_uid = agent.split("/")[0]
            # In a piece of its own, as the collector appends what it owns.
            value = event.SerializeToString()
            event = schema("event").Event()
            event.metadata.stream_uid = STREAM
            if gap:
                event.metadata.event_code = "GAP"
                event.unmapped["gap.reason"] = gap
                for key, number in unmapped.items():
                    event.unmapped["gap." + key] = str(number)
            self.producer.send(self.name, value + event.SerializeToString(), key=agent.encode())
        self.producer.flush(20)


@pytest.fixture
def topic(kafka, request):
    made = Topic(kafka, f"l.{request.node.name}")
    yield made
    made.producer.close(5)


def test_a_fleets_work_is_whole(fleet):
    collector = fleet.collector()
    file = fleet.log_file("auth.log", logs.quiet_then_burst("web-1", logs.recent(days_ago=2), LINES, 0, logs.iso8601,
                                                            "203.0.113.9"))
    fleet.agent("north", "web-1", collector, [file])
    with fleet.events() as events:
        events.read(LINES)
    fleet.stop()
    done = ledger(fleet.kafka, fleet.topic("events"), "--json")
    assert done.returncode == 0, done.stderr
    [row], total = accounts(done)
    assert (row["tenant"], row["agent"], row["first"], row["last"]) == ("north", "web-1", 1, LINES)
    assert row["published"] == row["taken"] == LINES and row["holes"] == []
    assert total["whole"] and total["streams"] == 1 and total["unnumbered"] == total["words"] == 0
    table = ledger(fleet.kafka, fleet.topic("events"))
    assert table.returncode == 0 and "whole: every number is accounted for" in table.stdout
    assert all(len(line) <= 100 for line in table.stdout.splitlines())
    assert table.stderr == ""


def test_gaps_holes_doubles_and_late_ones(topic, kafka):
    topic.put(*range(1, 11))
    topic.put(11, gap="refused", count=1, **{"from": 11, "to": 11})
    topic.put(20, gap="spool_damaged", count=9, **{"from": 12, "to": 20})
    topic.put(21, gap="source_overrun", count=500)
    topic.put(25, 26, 26, 24)
    done = ledger(kafka, topic.name, "--json")
    assert done.returncode == 1, done.stderr
    [row], total = accounts(done)
    assert row["published"] == 13 and row["covered"] == 10 and row["notices"] == 1
    assert row["holes"] == [[22, 23]] and row["unexplained"] == 2
    assert (row["twice"], row["late"]) == (1, 1)
    assert {reason: count for reason, count in row["gaps"].items() if count} == {
        "refused": 1, "spool_damaged": 9, "source_overrun": 500}
    assert row["taken"] + row["notices"] == row["last"] - row["first"] + 1
    assert not total["whole"]


def test_tenant_and_window(topic, kafka):
    topic.put(1, 2, 5)
    time.sleep(0.05)
    cut = time.time()
    time.sleep(0.05)
    topic.put(6, 7)
    topic.put(1, 2, agent="globex/db-1")
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(cut)) + f".{int(cut * 1000) % 1000:03}Z"
    [row], total = accounts(ledger(kafka, topic.name, "--json", "--tenant", "acme", "--from", stamp))
    assert (row["first"], row["last"], row["published"]) == (6, 7, 2) and total["whole"]
    [row], total = accounts(ledger(kafka, topic.name, "--json", "--tenant", "acme", "--to", stamp))
    assert (row["last"], row["holes"]) == (5, [[3, 4]]) and not total["whole"]
    rows, _ = accounts(ledger(kafka, topic.name, "--json", "--by", "day"))
    assert len({(row["tenant"], row["agent"]) for row in rows}) == 2
    assert all(row["since"].endswith("T00:00:00Z") for row in rows)


def test_nothing_is_not_whole(topic, kafka):
    topic.put(1, 2)
    assert ledger(kafka, topic.name, "--tenant", "acme").returncode == 0
    misspelt = ledger(kafka, topic.name, "--tenant", "acmee")
    assert misspelt.returncode == 66 and misspelt.stdout == ""
    assert f"no events of tenant acmee in {topic.name}" in misspelt.stderr


def test_what_is_wrong_with_the_call(kafka):
    assert ledger(kafka, "l.no-such-topic").returncode == 69
    assert "does not exist" in ledger(kafka, "l.no-such-topic").stderr
    assert ledger(kafka, "t", "--from", "yesterday").returncode == 64
    assert ledger(kafka, "t", "--from", "2024-12-10T07:00:00Z", "--to", "2024-12-10T07:00:00Z").returncode == 64
    assert ledger(kafka, "t", "--by", "week").returncode == 64
    assert run("vedette", "ledger", "--brokers", "127.0.0.1:9").returncode == 69
