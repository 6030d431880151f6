"""Shards and their owners: whatever is killed, each event once and in order; shards shared, handed over, taken over."""
import copy
import signal
import time

import pytest

from support import logs
from support.events import by_host, partition_of
from support.leftover import leave_undecided
from support.process import Process, run
from support.vedette import PARTITIONS
from support.waiting import wait_for

# One tenant for each shard, so that every collector has something to do.
TENANTS = {}
for name in ("north", "south", "east", "west", "upper", "lower", "inner", "outer", "harbour", "airport", "hospital"):
    TENANTS.setdefault(partition_of(name, PARTITIONS), name)
TENANTS = [TENANTS[shard] for shard in sorted(TENANTS)]
HOST = "web-1"


class Fields:
    """An agent for each tenant, with a log whose lines count: the port is the line's number."""

    def __init__(self, fleet, collectors, tenants=None):
        self.fleet, self.begin = fleet, logs.recent(days_ago=2)
        self.written = dict.fromkeys(TENANTS if tenants is None else tenants, 0)
        self.logs = {tenant: fleet.log_file(f"{tenant}.log") for tenant in self.written}
        self.agents = [fleet.agent(tenant, HOST, collectors, [log]) for tenant, log in self.logs.items()]

    def write(self, count, tenants=None):
        for tenant in tenants or self.written:
            numbers = range(self.written[tenant] + 1, self.written[tenant] + count + 1)
            logs.append(self.logs[tenant], [logs.accepted(HOST, self.begin, port=number) for number in numbers])
            self.written[tenant] += count

    def wait_for_all(self, events, timeout_s=60):
        events.read_until(lambda records: len(records) >= sum(self.written.values()), timeout_s)

    def assert_each_once_in_order(self, events, timeout_s=60):
        self.wait_for_all(events, timeout_s)
        time.sleep(0.5)  # what should not come would
        hosts = by_host(events.poll())
        for tenant, count in self.written.items():
            ports = [record.event.src_endpoint.port for record in hosts[tenant, HOST]]
            assert ports == list(range(1, count + 1)), f"{tenant}: {len(ports)} events for {count} lines"
            sequence = [record.sequence for record in hosts[tenant, HOST]]
            assert sequence == sorted(set(sequence))


def serving(collector):
    return collector.metric("vedette_collector_shards_serving")


def share(fleet):
    """Two collectors, when both serve and together have every shard."""
    first, second = fleet.collector("c1"), fleet.collector("c2")
    wait_for(lambda: serving(first) > 0 and serving(second) > 0 and serving(first) + serving(second) == PARTITIONS, 30,
             "the shards to be shared")
    return first, second


@pytest.mark.tsan
def test_a_collector_is_killed_in_mid_stream_again_and_again(own_fleet):
    collector = own_fleet.collector("c1")
    fields = Fields(own_fleet, collector)
    with own_fleet.events() as events:
        for _ in range(4):
            fields.write(1500)
            time.sleep(0.7)
            collector.kill()
            collector.start()
        fields.assert_each_once_in_order(events, 120)


def test_a_killed_collector_that_restarts_is_back_soon(own_fleet):
    collector = own_fleet.collector("c1")
    fields = Fields(own_fleet, collector)
    with own_fleet.events() as events:
        fields.write(100)
        fields.wait_for_all(events)
        collector.kill()
        begun = time.monotonic()
        collector.start()
        collector.wait_ready()
        fields.write(1)
        fields.wait_for_all(events)
        assert time.monotonic() - begun < 6  # 3 s, and as much for a machine that is busy
        fields.assert_each_once_in_order(events)


def test_two_collectors_share_the_shards_and_send_agents_on(fleet):
    first, second = share(fleet)
    fields = Fields(fleet, first)  # agents know the first alone
    with fleet.events() as events:
        fields.write(200)
        fields.assert_each_once_in_order(events)
    assert first.metric("vedette_collector_sessions_sent_on_total") >= serving(second)
    assert second.metric("vedette_collector_sessions_opened_total") >= 1
    status, page = first.http("/readyz")
    assert status == 200 and f"{int(serving(first))} serving, 0 claiming, {int(serving(second))} elsewhere" in page


def test_a_collector_that_leaves_hands_its_shards_over(own_fleet):
    first, second = share(own_fleet)
    fields = Fields(own_fleet, [first, second])
    with own_fleet.events() as events:
        fields.write(100)
        fields.wait_for_all(events)
        begun = time.monotonic()
        first.process.send_signal(signal.SIGTERM)
        wait_for(lambda: serving(second) == PARTITIONS, 10, "the other to have them all", pause_s=0.02)
        taken_s = time.monotonic() - begun
        fields.write(20)
        fields.wait_for_all(events)
        all_s = time.monotonic() - begun
        assert taken_s < 2 and all_s < 5, (taken_s, all_s)
        assert first.process.wait(10) == 0
        fields.assert_each_once_in_order(events)
        # And when it is back, it has its share again.
        first.start()
        first.wait_ready()
        wait_for(lambda: serving(first) > 0 and serving(first) + serving(second) == PARTITIONS, 30, "its share")
        fields.write(50)
        fields.assert_each_once_in_order(events)


def test_a_collector_that_is_killed_for_good_is_replaced(own_fleet):
    first, second = share(own_fleet)
    fields = Fields(own_fleet, [first, second])
    with own_fleet.events() as events:
        fields.write(500)
        time.sleep(0.3)
        begun = time.monotonic()
        first.kill()
        wait_for(lambda: serving(second) == PARTITIONS, 20, "the other to have them all")
        assert time.monotonic() - begun < 10
        fields.write(50)
        fields.assert_each_once_in_order(events)


def test_a_collector_that_slept_writes_nothing_when_it_wakes(own_fleet):
    first, second = share(own_fleet)
    fields = Fields(own_fleet, [first, second])
    with own_fleet.events() as events:
        fields.write(500)
        time.sleep(0.2)
        first.pause()
        wait_for(lambda: serving(second) == PARTITIONS, 30, "the other to have them all")
        fields.write(500)
        time.sleep(1)
        first.resume()
        fields.write(500)
        fields.assert_each_once_in_order(events, 90)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_broker_goes_and_comes_back(own_fleet, how):
    collector = own_fleet.collector("c1")
    fields = Fields(own_fleet, collector)
    with own_fleet.events() as events:
        fields.write(500)
        time.sleep(0.2)
        getattr(own_fleet.kafka, how)()
        fields.write(500)
        time.sleep(2)
        own_fleet.kafka.start()
        fields.assert_each_once_in_order(events, 120)


def successor(record, number):
    """Key and value of an event of the same stream with that number, of which it can't be seen what its agent sent."""
    event, head = copy.deepcopy(record.event), type(record.event)()
    event.src_endpoint.port = event.metadata.sequence = number
    event.metadata.uid = f"{event.metadata.stream_uid}-{number}"
    head.metadata.CopyFrom(event.metadata)
    event.ClearField("metadata")
    return record.key.encode(), head.SerializeToString() + event.SerializeToString()


def test_what_the_broker_forgot_counts_and_is_told(own_fleet):
    """Of a transaction that Kafka noted as ended, and whose records it left undecided: its agent need not send them again."""
    collector = own_fleet.collector("c1")
    tenant, forgotten = TENANTS[0], 5
    shard = partition_of(tenant, PARTITIONS)
    fields = Fields(own_fleet, collector, [tenant])
    with own_fleet.events() as events:
        fields.write(20)
        fields.wait_for_all(events)
        collector.kill()
        fields.write(forgotten)
        records = [successor(events.records[-1], number) for number in range(21, 21 + forgotten)]
        leave_undecided(own_fleet.kafka, events.topic, f"{own_fleet.prefix}-shard-{shard}", records, shard)
        collector.start()
        told = [record for record in events.read_until(lambda records: len(records) >= 21 + forgotten)
                if record.event.metadata.event_code == "TAKEOVER"]
        fields.write(10)
        events.read_until(lambda records: len(records) >= 31 + forgotten)
        time.sleep(0.5)  # what should not come would
        ports = [record.event.src_endpoint.port for record in by_host(events.poll())[tenant, HOST]]
    assert ports == list(range(1, 31 + forgotten))
    assert [(record.partition, record.key, sorted(record.headers)) for record in told] == [(shard, "", ["class_uid", "content-type"])]
    unmapped = told[0].event.unmapped
    assert int(unmapped["takeover.to"]) - int(unmapped["takeover.from"]) == forgotten
    assert told[0].event.metadata.uid == f"takeover-{shard}-{unmapped['takeover.from']}"
    assert "Kafka had forgotten how the shard's last transaction ended" in collector.log_text()
    ledger = run("vedette", "ledger", "--brokers", own_fleet.kafka.address, "--topic", events.topic)
    assert ledger.returncode == 0, ledger.stdout + ledger.stderr
    tail = run("vedette", "tail", "--brokers", own_fleet.kafka.address, "--topic", events.topic, "--from", "beginning",
               "--count", len(events.records), "--timeout", "30")
    assert f"Shard {shard} was taken over" in tail.stdout


def test_two_collectors_with_one_name_are_one_too_many(fleet):
    first = fleet.collector("c1")
    second = fleet.new_collector("c1")
    second.start()
    ended = wait_for(lambda: next((one for one in (first, second) if not one.running), None), 30, "one of them to end")
    other = second if ended is first else first
    assert ended.process.returncode == 69
    assert "has this one's name" in ended.log_text()
    wait_for(lambda: serving(other) == PARTITIONS, 30, "the other to have all shards")
    fields = Fields(fleet, other)
    with fleet.events() as events:
        fields.write(50)
        fields.assert_each_once_in_order(events)


def test_expelled_once_a_collector_joins_again(fleet, tmp_path):
    """A ghost of its name joins and is gone, as a request to join does that was lost on its way and comes late."""
    collector = fleet.collector("c1", kafka={"group": fleet.prefix})
    fields = Fields(fleet, collector)
    with fleet.events() as events:
        fields.write(20)
        fields.wait_for_all(events)
        ghost = Process("membership-driver", ["c1", fleet.kafka.address, fleet.prefix, 6000],
                        tmp_path / "ghost.log").start()
        collector.wait_for_log("expelled from the group of collectors: joining again", 30)
        ghost.kill()
        wait_for(lambda: serving(collector) == PARTITIONS, 60, "the collector to serve again")
        wait_for(lambda: collector.http("/readyz")[0] == 200, 60, "it to say so")
        fields.write(20)
        fields.assert_each_once_in_order(events)
    assert collector.running


def test_the_other_mode_needs_no_group(fleet):
    collector = fleet.collector("c1", kafka={"delivery": "at-least-once"})
    fields = Fields(fleet, collector)
    with fleet.events() as events:
        fields.write(100)
        fields.assert_each_once_in_order(events)
    assert serving(collector) == PARTITIONS
    assert collector.metric("vedette_collector_commit_seconds_count") == 0


def test_what_is_missing_is_told_and_it_goes_on_when_it_is_there(kafka, tmp_path):
    from support.vedette import Fleet

    class Bare(Fleet):
        TOPICS = [("events", PARTITIONS), ("dlq", 1)]

    fleet = Bare(tmp_path, kafka, "t.missing")
    try:
        collector = fleet.new_collector("c1")
        collector.start()
        wait_for(lambda: "t.missing.s" in collector.http("/readyz")[1], 20, "the page to name a topic")
        assert collector.http("/readyz")[0] == 503
        for role, partitions in (("state", PARTITIONS), ("shards", 1)):
            kafka.create_topic(fleet.topic(role), partitions=partitions, cleanup_policy="compact")
        collector.wait_ready()
        fleet.stop()
    finally:
        fleet.close()
