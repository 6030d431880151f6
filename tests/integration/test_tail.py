"""vedette tail against a real Kafka: what somebody sees who watches."""
import pytest

from support import logs
from support.process import Process, run

QUIET, BURST = 100, 60
ATTACKER = "203.0.113.9"


@pytest.fixture
def scored(fleet):
    """A burst of failed logins, scored; and the records."""
    collector = fleet.collector()
    file = fleet.log_file("web-1.log", logs.quiet_then_burst("web-1", logs.recent(days_ago=2), QUIET, BURST, logs.iso8601,
                                                             ATTACKER))
    fleet.agent("north", "web-1", collector, [file])
    with fleet.events() as events:
        records = events.read(QUIET + BURST)
    fleet.stop()
    return fleet, records


def arguments(fleet, *more):
    return ["tail", "--brokers", fleet.brokers, "--topic", fleet.topic("events"), *map(str, more)]


def test_a_tenant_that_does_not_come_is_told_of_while_it_is_waited_for(scored, tmp_path):
    fleet, records = scored
    live = Process("vedette", arguments(fleet, "--from", "beginning", "--tenant", "nroth"), tmp_path / "tail.log").start()
    try:
        live.wait_for_log(f"no event of tenant nroth so far, among {len(records)} read: north; waiting", 60)
        assert live.running
    finally:
        live.stop()
    assert live.log_text().count("no event of tenant") == 1
    # Of one that is there nothing is said, whatever else is filtered.
    done = run("vedette", *arguments(fleet, "--from", "beginning", "--tenant", "north", "--host", "web-9", "--timeout", 8))
    assert done.returncode == 0 and done.stdout == "" and "no event of tenant" not in done.stderr
    # A short look says so in the end.
    done = run("vedette", *arguments(fleet, "--tenant", "nroth", "--timeout", 1))
    assert done.returncode == 0 and "no event of tenant nroth so far, nor of any other\n" in done.stderr


def test_people_are_spared_what_programs_compare(scored):
    fleet, records = scored
    scores = sum(record.event.risk_score > 0 for record in records)
    assert scores > 0 and any("; configuration " in record.event.risk_details for record in records)
    shown = arguments(fleet, "--from", "beginning", "--min-score", 1, "--count", scores, "--timeout", 60)
    text, machines = run("vedette", *shown), run("vedette", *shown, "--json")
    assert text.returncode == machines.returncode == 0, text.stderr
    assert "configuration" not in text.stdout + text.stderr and "; configuration " in machines.stdout
    page = run("vedette", "top", "--brokers", fleet.brokers, "--topic", fleet.topic("events"))
    assert ATTACKER in page.stdout and "configuration" not in page.stdout
