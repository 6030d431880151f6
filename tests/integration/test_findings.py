"""Findings: what is drawn together of alerts, in its topic, exactly once, and the same again from the events alone."""
import json

import pytest

from support.events import Reader
from support.peer import Peer
from support.process import run
from support.schema import schema
from support.vedette import PARTITIONS
from support.waiting import wait_for

BEGIN_MS = 1700438400000
MINUTE_MS, SECOND_MS = 60000, 1000
QUIET_MINUTES, BURST, BURST_MS = 24 * 60, 600, 200 * SECOND_MS
CREATE, UPDATE, CLOSE = 1, 2, 3
ATTACKER = "203.0.113.9"
BATCH = 500
ENTITIES = 65536 // PARTITIONS + 8


def login(time_ms, user, source, success):
    return schema("event").Event(class_uid=3002, activity_id=1, severity_id=1, status_id=1 if success else 2,
                                 time=time_ms, user={"name": user}, src_endpoint={"ip": source})


def a_quiet_day_and_a_burst():
    """A login a minute; then guesses, ever faster, with a hostile name among them, until one succeeds; then logins again,
    until all is quiet."""
    events = [login(BEGIN_MS + minute * MINUTE_MS, "alice", "10.0.0.7", True) for minute in range(QUIET_MINUTES)]
    burst_ms = BEGIN_MS + QUIET_MINUTES * MINUTE_MS
    events += [login(burst_ms + int((i / BURST) ** 0.5 * BURST_MS), "ro\x1b[31mot" if i % 2 else "root", ATTACKER, False)
               for i in range(BURST)]
    after_ms = burst_ms + BURST_MS
    events.append(login(after_ms, "deploy", ATTACKER, True))
    events += [login(after_ms + minute * MINUTE_MS, "alice", "10.0.0.7", True) for minute in range(1, 40)]
    return events


def send(fleet, collector, events, tenant="north", name="web-1", stream=None, begin=1):
    """All of them, numbered from begin, until Kafka has them; returns the stream, to go on with it."""
    tls = fleet.identities.agent(tenant, name)
    with Peer(collector.port, tls["ca"], tls["certificate"], tls["key"], timeout_s=60) as peer:
        peer.stream = stream or peer.stream
        peer.hello(begin, begin + len(events))
        for first in range(0, len(events), BATCH):
            piece = events[first:first + BATCH]
            peer.batch([event.SerializeToString() for event in piece], begin + first)
            peer.wait_for_mark(begin + first + len(piece) - 1)
        return peer.stream


def is_attack(record):
    return record.event.src_endpoint.ip == ATTACKER


@pytest.fixture
def collector(fleet):
    return fleet.collector()


@pytest.fixture
def findings(fleet, collector):
    """The records of the findings topic, once the attack's is closed."""
    send(fleet, collector, a_quiet_day_and_a_burst())
    with Reader(fleet.brokers, fleet.topic("findings")) as reader:
        return reader.read_until(lambda records: any(is_attack(r) and r.event.activity_id == CLOSE for r in records))


def test_a_brute_force_is_one_finding_opened_updated_and_closed(fleet, collector, findings):
    attack = [record for record in findings if is_attack(record)]
    assert len({record.key for record in attack}) == 1
    activities = [record.event.activity_id for record in attack]
    assert activities[0] == CREATE and activities[-1] == CLOSE and set(activities[1:-1]) == {UPDATE}
    assert 1 <= len(activities) - 2 <= BURST_MS // MINUTE_MS + 1  # at most one a minute
    uids = [record.event.metadata.uid for record in attack]
    assert len(set(uids)) == len(uids)
    events, logins = set(), []
    with fleet.events() as reader:
        for record in reader.read(len(a_quiet_day_and_a_burst())):
            if record.event.risk_score >= 70 and is_attack(record):
                events.add(record.event.metadata.uid)
            if record.event.status_id == 1 and is_attack(record):
                logins.append(record.event.metadata.uid)
    check_current(attack[-1], events, logins)
    counts = [record.event.count for record in attack]
    assert counts == sorted(counts)
    for record in attack:
        check_envelope(record)
    assert collector.metric("vedette_collector_findings_opened_total") == len({record.key for record in findings})
    assert collector.metric("vedette_collector_findings_closed_total") == \
        sum(record.event.activity_id == CLOSE for record in findings)


def check_current(last, events, logins):
    """What a compacted topic keeps says all there is to know."""
    event, info = last.event, last.event.finding_info
    guesses = f"Many failed logins from {ATTACKER} to web-1"
    assert info.title == f"{guesses}, then a login as deploy that succeeded" == event.message
    assert {"T1110", "T1078"} <= {attack.technique_uid for attack in info.attacks}
    assert list(info.attacks) == list(event.attacks)
    assert event.count == info.related_events_count == len(events)
    *related, entered = info.related_event_uids
    assert set(related) <= events and len(related) == min(15, len(events)) and [entered] == logins
    assert event.risk_score >= 90 and event.severity_id == 5 and not event.is_alert
    assert info.first_seen_time == event.start_time < info.last_seen_time == event.end_time
    assert info.last_seen_time - info.first_seen_time <= BURST_MS
    assert event.status_detail == "quiet for 15 minutes"
    assert event.anomaly_analyses[0].analysis_targets[0].name == ATTACKER


def check_envelope(record):
    event = record.event
    assert record.key == event.finding_info.uid
    assert record.headers == {"content-type": "application/protobuf", "class_uid": "2004", "tenant_uid": "north"}
    assert event.class_uid == 2004 and event.type_uid == 200400 + event.activity_id and event.category_uid == 2
    assert event.metadata.tenant_uid == "north" and event.device.hostname == "web-1"
    assert event.metadata.processed_time > BEGIN_MS


def as_told(finding):
    """Less what a collector's clock says."""
    finding["metadata"].pop("processed_time", None)
    return finding


def json_lines(fleet, topic, *options):
    with Reader(fleet.brokers, fleet.topic(topic)) as reader:
        count = len(reader.poll())
    done = run("vedette", "tail", "--brokers", fleet.brokers, "--topic", fleet.topic(topic), "--from", "beginning", "--json",
               "--count", count, "--timeout", 60, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def replayed(fleet):
    """What `vedette score events --findings` makes of the events topic, the same twice."""
    events = json_lines(fleet, "events")
    runs = [run("vedette", "score", "events", "--findings", "--max-entities", ENTITIES, input="\n".join(events) + "\n")
            for _ in range(2)]
    assert runs[0].returncode == 0, runs[0].stderr
    assert runs[0].stdout == runs[1].stdout
    return [json.loads(line) for line in runs[0].stdout.splitlines()]


def told(fleet):
    return [as_told(json.loads(line)) for line in json_lines(fleet, "findings")]


def test_the_events_alone_make_the_same_findings(fleet, findings):
    assert told(fleet) == replayed(fleet) and len(told(fleet)) == len(findings)


def test_a_collector_that_dies_in_between_makes_no_difference(fleet):
    events = a_quiet_day_and_a_burst()
    middle = QUIET_MINUTES + BURST // 2
    first = fleet.collector("c1", kafka={"snapshot_events": 1000})
    stream = send(fleet, first, events[:middle])
    first.kill()
    second = fleet.collector("c2")
    wait_for(lambda: second.metric("vedette_collector_shards_serving") == PARTITIONS, 60, "the shards to be taken over")
    send(fleet, second, events[middle:], stream=stream, begin=middle + 1)
    assert told(fleet) == replayed(fleet)
    attack = [finding for finding in told(fleet) if finding.get("src_endpoint", {}).get("ip") == ATTACKER]
    assert len({finding["finding_info"]["uid"] for finding in attack}) == 1
    assert [int(finding["metadata"]["uid"].rsplit("-", 1)[1]) for finding in attack] == list(range(1, len(attack) + 1))
    assert attack[-1]["activity_id"] == CLOSE


def test_tail_shows_a_line_a_finding(fleet, findings):
    done = run("vedette", "tail", "--findings", "--brokers", fleet.brokers, "--topic", fleet.topic("findings"), "--from",
               "beginning", "--count", len(findings), "--timeout", 60)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if f"Many failed logins from {ATTACKER} to web-1" in line]
    assert lines[-1].startswith("closed  100 Critical north        11-21 00:0"), lines
    assert " events  Many failed logins" in lines[-1] and "\x1b" not in done.stdout


def test_an_older_topic_keeps_its_policy_and_that_is_said(kafka):
    def create():
        done = run("vedette", "topics", "create", "--brokers", kafka.address, "--prefix", "older", "--partitions", 1)
        assert done.returncode == 0, done.stderr
        return done.stderr

    kafka.create_topic("older.findings.v1", cleanup_policy="delete")
    kafka.create_topic("older.dlq.v1", cleanup_policy="delete")
    said = "vedette topics: older.findings.v1 keeps cleanup.policy=delete, where compact,delete is wanted: " \
           "alter it with kafka-configs.sh\n"
    assert create() == said
    assert create() == said  # those that it has made itself are as they should be
    fresh = run("vedette", "topics", "create", "--brokers", kafka.address, "--prefix", "newer", "--partitions", 1)
    assert fresh.returncode == 0 and fresh.stderr == ""


def test_further_findings_of_an_hour_are_merged(fleet):
    collector = fleet.collector(score={"findings_an_hour": 1})
    events = [login(BEGIN_MS + minute * MINUTE_MS, "alice", "10.0.0.7", True) for minute in range(QUIET_MINUTES)]
    send(fleet, collector, events)
    burst_ms = BEGIN_MS + (QUIET_MINUTES + 5) * MINUTE_MS  # well within an hour of the watermark
    guesses_each = 200
    for number in range(6):
        guesses = [login(burst_ms + i * SECOND_MS, f"user-{number}", f"203.0.113.{number}", False)
                   for i in range(guesses_each)]
        send(fleet, collector, guesses, name=f"db-{number}")
    with Reader(fleet.brokers, fleet.topic("findings")) as reader:
        records = reader.read_until(lambda records: any(r.event.finding_info.title.startswith("And ") for r in records))
    burst = [record for record in records if record.event.time >= burst_ms]
    assert len({record.key for record in burst}) == 2
    rest = [record for record in burst if record.event.finding_info.title.startswith("And ")][-1]
    assert " more host" in rest.event.finding_info.title and " of north, with " in rest.event.finding_info.title
    assert "beyond the tenant's findings an hour" in rest.event.finding_info.desc
    assert collector.metric("vedette_collector_findings_merged_total") > 0
