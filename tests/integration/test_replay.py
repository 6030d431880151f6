"""vedette replay against a real Kafka: the same to the byte with the same configuration, and what another one changes."""
import datetime
import json
import time

import pytest
from support import logs
from support.process import run

QUIET, BURST = 150, 60
ATTACKER = "203.0.113.9"
HOSTS = [("north", "web-1", BURST), ("north", "db-1", 0), ("south", "mail", BURST), ("east", "fin", 0)]


def replay(server, topic, *arguments):
    return run("vedette", "replay", "--brokers", server.address, "--topic", topic, *arguments)


def told(done):
    """The changes and the sum of a run with --json."""
    assert done.returncode == 0, done.stderr
    *changes, last = [json.loads(line) for line in done.stdout.splitlines()]
    return changes, last["sum"]


@pytest.fixture
def published(fleet):
    """Three tenants' events, some of them alerts, published in two halves; and when the second one began."""
    collector = fleet.collector()
    begin = logs.recent(days_ago=2)
    files, count = [], 0
    for tenant, host, burst in HOSTS:
        lines = logs.quiet_then_burst(host, begin, QUIET, burst, logs.iso8601, ATTACKER)
        files.append((fleet.log_file(f"{host}.log", lines[:QUIET // 2]), lines[QUIET // 2:]))
        fleet.agent(tenant, host, collector, [files[-1][0]])
        count += len(lines)
    with fleet.events() as events:
        events.read(len(HOSTS) * (QUIET // 2))
        time.sleep(0.01)
        middle = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        time.sleep(0.01)
        for file, rest in files:
            logs.append(file, rest)
        records = events.read(count)
    fleet.stop()
    return fleet, records, middle


def test_the_same_configuration_gives_the_same_bytes(published):
    fleet, records, middle = published
    topic = fleet.topic("events")
    alerts = sum(record.event.is_alert for record in records)
    assert alerts > 0
    changes, total = told(replay(fleet.kafka, topic, "--json", "--risk", "1"))
    assert changes == []
    assert total["events"] == total["identical"] == len(records) and total["warm_up"] == 0
    assert total["published"] == total["replayed"] and total["published"]["alerts"] == alerts
    assert total["published_configuration"] == total["configuration"]
    # Of a part, where the warm-up begins where the collector did.
    changes, total = told(replay(fleet.kafka, topic, "--json", "--risk", "1", "--from", middle))
    first_half = len(HOSTS) * (QUIET // 2)
    assert changes == [] and total["warm_up"] == first_half
    assert total["events"] == total["identical"] == len(records) - first_half
    changes, total = told(replay(fleet.kafka, topic, "--json", "--to", middle))
    assert changes == [] and total["events"] == total["identical"] == first_half
    # Without one, windows are empty that were not.
    changes, total = told(replay(fleet.kafka, topic, "--json", "--from", middle, "--warm-up", "0s"))
    assert total["warm_up"] == 0 and total["identical"] < total["events"] == len(records) - first_half
    # A tenant's partition is scored, and the tenant told of.
    _, total = told(replay(fleet.kafka, topic, "--json", "--tenant", "south"))
    assert total["events"] == total["identical"] == QUIET + BURST
    # Of nobody, and of no time, there is nothing that would not change.
    for nothing in (["--tenant", "nroth"], ["--from", "2100-01-01T00:00:00Z"]):
        done = replay(fleet.kafka, topic, "--json", *nothing)
        assert done.returncode == 66 and done.stdout == "" and "no events" in done.stderr, done.stderr


def test_across_a_restart_too(fleet):
    """The collector's windows outlive it, and so a replay knows nothing of where one ended."""
    collector = fleet.collector()
    lines = logs.quiet_then_burst("web-1", logs.recent(days_ago=2), QUIET, BURST, logs.iso8601, ATTACKER)
    file = fleet.log_file("web-1.log", lines[:QUIET // 2])
    fleet.agent("north", "web-1", collector, [file])
    with fleet.events() as events:
        events.read(QUIET // 2)
        collector.stop()
        collector.start()
        collector.wait_ready()
        logs.append(file, lines[QUIET // 2:])
        events.read(len(lines))
    fleet.stop()
    changes, total = told(replay(fleet.kafka, fleet.topic("events"), "--json", "--risk", "1"))
    assert changes == [] and total["published"]["alerts"] > 0
    assert total["events"] == total["identical"] == len(lines)


def test_another_configuration_changes_what_it_should(published):
    fleet, records, _ = published
    config = fleet.folder / "other.yaml"
    config.write_text("""name: c9
listen:
  address: 127.0.0.1:1
kafka: {brokers: "nowhere:9092", properties: [a=b]}
score:
  assets:
    - {tenant: north, host: web-*, criticality: low}
""")
    done = replay(fleet.kafka, fleet.topic("events"), "--json", "--config", config)
    changes, total = told(done)
    assert len(changes) == total["by_level"] + total["by_risk"] > 0
    assert total["configuration"] != total["published_configuration"]
    by_uid = {record.event.metadata.uid: record.event for record in records}
    for change in changes:
        event = by_uid[change["uid"]]
        assert (change["tenant"], change["host"], change["time"]) == ("north", "web-1", event.time)
        assert change["published"]["risk_score"] == event.risk_score
        assert change["replayed"]["risk_score"] < event.risk_score
        assert "criticality low" in change["replayed"]["risk_details"]
    assert total["replayed"]["levels"] != total["published"]["levels"]
    assert sum(total["replayed"]["levels"]) == sum(total["published"]["levels"]) == len(records)
    text = replay(fleet.kafka, fleet.topic("events"), "--config", config)
    assert text.returncode == 0 and text.stdout.count("    was: ") == text.stdout.count("    now: ") == len(changes)
    assert "PUBLISHED    REPLAYED" in text.stdout
    short = replay(fleet.kafka, fleet.topic("events"), "--config", config, "--summary")
    assert text.stdout.endswith(short.stdout) and "was:" not in short.stdout


def test_what_is_wrong_is_said(kafka, tmp_path):
    def code(text, *arguments):
        config = tmp_path / "config.yaml"
        config.write_text(text)
        done = replay(kafka, "no.such.topic", "--config", config, *arguments)
        assert done.stderr.startswith("vedette replay: ")
        return done.returncode
    assert code("score: {max_entities: 1}") == 78
    assert code("scores: {}") == 78
    assert code("kafka: [}") == 78
    assert code("score: {}") == 69
    assert replay(kafka, "no.such.topic", "--config", tmp_path / "none").returncode == 66
    for wrong in (["--warm-up", "1"], ["--risk", "0"], ["--from", "2026-01-02", "--to", "2026-01-01"]):
        assert replay(kafka, "no.such.topic", *wrong).returncode == 64
