"""Log files that no logger should write, and what happens to a file that loggers do: rotated, cut, made anew."""
import contextlib
import datetime

import pytest

from support import logs
from support.events import Reader

HOST, TENANT = "web-1", "north"


@pytest.fixture
def follow(fleet):
    """follow(path) starts an agent on a file, and gives the reader of what comes out of Kafka."""
    with contextlib.ExitStack() as readers:
        def start(path):
            fleet.agent(TENANT, HOST, fleet.collector(), [path])
            return readers.enter_context(fleet.events())
        yield start


def line(number):
    return logs.accepted(HOST, logs.recent(days_ago=2), port=number)


def is_attack(record):
    return record.event.src_endpoint.ip == "203.0.113.9"


def is_closed(record):
    return is_attack(record) and record.event.activity_id == 3


def ports(records):
    return [record.event.src_endpoint.port for record in records]


def test_lines_that_are_no_text(fleet, follow):
    path = fleet.log_file("auth.log")
    odd = [b"x" * 1024 * 1024, b"NUL \0 in the middle", b"invalid \xc3\x28 UTF-8 \xff", b"\x1b[31mred\x07", b"no meaning"]
    path.write_bytes(line(1).encode() + b"".join(text + b"\n" for text in odd) + line(2).encode())
    records = follow(path).read(2 + len(odd))
    assert len(records) == 2 + len(odd)
    assert (records[0].event.src_endpoint.port, records[-1].event.src_endpoint.port) == (1, 2)
    for record in records[1:-1]:
        assert record.event.class_uid == 0 and record.event.message
        assert record.event.raw_data
    assert len(records[1].value) < 65536
    assert records[-2].event.raw_data == "no meaning"


def test_a_line_that_is_not_finished_yet(fleet, follow):
    path = fleet.log_file("auth.log", [line(1), line(2)[:20]])
    reader = follow(path)
    reader.read(1)
    logs.append(path, [line(2)[20:], line(3)])
    assert ports(reader.read(3)) == [1, 2, 3]


def test_rotation_truncation_and_a_new_file(fleet, follow):
    path = fleet.log_file("auth.log", [line(1)])
    reader = follow(path)
    reader.read(1)
    path.rename(path.with_suffix(".1"))
    logs.append(path.with_suffix(".1"), [line(2)])
    logs.append(path, [line(3)])
    assert ports(reader.read(3)) == [1, 2, 3]
    path.write_text(line(4))
    assert ports(reader.read(4)) == [1, 2, 3, 4]
    path.unlink()
    logs.append(path, [line(5)])
    assert ports(reader.read(5)) == [1, 2, 3, 4, 5]


def test_once_reads_to_the_end_and_stops(fleet):
    path = fleet.log_file("auth.log", [line(number) for number in range(1, 2001)])
    agent = fleet.agent(TENANT, HOST, fleet.collector(), [path], once=True)
    assert agent.wait(60) == 0
    with fleet.events() as events:
        assert ports(events.read(2000)) == list(range(1, 2001))


def test_lines_without_a_stamp_do_not_take_an_old_log_to_now(fleet):
    """A trace in an old log that is still written to: what is attacked behind it is found, and closed again."""
    begin = logs.recent(days_ago=20)
    lines = logs.quiet_then_burst(HOST, begin, 288, 600)
    lines.insert(200, "Traceback (most recent call last):\n  at a frame\n")
    after = begin + datetime.timedelta(days=1, minutes=5)
    lines += [logs.accepted(HOST, after + datetime.timedelta(minutes=minute), port=1000 + minute) for minute in range(40)]
    path = fleet.log_file("auth.log", ["a line before any stamp\n", *lines])
    agent = fleet.agent(TENANT, HOST, fleet.collector(), [path], once=True)
    assert agent.wait(60) == 0
    with fleet.events() as events:
        records = events.read(2 + len(lines))
    day_ms = [begin.timestamp() * 1000, (after + datetime.timedelta(hours=1)).timestamp() * 1000]
    assert all(day_ms[0] <= record.event.time <= day_ms[1] for record in records)
    untold = [record.event.metadata for record in records if record.event.class_uid == 0]
    assert len(untold) == 3 and not any(metadata.original_time for metadata in untold)
    assert all(metadata.logged_time > day_ms[1] for metadata in untold)
    with Reader(fleet.brokers, fleet.topic("findings")) as reader:
        findings = reader.read_until(lambda found: any(is_closed(record) for record in found))
    assert all(day_ms[0] <= record.event.time <= day_ms[1] for record in findings if is_attack(record))
