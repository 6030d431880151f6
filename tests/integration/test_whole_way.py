"""The whole way: log files of two tenants' hosts, through agents and a collector, out of a real Kafka, scored."""
import pytest

from support import logs
from support.events import by_host, partition_of
from support.vedette import PARTITIONS

QUIET, BURST = 60, 120
LINES = QUIET + BURST
HOSTS = {"north": "web-1", "south": "db-1"}
STAMPS = {"north": logs.iso8601, "south": logs.rfc3164}
CRITICAL = "south"
ATTACKERS = {"north": "203.0.113.9", "south": "203.0.113.77"}


@pytest.fixture
def records(fleet):
    """What a stranger reads of two hosts' logs: the first half written before the agents start, the rest while they run."""
    assets = [{"tenant": CRITICAL, "host": "db-*", "criticality": "critical"}]
    collector = fleet.collector(score={"assets": assets})
    written = {tenant: logs.quiet_then_burst(host, logs.recent(days_ago=2), QUIET, BURST, STAMPS[tenant],
                                             ATTACKERS[tenant])
               for tenant, host in HOSTS.items()}
    files = {tenant: fleet.log_file(f"{tenant}.log", lines[:LINES // 2]) for tenant, lines in written.items()}
    for tenant, host in HOSTS.items():
        fleet.agent(tenant, host, collector, [files[tenant]])
    with fleet.events() as events:
        events.read(LINES)
        for tenant, lines in written.items():
            logs.append(files[tenant], lines[LINES // 2:])
        events.read(2 * LINES)
        fleet.stop()
        return events.poll()


@pytest.mark.tsan
def test_two_tenants_from_log_file_to_consumer(records):
    assert len(records) == 2 * LINES
    hosts = by_host(records)
    assert set(hosts) == {(tenant, host) for tenant, host in HOSTS.items()}
    for (tenant, host), own in hosts.items():
        check_order(own)
        check_envelope(tenant, host, own)
        check_content(tenant, own)
        check_scores(own, ATTACKERS[tenant], tenant == CRITICAL)


def check_order(own):
    """Every line once, in the order of the file, in one stream without a hole."""
    assert [record.sequence for record in own] == list(range(1, LINES + 1))
    assert [record.event.src_endpoint.port for record in own] == list(range(1, LINES + 1))
    assert len({record.event.metadata.stream_uid for record in own}) == 1
    assert len({record.event.metadata.uid for record in own}) == LINES


def check_envelope(tenant, host, own):
    for record in own:
        assert record.key == f"{tenant}/{host}"
        assert record.partition == partition_of(tenant, PARTITIONS)
        assert record.headers["content-type"] == "application/protobuf"
        assert record.headers["class_uid"] == str(record.event.class_uid)
        assert record.headers["tenant_uid"] == tenant


def check_content(tenant, own):
    for record in own:
        event = record.event
        success = event.src_endpoint.port <= QUIET
        assert (event.class_uid, event.category_uid, event.activity_id) == (3002, 3, 1)
        assert event.type_uid == 300201
        assert event.status_id == (1 if success else 2)
        assert event.user.name == ("alice" if success else "root")
        assert event.src_endpoint.ip == ("198.51.100.7" if success else ATTACKERS[tenant])
        assert event.metadata.version == "1.8.0"
        assert event.metadata.processed_time >= event.metadata.logged_time > 0


def check_scores(own, attacker, critical):
    """Calm before, high after, with a reason that names the address."""
    levels = [(0, 20), (20, 40), (40, 70), (70, 90), (90, 101)]
    for record in own:
        event = record.event
        low, high = levels[event.risk_level_id]
        assert low <= event.risk_score < high
    assert max(record.event.risk_score for record in own[QUIET // 2:QUIET]) < 40
    loudest = max((record.event for record in own), key=lambda event: event.risk_score)
    assert loudest.risk_score >= 70 and loudest.is_alert
    assert attacker in loudest.risk_details and "failed" in loudest.risk_details
    assert ("criticality critical" in loudest.risk_details) == critical
    assert len(loudest.anomaly_analyses) > 0
