"""What breaks in the middle: the broker stops, stands still or is killed, the collector is killed with -9; nothing is lost."""
import time

import pytest

from support import logs
from support.events import first_of_each
from support.waiting import wait_for

HOST, TENANT = "web-1", "north"


class Way:
    """One agent, one collector, and lines that know their number: the port counts from 1."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.collector = fleet.collector()
        self.log = fleet.log_file("auth.log")
        self.agent = fleet.agent(TENANT, HOST, self.collector, [self.log])
        self.written = 0
        self.begin = logs.recent(days_ago=2)

    def write(self, count):
        numbers = range(self.written + 1, self.written + count + 1)
        logs.append(self.log, [logs.accepted(HOST, self.begin, port=number) for number in numbers])
        self.written += count

    def write_and_read(self, events, count):
        self.write(count)
        events.read_until(lambda records: len(first_of_each(records)) >= self.written)

    def ready_status(self):
        return self.collector.http("/readyz")[0]

    def assert_all_there(self, events):
        """Every line, in order of the file; those published a second time count once."""
        events.read_until(lambda records: len(first_of_each(records)) >= self.written, timeout_s=120)
        ports = [record.event.src_endpoint.port for record in first_of_each(events.records)]
        assert ports == list(range(1, self.written + 1))


@pytest.fixture
def way(own_fleet):
    return Way(own_fleet)


@pytest.mark.tsan
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_broker_goes_and_comes_back(way, how):
    kafka = way.fleet.kafka
    with way.fleet.events() as events:
        way.write_and_read(events, 1000)
        getattr(kafka, how)()
        wait_for(lambda: way.ready_status() == 503, 60, "the collector to notice that the broker is gone")
        way.write(3000)
        time.sleep(3)
        assert way.collector.running and way.collector.http("/livez")[0] == 200
        kafka.start()
        way.assert_all_there(events)
        wait_for(lambda: way.ready_status() == 200, 60, "the collector to be ready again")
        way.write_and_read(events, 100)


def test_the_broker_stands_still(way):
    with way.fleet.events() as events:
        way.write_and_read(events, 100)
        way.fleet.kafka.pause()
        way.write(2000)
        time.sleep(5)
        way.fleet.kafka.resume()
        way.assert_all_there(events)


def test_the_collector_is_killed(way):
    with way.fleet.events() as events:
        way.write_and_read(events, 1000)
        for _ in range(3):
            way.write(2000)
            time.sleep(0.3)
            way.collector.kill()
            way.write(1000)
            way.collector.start()
            way.collector.wait_ready()
        way.assert_all_there(events)


def test_the_agent_takes_the_next_collector(way, own_fleet):
    spare = own_fleet.collector("c2")
    way.agent.stop()
    way.agent.configure(collectors=[way.collector.address, spare.address])
    way.agent.start()
    with own_fleet.events() as events:
        way.write_and_read(events, 100)
        way.collector.stop()
        way.write_and_read(events, 1000)
        way.assert_all_there(events)
