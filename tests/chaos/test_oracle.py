"""The oracle must find what is wrong: hand-made streams with a missing, doubled, swapped, damaged or misplaced event."""
import pytest
from support.events import partition_of
from support.schema import schema

from chaos.committed import Committed
from chaos.feed import line
from chaos.ledger import differences
from chaos.oracle import Oracle, Series

AGENT, FEED, STREAM, PARTITIONS = ("north", "a1"), "north/a1", "0" * 32, 8


def event(sequence, message, stream=STREAM, code="", **unmapped):
    made = schema("event").Event()
    made.metadata.tenant_uid, made.device.hostname = AGENT
    made.metadata.stream_uid, made.metadata.sequence, made.metadata.event_code = stream, sequence, code
    made.message = message
    for name, value in unmapped.items():
        made.unmapped[name.replace("_", ".")] = str(value)
    return made


def numbered(sequence, number=None, generation=1, stream=STREAM):
    text = line(FEED, generation, number or sequence, "x")
    return event(sequence, text[text.index("chaos "):].rstrip("\n"), stream)


def gap(sequence, first, last, reason="spool_damaged"):
    return event(sequence, "events are missing", code="GAP", gap_reason=reason, gap_count=last - first + 1,
                 gap_from=first, gap_to=last)


def fork():
    return event(0, "two hosts", code="FORK", fork_stream=STREAM)


def judge(events, written, expected=None, partition=None):
    oracle = Oracle({FEED: AGENT}, PARTITIONS)
    home = partition_of("north", PARTITIONS) if partition is None else partition
    for offset, made in enumerate(events):
        oracle.take(Committed(home, offset, b"north/a1", made.SerializeToString(), []))
    return oracle.judge({FEED: {1: written}}, expected or {})


def test_all_is_well():
    verdict = judge([numbered(n) for n in range(1, 11)], 10)
    assert (verdict.written, verdict.seen, verdict.offences, verdict.examples) == (10, 10, 0, [])


@pytest.mark.parametrize("numbers, written, field", [
    ([1, 2, 4], 4, "missing"), ([1, 2, 3], 4, "missing"), ([], 4, "missing"), ([2, 3], 3, "missing"),
    ([1, 2, 2, 3], 3, "doubled"), ([1, 2, 3, 1], 3, "doubled"), ([1, 3, 2], 3, "reordered"), ([1, 2, 3], 2, "strangers"),
])
def test_lines(numbers, written, field):
    """The stream's numbers are in order, what they carry is not."""
    verdict = judge([numbered(sequence, number) for sequence, number in enumerate(numbers, 1)], written)
    assert getattr(verdict, field) > 0 and verdict.offences > 0 and verdict.examples


@pytest.mark.parametrize("sequences, field", [([1, 2, 4], "holes"), ([1, 2, 2], "doubled"), ([1, 3, 2], "reordered")])
def test_sequences(sequences, field):
    """The lines are in order, the stream's numbers are not."""
    verdict = judge([numbered(sequence, number) for number, sequence in enumerate(sequences, 1)], 3)
    assert getattr(verdict, field) > 0 and verdict.offences > 0


def test_a_doubled_line_under_another_stream_is_found():
    again = [numbered(n, stream="1" * 32) for n in range(1, 4)]
    assert judge([numbered(n) for n in range(1, 4)] + again, 3).doubled == 3


def test_a_gap_that_harm_explains_excuses_what_it_tells():
    events = [numbered(1), numbered(2), gap(5, 3, 5), numbered(6)]
    verdict = judge(events, 6, {AGENT: {"spool_damaged"}})
    assert (verdict.offences, verdict.told_missing, verdict.gaps) == (0, 3, {"spool_damaged": 1})


def test_a_gap_without_harm_is_an_offence():
    verdict = judge([numbered(1), gap(2, 2, 2), numbered(3)], 3)
    assert verdict.unexplained_gaps == 1 and verdict.offences == 1


def test_what_a_gap_tells_too_much_is_counted():
    verdict = judge([numbered(1), gap(3, 2, 3), numbered(4, 2)], 2, {AGENT: {"spool_damaged"}})
    assert (verdict.told_too_many, verdict.offences) == (2, 0)


def test_a_gap_covers_no_other_numbers():
    assert judge([numbered(1), gap(5, 4, 5), numbered(6)], 6, {AGENT: {"spool_damaged"}}).holes == 2


def test_a_gap_excuses_no_more_than_it_tells():
    verdict = judge([numbered(1), gap(2, 2, 2), numbered(3, 5)], 5, {AGENT: {"spool_damaged"}})
    assert (verdict.missing, verdict.told_missing) == (2, 1)


def test_what_a_broker_forgot_is_counted_and_no_offence():
    verdict = judge([numbered(1), event(0, "taken over", stream="", code="TAKEOVER"), numbered(2)], 2)
    assert (verdict.offences, verdict.takeovers, verdict.seen) == (0, 1, 2)


def test_forks():
    assert judge([numbered(1), fork()], 1).unexplained_forks == 1
    assert judge([numbered(1), fork()], 1, {AGENT: {"FORK"}}).offences == 0
    assert judge([numbered(1)], 1, {AGENT: {"FORK"}}).missing_forks == 1


def test_strangers():
    damaged = numbered(1)
    damaged.message = damaged.message[:-1] + "y"
    unknown = numbered(1)
    unknown.message = "hello"
    elsewhere = numbered(1)
    elsewhere.device.hostname = "a2"
    for made in (damaged, unknown, elsewhere):
        assert judge([made], 1).strangers >= 1
    assert judge([numbered(1)], 1, partition=(partition_of("north", PARTITIONS) + 1) % PARTITIONS).strangers == 1


def test_series_is_small_while_all_is_well():
    series = Series()
    for number in range(1, 100001):
        assert series.take(number) == ""
    assert not series.absent


# ---- What the ledger says against what the oracle saw

ROW = {"tenant": "north", "agent": "a1", "stream": STREAM, "last": 5, "published": 2, "gaps": {"spool_damaged": 3, "forked": 0}}
SUM = {"published": 2, "whole": True, "unnumbered": 0}


@pytest.mark.parametrize("row, total, word", [
    ({}, {}, None), ({"published": 3}, {"published": 3}, "published"), ({"gaps": {"spool_damaged": 2}}, {}, "GAPs"),
    ({"gaps": {"spool_damaged": 3, "forked": 1}}, {}, "GAPs"), ({"stream": "1" * 32}, {}, "only the ledger"),
    ({}, {"published": 3}, "sum"), ({}, {"whole": False}, "whole"), ({}, {"unnumbered": 1}, "whole"),
])
def test_the_ledger_is_held_against_the_oracle(row, total, word):
    oracle = Oracle({FEED: AGENT}, PARTITIONS)
    for made in (numbered(1), numbered(2), gap(5, 3, 5)):
        oracle.take(Committed(partition_of("north", PARTITIONS), 0, b"north/a1", made.SerializeToString(), []))
    found = list(differences([{**ROW, **row}], {**SUM, **total}, oracle))
    assert any(word in sentence for sentence in found) if word else not found
