"""Log files that no logger should write, and what happens to a file that loggers do: rotated, cut, made anew."""
import contextlib

import pytest

from support import logs

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
