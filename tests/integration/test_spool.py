"""The agent's spool: an agent that is killed, restarted, kept waiting, damaged or out of disk loses and repeats nothing in silence."""
import contextlib
import os
import random
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from support import logs
from support.events import first_of_each
from support.process import run
from support.vedette import Agent

HOST, TENANT = "web-1", "north"
MIB = 1 << 20


class Way:
    """One agent, one collector, and a log file whose lines know their number: the port counts from 1."""

    def __init__(self, fleet, start=True, **settings):
        self.fleet = fleet
        self.collector = fleet.collector()
        self.log = fleet.log_file("auth.log")
        self.agent = fleet.new_agent(TENANT, HOST, self.collector, [self.log], **settings)
        self.written = self.rotations = 0
        self.begin = logs.recent(days_ago=2)
        if start:
            self.agent.start()

    def write(self, count):
        numbers = range(self.written + 1, self.written + count + 1)
        logs.append(self.log, [logs.accepted(HOST, self.begin, user=f"u{number * 7919 % 99991}", port=number)
                               for number in numbers])
        self.written += count

    def rotate(self):
        self.rotations += 1
        os.rename(self.log, f"{self.log}.{self.rotations}")

    def wait_for_all(self, events, timeout_s=90):
        events.read_until(lambda records: len(logins(records)) >= self.written, timeout_s)
        time.sleep(1)  # what came twice would come now
        return events.poll()

    def assert_all_once(self, events, timeout_s=90):
        """Every line once, in the order of the file, in one stream without a hole, and nothing else."""
        records = self.wait_for_all(events, timeout_s)
        assert [record.event.src_endpoint.port for record in records] == list(range(1, self.written + 1))
        assert [record.sequence for record in records] == list(range(1, self.written + 1))
        assert len({record.event.metadata.stream_uid for record in records}) == 1


def coded(records, code):
    return [record.event for record in records if record.event.metadata.event_code == code]


def logins(records):
    return [record for record in records if record.event.metadata.event_code not in ("GAP", "FORK")]


def gaps(records, reason):
    return [event for event in coded(records, "GAP") if event.unmapped["gap.reason"] == reason]


@pytest.fixture
def way(fleet):
    return Way(fleet)


def test_where_the_sources_stand_is_told_by_file_and_byte(fleet):
    with tempfile.TemporaryDirectory() as folder:  # a long path would be cut in the source's name
        log = Path(folder) / "auth.log"
        logs.append(log, logs.quiet_then_burst(HOST, logs.recent(days_ago=2), 50, 0))
        agent = fleet.agent(TENANT, HOST, fleet.collector(), [log], once=True)
        assert agent.wait(60) == 0, agent.log_text()
        size = log.stat().st_size
        done = run("vedette", "spool", "list", agent.spool)
        assert done.returncode == 0 and f"cursor  tail:{log}  byte {size} of {size} of {log}\n" in done.stdout, done.stdout
        log.unlink()
        assert f"cursor  tail:{log}  byte {size} of a file that is not found here" in run("vedette", "spool", "list", agent.spool).stdout


def test_killed_while_the_log_grows(way):
    chance = random.Random(7)
    with way.fleet.events() as events:
        for round_number in range(8):
            way.write(chance.randrange(200, 1500))
            time.sleep(chance.uniform(0.02, 0.5))
            way.agent.kill()
            way.write(chance.randrange(100))
            if round_number in (2, 5):
                way.rotate()
                way.write(50)
            way.agent.start()
        way.assert_all_once(events)


def test_a_restart_goes_on_where_it_was(way):
    with way.fleet.events() as events:
        way.write(500)
        way.assert_all_once(events)
        way.agent.stop()
        way.write(100)
        way.rotate()
        way.write(100)
        # Where to begin is a question for the first time only.
        source = {"type": "tail", "paths": [str(way.log)], "from": "end"}
        way.agent.configure(sources=[source])
        way.agent.start()
        way.agent.wait_for_log("resumed=yes")
        way.assert_all_once(events)


def test_what_waits_outlives_the_agent(way):
    """No collector, and the files are gone by the time there is one: what was taken in is in the spool."""
    way.collector.stop()
    way.write(2000)
    time.sleep(2)
    way.agent.kill()
    way.log.unlink()
    way.log.touch()
    way.collector.start()
    way.collector.wait_ready()
    way.agent.start()
    with way.fleet.events() as events:
        records = way.wait_for_all(events)
        assert [record.event.src_endpoint.port for record in logins(records)] == list(range(1, 2001))


def test_a_small_spool_makes_the_file_wait(fleet):
    way = Way(fleet, spool={"max_bytes": MIB})
    with fleet.events() as events:
        way.write(100)
        way.wait_for_all(events)
        way.collector.stop()
        way.write(40000)
        way.agent.wait_for_log('msg="the spool is full"', timeout_s=60)
        used = sum(path.stat().st_blocks * 512 for path in way.agent.spool.rglob("*"))
        assert used <= MIB + 65536
        way.collector.start()
        way.collector.wait_ready()
        way.assert_all_once(events, timeout_s=180)


def test_damage_is_told_as_a_gap(way):
    with way.fleet.events() as events:
        way.write(10)
        way.wait_for_all(events)
        way.collector.kill()
        for _ in range(30):
            way.write(100)
            time.sleep(0.1)
        time.sleep(1)
        way.agent.kill()
        damage(way.agent.spool)
        way.collector.start()
        way.collector.wait_ready()
        way.agent.start()

        def complete(records):
            return len(accounted(records)) >= way.written
        records = events.read_until(complete, timeout_s=60)
        lost = gaps(records, "spool_damaged")
        assert len(lost) > 0 and "missing" in lost[0].message
        numbers = accounted(records)
        assert set(range(1, way.written + 1)) <= numbers
        way.agent.wait_for_log('msg="the spool was damaged')


def accounted(records):
    """Sequence numbers that came, or that a GAP stands for."""
    numbers = {record.sequence for record in records}
    for event in gaps(records, "spool_damaged"):
        numbers |= set(range(int(event.unmapped["gap.from"]), int(event.unmapped["gap.to"]) + 1))
    return numbers


def damage(spool):
    """A few bytes in the middle of what the oldest segment holds."""
    segment = sorted(spool.glob("stream-*/*.seg"))[0]
    with segment.open("r+b") as file:
        data = file.read()
        used = len(data.rstrip(b"\0"))
        file.seek(used // 2)
        file.write(bytes(byte ^ 0x5a for byte in data[used // 2:used // 2 + 16]))


def test_a_file_that_was_never_read(way):
    with way.fleet.events() as events:
        way.write(10)
        way.wait_for_all(events)
        way.agent.stop()
        way.write(10)
        os.rename(way.log, way.fleet.folder / "elsewhere")
        way.agent.start()
        records = events.read_until(lambda records: gaps(records, "source_rotated"))
        event = gaps(records, "source_rotated")[0]
        assert event.count == 0 and "is gone" in event.unmapped["gap.detail"]
        assert event.unmapped["gap.source"].startswith("tail:")


def test_a_spool_that_cannot_be_written(way):
    """Every write fails, as with a broken disk: nothing is read that cannot be kept, and it goes on by itself."""
    with way.fleet.events() as events:
        way.write(100)
        way.wait_for_all(events)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.prlimit(way.agent.pid, resource.RLIMIT_FSIZE, (0, hard))
        way.write(20000)
        time.sleep(4)
        assert way.agent.running
        assert way.agent.resident_bytes() < 200 * MIB
        resource.prlimit(way.agent.pid, resource.RLIMIT_FSIZE, (hard, hard))
        way.agent.wait_for_log('msg="the spool can be written again"')
        way.assert_all_once(events)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False).returncode != 0:
        pytest.skip("file systems may not be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk(fleet, small_disk):
    way = Way(fleet, spool={"folder": str(small_disk / "spool"), "max_bytes": 2 * MIB})
    with fleet.events() as events:
        way.write(100)
        way.wait_for_all(events)
        way.collector.stop()
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        way.write(30000)
        way.agent.wait_for_log('level=(warn|error) msg="the spool (is full|cannot be written)', timeout_s=60)
        way.agent.kill()
        way.agent.start()
        time.sleep(2)
        assert way.agent.running
        filler.unlink()
        way.collector.start()
        way.collector.wait_ready()
        # The collector forgot its mark when it was restarted, so what came a second time does not count.
        records = first_of_each(way.wait_for_all(events))
        assert [record.event.src_endpoint.port for record in records] == list(range(1, way.written + 1))


def test_a_spool_has_one_agent(way):
    way.agent.wait_for_log("msg=connected")
    twin = way.fleet.new_agent(TENANT, "web-2", way.collector, [way.log], spool={"folder": str(way.agent.spool)})
    twin.start()
    assert twin.wait() != 0
    assert "spool" in twin.log_text()
    way.write(10)
    with way.fleet.events() as events:
        way.assert_all_once(events)


def test_a_stop_without_a_collector_is_quick_and_clean(way):
    way.agent.wait_for_log("msg=connected")
    way.collector.stop()
    way.write(100)
    time.sleep(1)
    began = time.monotonic()
    way.agent.stop()
    assert time.monotonic() - began < 4
    assert "events=100" in way.agent.log_text().split("events wait in the spool")[1]


def test_a_spool_that_went_back_in_time(way):
    """As from a snapshot of a virtual machine: the stream's numbers would name other events, so a new one begins."""
    snapshot = way.fleet.folder / "snapshot"
    with way.fleet.events() as events:
        way.write(100)
        way.wait_for_all(events)
        way.agent.stop()
        shutil.copytree(way.agent.spool, snapshot)
        way.agent.start()
        way.write(100)
        way.wait_for_all(events)
        way.agent.stop()
        shutil.rmtree(way.agent.spool)
        snapshot.rename(way.agent.spool)
        way.write(100)
        way.agent.start()
        way.agent.wait_for_log('level=error msg="the stream was forked')
        records = events.read_until(lambda records: {record.event.src_endpoint.port for record in logins(records)} ==
                                    set(range(1, 301)))
        assert len(coded(records, "FORK")) == 1
        streams = {record.event.metadata.stream_uid for record in logins(records)}
        assert len(streams) == 2
        for stream in streams:
            ports = [record.event.src_endpoint.port for record in logins(records)
                     if record.event.metadata.stream_uid == stream]
            assert ports == sorted(set(ports))


def test_killed_at_the_end_before_its_first_event(fleet):
    """`from: end` is where the end was at the first start, not at the next."""
    way = Way(fleet, start=False)
    way.write(10)
    way.agent.configure(sources=[{"type": "tail", "paths": [str(way.log)], "from": "end"}])
    with fleet.events() as events:
        way.agent.start()
        way.agent.wait_for_log('msg="source open"')
        time.sleep(0.5)  # into the spool: 50 ms at most, but for a slow machine
        way.agent.kill()
        way.write(20)
        way.agent.start()
        records = events.read_until(lambda records: len(logins(records)) >= 20)
        assert [record.event.src_endpoint.port for record in logins(records)] == list(range(11, 31))
        assert [record.sequence for record in records] == list(range(1, 21))


def copy_of(way, first_port, count):
    """A second host with a copy of the spool, and a log of its own."""
    home = SimpleNamespace(identities=way.fleet.identities, folder=way.fleet.folder / "copy")
    log = way.fleet.log_file("copy.log", [logs.accepted(HOST, way.begin, user="mallory", port=first_port + number)
                                          for number in range(count)])
    copy = Agent(home, TENANT, HOST, [way.collector], [log], False, {})
    shutil.copytree(way.agent.spool, copy.spool)
    way.fleet.programs.append(copy)
    return copy


@pytest.mark.parametrize("more", [0, 10])
def test_a_copy_that_sent_as_much(way, more):
    """While the host is away its copy uses up the numbers that the host gives to events of its own. When it comes back it
    may have nothing to send; and the collector is a new one, that has the chain from the log."""
    with way.fleet.events() as events:
        way.write(100)
        way.wait_for_all(events)
        way.agent.pause()
        copy = copy_of(way, 1001, 50)
        copy.start()
        events.read_until(lambda records: len(logins(records)) >= 150)
        copy.stop()
        way.collector.kill()
        way.agent.resume()
        way.write(50 + more)
        time.sleep(1.5)  # into the spool
        way.collector.start()
        way.collector.wait_ready()
        records = events.read_until(lambda records: gaps(records, "forked"))
        gap, = gaps(records, "forked")
        assert (gap.unmapped["gap.from"], gap.unmapped["gap.to"], gap.count) == ("101", "150", 50)
        fork, = coded(records, "FORK")
        assert (fork.unmapped["fork.mark"], fork.unmapped["fork.detail"]) == ("150", "another history")
        way.write(5)
        records = events.read_until(lambda records: len(logins(records)) >= 150 + more + 5)
        ports = [record.event.src_endpoint.port for record in logins(records)]
        assert sorted(ports) == [*range(1, 101), *range(151, 156 + more), *range(1001, 1051)]
        assert len(coded(records, "FORK")) == len(gaps(records, "forked")) == 1


def test_every_event_at_once_to_disk(fleet):
    way = Way(fleet, spool={"sync": "always"})
    with fleet.events() as events:
        way.write(3000)
        way.assert_all_once(events)


def test_only_what_is_new_with_once(fleet):
    way = Way(fleet, start=False)
    once = fleet.new_agent(TENANT, HOST, way.collector, [way.log], once=True)
    with fleet.events() as events:
        for _ in range(3):
            way.write(100)
            once.start()
            assert once.wait(60) == 0
            way.assert_all_once(events)
