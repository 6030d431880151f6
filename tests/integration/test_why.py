"""vedette why against a real Kafka: the story of events that a collector scored."""
import json
import time

import pytest
from support import logs
from support.events import Reader
from support.peer import Peer
from support.process import run
from support.schema import schema

QUIET, BURST = 200, 60
ATTACKER = "203.0.113.9"


def why(server, topic, *arguments, **env):
    return run("vedette", "why", "--brokers", server.address, "--topic", topic, *arguments, env=env)


@pytest.fixture
def scored(fleet):
    """A burst of failed logins on one of two hosts, scored; and the records."""
    collector = fleet.collector()
    begin = logs.recent(days_ago=2)
    for host, burst in (("web-1", BURST), ("db-1", 0)):
        file = fleet.log_file(f"{host}.log", logs.quiet_then_burst(host, begin, QUIET, burst, logs.iso8601, ATTACKER))
        fleet.agent("north", host, collector, [file])
    with fleet.events() as events:
        records = events.read(2 * QUIET + BURST)
    fleet.stop()
    return fleet, records


def loudest(records):
    """The first of the riskiest whose strongest reason is a count."""
    def rank(record):
        reasons = record.event.anomaly_analyses
        counts = bool(reasons) and reasons[0].anomalies[0].observation_type.startswith("count in ")
        return counts, record.event.risk_score
    return max(records, key=rank)


def test_the_story_of_a_burst(scored):
    fleet, records = scored
    record = loudest(records)
    uid = record.event.metadata.uid
    assert record.event.risk_score >= 70
    done = why(fleet.kafka, fleet.topic("events"), "--json", uid)
    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert (story["uid"], story["tenant"], story["host"]) == (uid, "north", "web-1")
    assert (story["partition"], story["offset"]) == (record.partition, record.offset)
    assert story["risk_score"] == record.event.risk_score
    told = record.event.anomaly_analyses[0]
    reason = story["reasons"][0]
    assert len(story["reasons"]) == len(record.event.anomaly_analyses)
    assert (reason["kind"], reason["feature"], reason["entity"]) == ("rate", "failed logins", ATTACKER)
    assert reason["observed"] == float(told.anomalies[0].observations[0].value)
    assert reason["surprise"] == float(told.anomalies[1].observations[0].value)
    # Counted again from the topic, the window holds what the score says.
    history = reason["history"]
    assert sum(history["columns"][-history["window_columns"]:]) == history["in_topic"] == reason["observed"]
    assert sum(history["columns"]) == reason["observed"]
    # Of the same address: the rest of the burst.
    assert story["neighbours"]["entity"] == ATTACKER and story["neighbours"]["events"] == BURST - 1
    risks = [own["risk_score"] for own in story["neighbours"]["own"]]
    assert len(risks) > 1 and risks == sorted(risks, reverse=True)


def test_for_people_in_both_alphabets(scored):
    fleet, records = scored
    uid = loudest(records).event.metadata.uid
    plain = why(fleet.kafka, fleet.topic("events"), "--tenant", "north", uid)
    assert plain.returncode == 0 and plain.stderr == ""
    assert f"Event {uid}" in plain.stdout and "1. Too many: " in plain.stdout
    assert f"failed logins of source address {ATTACKER} in 1" in plain.stdout.replace("\n   ", " ")
    assert "#" in plain.stdout and plain.stdout.isascii()
    assert max(map(len, plain.stdout.splitlines())) <= 80
    drawn = why(fleet.kafka, fleet.topic("events"), uid, LC_ALL="C.UTF-8")
    assert "█" in drawn.stdout and "╌" in drawn.stdout
    assert len(drawn.stdout.splitlines()) == len(plain.stdout.splitlines())


def short(uid):
    stream, number = uid.split("-")
    return f"{stream[:8]}-{number}"


def test_what_tail_shows_is_enough_to_ask_for(scored):
    fleet, records = scored
    record = loudest(records)
    uid = record.event.metadata.uid
    tail = run("vedette", "tail", "--brokers", fleet.brokers, "--topic", fleet.topic("events"), "--from", "beginning",
               "--min-score", 70, "--timeout", 60, "--count", sum(r.event.risk_score >= 70 for r in records))
    assert tail.returncode == 0, tail.stderr
    handles = [line.rsplit(" | ", 1)[1] for line in tail.stdout.splitlines()]
    assert short(uid) in handles and len(handles) == len(set(handles))
    done = why(fleet.kafka, fleet.topic("events"), "--json", short(uid))
    assert done.returncode == 0 and json.loads(done.stdout)["uid"] == uid, done.stderr
    shown = run("vedette", "tail", "--findings", "--brokers", fleet.brokers, "--topic", fleet.topic("findings"), "--from",
                "beginning", "--timeout", 60, "--count", 1)
    handle = shown.stdout.splitlines()[0].rsplit(" | ", 1)[1]
    done = why(fleet.kafka, fleet.topic("events"), "--json", handle)
    assert done.returncode == 0 and handle.startswith("finding-"), done.stderr
    assert json.loads(done.stdout)["finding"]["uid"].startswith(f"vedette-{handle}")


def test_a_short_uid_that_stands_for_two(fleet):
    collector, uids = fleet.collector(), []
    for last in (1, 2):
        tls = fleet.identities.agent("north", f"web-{last}")
        with Peer(collector.port, tls["ca"], tls["certificate"], tls["key"], timeout_s=60) as peer:
            peer.stream = bytes.fromhex("0b44f5c0") + bytes(11) + bytes([last])
            peer.hello(1, 2)
            peer.batch([schema("event").Event(class_uid=3002, activity_id=1, severity_id=1,
                                              time=int(time.time() * 1000)).SerializeToString()], 1)
            peer.wait_for_mark(1)
            uids.append(f"{peer.stream.hex()}-1")
    done = why(fleet.kafka, fleet.topic("events"), "0b44f5c0-1")
    assert done.returncode == 64 and done.stdout == "" and all(uid in done.stderr for uid in uids), done.stderr
    for uid in uids:
        assert why(fleet.kafka, fleet.topic("events"), uid).returncode == 0


def test_nothing_unusual_is_a_story_too(scored):
    fleet, records = scored
    quiet = next(record for record in records if not record.event.anomaly_analyses)
    done = why(fleet.kafka, fleet.topic("events"), quiet.event.metadata.uid)
    assert done.returncode == 0 and "nothing unusual" in done.stdout


def test_a_finding_is_followed_to_its_first_event(scored):
    fleet, _ = scored
    with Reader(fleet.brokers, fleet.topic("findings")) as reader:
        finding = reader.read_until(lambda records: bool(records))[-1].event
    uid, first = finding.finding_info.uid, finding.finding_info.related_event_uids[0]
    done = why(fleet.kafka, fleet.topic("events"), "--json", uid)
    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert story["finding"]["uid"].startswith(uid) and first in story["finding"]["related"]
    assert story["event"]["uid"] == story["finding"]["related"][0] == first
    text = why(fleet.kafka, fleet.topic("events"), uid)
    assert text.returncode == 0 and f"Finding {uid}" in text.stdout and f"Event {first}" in text.stdout
    gone = why(fleet.kafka, fleet.topic("events"), uid + "-none")
    assert gone.returncode == 66 and f"no finding {uid}-none in {fleet.topic('findings')}" in gone.stderr


def test_what_is_not_there(scored):
    fleet, records = scored
    uid, topic = records[0].event.metadata.uid, fleet.topic("events")
    done = why(fleet.kafka, topic, uid[:-1] + "99999")
    assert done.returncode == 66 and done.stdout == ""
    assert f"no event {uid[:-1]}99999 in {topic}: searched 4 partitions, {len(records)} events" in done.stderr
    # Somebody else's partition, another time; and a topic that is none.
    assert why(fleet.kafka, topic, "--to", "2020-01-01T00:00:00Z", uid).returncode == 66
    assert why(fleet.kafka, topic, "--from", "2020-01-01T00:00:00Z", uid).returncode == 0
    assert why(fleet.kafka, "no.such.topic", uid).returncode == 69
    for wrong in ([], ["a", "b"], ["--from", "yesterday", "a"], [""]):
        assert why(fleet.kafka, topic, *wrong).returncode == 64
