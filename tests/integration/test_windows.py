"""The windows of a shard survive its owner: whoever scores the whole partition in one go says what was published."""
import datetime
import re

from support import logs
from support.process import run
from support.vedette import PARTITIONS
from support.waiting import wait_for

MAX_ENTITIES = 40000
TENANTS = ("north", "south")
HOSTS = ("web-1", "db-1")
# A snapshot every second, and takeovers between them and with them.
KAFKA = {"snapshot_interval_ms": 1000, "snapshot_events": 1000}


class Office:
    """Two hosts of two tenants: logins all day, now and then a burst of failures from somewhere new."""

    def __init__(self, fleet, collectors):
        self.when, self.written, self.rounds = logs.recent(days_ago=2), 0, 0
        self.logs = {(tenant, host): fleet.log_file(f"{tenant}-{host}.log") for tenant in TENANTS for host in HOSTS}
        self.agents = [fleet.agent(tenant, host, collectors, [log]) for (tenant, host), log in self.logs.items()]

    def write(self, count):
        self.rounds += 1
        for (tenant, host), log in self.logs.items():
            lines = [logs.accepted(host, self.when + datetime.timedelta(seconds=20 * i), user=f"user{i * i % 17}",
                                   address=f"198.51.100.{i * 7 % 40}", port=1 + i) for i in range(count)]
            burst = self.when + datetime.timedelta(seconds=10 * count)
            lines += [logs.failed(host, burst + datetime.timedelta(milliseconds=200 * i), user=f"u{i % 9}",
                                  address=f"203.0.113.{self.rounds}", port=1 + i) for i in range(count // 4)]
            logs.append(log, lines)
            self.written += len(lines)
        self.when += datetime.timedelta(seconds=20 * count)


def scored_again(fleet):
    """The sums over all partitions of what the oracle says, which has to find no difference."""
    total = {}
    for partition in range(PARTITIONS):
        done = run("rescore", fleet.brokers, fleet.prefix, partition, MAX_ENTITIES // PARTITIONS + 8)
        assert done.returncode == 0, f"partition {partition}: {done.stdout}{done.stderr}"
        for name, value in re.findall(r"(\w+)=(\d+)", done.stdout):
            total[name] = total.get(name, 0) + int(value)
    return total


def recoveries(collector):
    """What each recovery of a shard read back: (marks, events, scored)."""
    return [tuple(map(int, found)) for found in
            re.findall(r'"?shard recovered"?.* marks=(\d+) events=(\d+) scored=(\d+)', collector.log_text())]


def test_five_takeovers_change_no_score(own_fleet):
    first = own_fleet.collector("c1", kafka=KAFKA, score={"max_entities": MAX_ENTITIES})
    second = own_fleet.new_collector("c2", kafka=KAFKA, score={"max_entities": MAX_ENTITIES})
    office = Office(own_fleet, [first, second])
    with own_fleet.events() as events:
        def all_came():
            events.read_until(lambda records: len(records) >= office.written, 120)

        for turn in range(5):
            office.write(500)
            if turn % 2 == 0:  # in the middle of it
                wait_for(lambda: len(events.poll()) > office.written - 1200, 60, "some of the events")
            else:
                all_came()
                wait_for(lambda: first.metric("vedette_collector_snapshots_written_total") > 0, 60, "a snapshot")
            first.kill()
            first, second = second, first
            first.start()
            first.wait_ready(60)
        office.write(500)
        all_came()
    own_fleet.stop()
    total = scored_again(own_fleet)
    assert total["events"] == office.written
    assert total["reasons"] > 0 and total["alerts"] > 0
    read_back = recoveries(first) + recoveries(second)
    assert any(marks > 0 for marks, _, _ in read_back), read_back
    assert any(scored > 0 for _, _, scored in read_back), read_back


def test_windows_of_another_size_begin_empty_and_marks_go_on(own_fleet):
    first = own_fleet.collector("c1", kafka=KAFKA, score={"max_entities": MAX_ENTITIES})
    office = Office(own_fleet, [first])
    with own_fleet.events() as events:
        office.write(500)
        events.read_until(lambda records: len(records) >= office.written, 120)
        wait_for(lambda: first.metric("vedette_collector_snapshots_written_total") > 1, 60, "snapshots")
        first.stop()
        first.configure(score={"max_entities": 2 * MAX_ENTITIES})
        first.start()
        first.wait_ready(60)
        office.write(100)
        events.read_until(lambda records: len(records) >= office.written, 120)
        assert len(events.poll()) == office.written
    assert "windows of a shard not taken over" in first.log_text()
    assert "score.max_entities" in first.log_text()
