"""Judges what a consumer saw against what was written and what harm was done: nothing lost, doubled or reordered.

It knows Kafka's records, event.proto by protoc, the lines that feed.py writes, and nothing else of the project. Memory
is bounded by what goes wrong: of each file and each stream it keeps the number that has to come next.
"""
from dataclasses import dataclass, field

from support.events import partition_of
from support.schema import schema

from .feed import read_line

EXAMPLES = 40


@dataclass
class Series:
    """Numbers from 1 that have to come once each, in order: the lines of a file, the events of a stream."""
    next: int = 1
    absent: set = field(default_factory=set)  # passed over, and not seen since
    seen: int = 0
    doubled: int = 0
    reordered: int = 0

    def take(self, number):
        """What is wrong with this number now: "", "doubled", "reordered", or "hole" before it."""
        if number == self.next:
            self.next, self.seen = number + 1, self.seen + 1
            return ""
        if number < self.next:
            if number not in self.absent:
                self.doubled += 1
                return "doubled"
            self.absent.discard(number)
            self.seen += 1
            self.reordered += 1
            return "reordered"
        self.absent.update(range(self.next, number))
        self.next, self.seen = number + 1, self.seen + 1
        return "hole"

    def forgive(self, first, last):
        """These will never come, and somebody said so. Returns how many of them were absent."""
        told = [number for number in self.absent if first <= number <= last] if self.absent else []
        self.absent.difference_update(told)
        return len(told)


@dataclass
class Gap:
    """A GAP event: what it says is missing, and of whom."""
    agent: tuple
    stream: str
    sequence: int
    reason: str
    count: int
    first: int
    last: int
    detail: str


@dataclass
class Verdict:
    """What came of it all. Examples name the first offences, one a line."""
    written: int = 0
    seen: int = 0
    missing: int = 0         # lines that never came, and no GAP says so
    told_missing: int = 0    # lines that never came, and GAPs cover them
    told_too_many: int = 0   # told missing beyond that: no offence, since what came is not lost
    doubled: int = 0
    reordered: int = 0
    holes: int = 0           # sequence numbers without an event and without a GAP
    strangers: int = 0       # events with a wrong sender, partition or content
    gaps: dict = field(default_factory=dict)          # reason → GAP events
    unexplained_gaps: int = 0
    forks: int = 0
    unexplained_forks: int = 0
    missing_forks: int = 0   # clones that nobody noticed
    takeovers: int = 0       # of shards whose last transaction a broker forgot to end
    examples: list = field(default_factory=list)

    @property
    def offences(self):
        return (self.missing + self.doubled + self.reordered + self.holes + self.strangers + self.unexplained_gaps
                + self.unexplained_forks + self.missing_forks)


class Oracle:
    """Takes records as they come, each partition in its order; judge() may be asked at any time."""

    def __init__(self, owners, partitions):
        """owners: feed → (tenant, host) whose certificate its agent has. It may grow during the run."""
        self.owners, self.partitions = owners, partitions
        self.files, self.streams = {}, {}  # feed → generation → Series; (agent, stream) → Series
        self.gaps, self.forks = [], []
        self.takeovers = 0
        self.strangers = 0
        self.examples = []
        self.event_class = schema("event").Event

    def _offence(self, text):
        if len(self.examples) < EXAMPLES:
            self.examples.append(text)

    def _strange(self, record, why):
        self.strangers += 1
        self._offence(f"strange: partition {record.partition} offset {record.offset}: {why}")

    def take(self, record):
        """Returns (feed, generation, number) if the record is a line of a feed that came for the first time."""
        try:
            event = self.event_class.FromString(record.value)
        except Exception as error:
            return self._strange(record, f"no event: {error}")
        metadata = event.metadata
        agent, code = (metadata.tenant_uid, event.device.hostname), metadata.event_code
        if code in ("SILENCE", "VOLUME", "TAKEOVER"):
            self.takeovers += code == "TAKEOVER"
            return None
        if record.key != "/".join(agent).encode() and code != "FORK":
            self._strange(record, f"key {record.key!r} of an event of {agent}")
        if record.partition != partition_of(agent[0], self.partitions):
            self._strange(record, f"an event of tenant {agent[0]} in a wrong partition")
        if code == "FORK":
            self.forks.append((agent, event.unmapped["fork.stream"], event.message))
            return None
        self._take_number(record, agent, event, metadata)
        return self._take_line(record, agent, event, code)

    def _take_number(self, record, agent, event, metadata):
        number, stream = metadata.sequence, metadata.stream_uid
        series = self.streams.get((agent, stream))
        if series is None:
            series = self.streams[agent, stream] = Series()
        wrong = series.take(number)
        if wrong in ("doubled", "reordered"):
            self._offence(f"{wrong}: stream {stream} of {agent}: {number} at {record.partition}/{record.offset}")
        if metadata.event_code == "GAP":
            self._take_gap(agent, stream, event, series)

    def _take_gap(self, agent, stream, event, series):
        def number(name):
            return int(event.unmapped.get(f"gap.{name}", "0"))
        gap = Gap(agent, stream, event.metadata.sequence, event.unmapped.get("gap.reason", ""),
                  number("count") or event.count, number("from"), number("to"), event.unmapped.get("gap.detail", ""))
        self.gaps.append(gap)
        # It has the last of the numbers that it tells; those of a fork are of the stream that ended.
        if gap.first and gap.last == gap.sequence and gap.reason != "forked":
            series.forgive(gap.first, gap.last)

    def _take_line(self, record, agent, event, code):
        try:
            found = read_line(event.message)
        except ValueError as error:
            return self._strange(record, error)
        if found is None:
            if code != "GAP":
                self._strange(record, f"nobody wrote this: {event.message[:80]}")
            return None
        feed, generation, number = found
        if self.owners.get(feed) != agent:
            self._strange(record, f"a line of {feed} from {agent}")
        files = self.files.setdefault(feed, {})
        if generation not in files:
            files[generation] = Series()
        wrong = files[generation].take(number)
        if wrong in ("doubled", "reordered"):
            self._offence(f"{wrong}: {feed} file {generation} line {number} at {record.partition}/{record.offset}, "
                          f"stream {event.metadata.stream_uid} sequence {event.metadata.sequence}")
        return found if wrong in ("", "hole") else None

    def seen(self, feed):
        """generation → lines that came, of one feed."""
        return {generation: series.seen for generation, series in list(self.files.get(feed, {}).items())}

    # ---- The verdict

    def judge(self, written, expected):
        """written: feed → generation → lines. expected: agent → reasons of GAPs (and "FORK") that harm done there explains."""
        verdict = Verdict(strangers=self.strangers, examples=list(self.examples))
        absent = self._judge_files(verdict, written)
        self._judge_gaps(verdict, absent, expected)
        self._judge_forks(verdict, expected)
        # An event that comes twice is wrong in its file and in its stream: it counts once.
        verdict.doubled = max(verdict.doubled, sum(series.doubled for series in self.streams.values()))
        verdict.reordered = max(verdict.reordered, sum(series.reordered for series in self.streams.values()))
        for (agent, stream), series in self.streams.items():
            if series.absent:
                verdict.holes += len(series.absent)
                verdict.examples.append(f"holes: stream {stream} of {agent}: {_ranges(series.absent)}")
        return verdict

    def _judge_files(self, verdict, written):
        """Returns agent → lines that did not come."""
        absent = {}
        for feed, generations in written.items():
            for generation, count in generations.items():
                series = self.files.get(feed, {}).get(generation, Series())
                tail = max(0, count - series.next + 1)
                lost = len(series.absent) + tail
                verdict.written += count
                verdict.seen += series.seen
                verdict.doubled += series.doubled
                verdict.reordered += series.reordered
                if lost:
                    absent[self.owners[feed]] = absent.get(self.owners[feed], 0) + lost
                    which = _ranges(series.absent | set(range(series.next, series.next + tail)))
                    verdict.examples.append(f"did not come: {feed} file {generation} lines {which}")
                if series.next > count + 1:
                    verdict.strangers += 1
                    verdict.examples.append(f"strange: {feed} file {generation} line {series.next - 1} of {count}")
        return absent

    def _judge_gaps(self, verdict, absent, expected):
        told = {}
        for gap in self.gaps:
            verdict.gaps[gap.reason] = verdict.gaps.get(gap.reason, 0) + 1
            # 0: nobody knows how many.
            told[gap.agent] = told.get(gap.agent, 0) + (gap.count or float("inf"))
            if gap.reason not in expected.get(gap.agent, ()):
                verdict.unexplained_gaps += 1
                verdict.examples.append(f"unexplained: {gap}")
        for agent, count in told.items():
            if count != float("inf"):
                verdict.told_too_many += max(0, count - absent.get(agent, 0))
        for agent, lost in absent.items():
            covered = int(min(lost, told.get(agent, 0)))
            verdict.told_missing += covered
            verdict.missing += lost - covered

    def _judge_forks(self, verdict, expected):
        verdict.forks, verdict.takeovers = len(self.forks), self.takeovers
        forked = {agent for agent, _, _ in self.forks}
        for agent in forked:
            if not {"FORK", "FORK?"} & set(expected.get(agent, ())):
                verdict.unexplained_forks += 1
                verdict.examples.append(f"unexplained FORK of {agent}")
        for agent, reasons in expected.items():
            if "FORK" in reasons and agent not in forked:
                verdict.missing_forks += 1
                verdict.examples.append(f"a clone of {agent} was not noticed")


def _ranges(numbers, most=8):
    """{1, 2, 3, 7} as "1-3, 7"."""
    runs = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    text = ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs[:most])
    return text + (f" and {len(runs) - most} more ranges" if len(runs) > most else "")
