"""The table that a run ends with: what was done, what came through, how long it took; and what of it is an offence."""
import bisect
from collections import Counter

# How long agents may wait for a collector, in seconds: when it comes back, or for good.
GOALS_S = {"collector killed": 3, "collector killed at a point": 3, "collector ended": 3, "collector stays dead": 10,
           "collector leaves for good": 10}
TAKEOVER_KINDS = [*GOALS_S, "collector stands still"]


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def takeover_times(harm, watch):
    """kind → seconds without a committed event of the feed that suffered most, a value a step.

    Feeds whose own agents were being harmed meanwhile are left out: their silence has another reason.
    """
    hosts = [(done.began, done.mended, done.feeds) for done in harm.done if done.feeds]
    times = {}
    for done in harm.done:
        if done.step.kind not in TAKEOVER_KINDS:
            continue
        disturbed = {name for began, mended, feeds in hosts for name in feeds
                     if began < done.mended and mended > done.began - 1}
        calm = {unit.name for unit in harm.world.agents} - disturbed
        if calm:
            longest = watch.longest_silence(calm, done.began, done.mended)
            times.setdefault(done.step.kind, []).append(longest)
    return times


def longest_delays(harm, watch):
    """kind → the longest time that a line written during the harm (or a second before) needed to a consumer."""
    delays = sorted(watch.delays)
    begins = [written for written, _, _ in delays]
    longest = {}
    for done in harm.done:
        window = delays[bisect.bisect(begins, done.began - 1):bisect.bisect(begins, done.mended)]
        worst = max((delay for _, delay, feed in window if not done.feeds or feed in done.feeds), default=0.0)
        longest[done.step.kind] = max(longest.get(done.step.kind, 0.0), worst)
    return longest


def harm_table(harm, watch):
    counts = Counter(done.step.kind for done in harm.done)
    missed = Counter(done.step.kind for done in harm.done if not done.reached)
    delays, takeovers = longest_delays(harm, watch), takeover_times(harm, watch)
    yield f"  {'harm':<32} {'times':>6} {'longest wait':>13}   without events, p50 / max"
    for kind, count in sorted(counts.items()):
        times = takeovers.get(kind)
        silence = f"{quantile(times, 0.5):6.2f} s / {max(times):.2f} s" if times else ""
        late = sum(time > GOALS_S[kind] for time in times) if times and kind in GOALS_S else 0
        silence += f", {late} of {len(times)} over {GOALS_S[kind]} s" if late else ""
        note = f"  ({missed[kind]} not reached)" if missed[kind] else ""
        yield f"  {kind:<32} {count:>6} {delays[kind]:>11.2f} s   {silence}{note}"


def verdict_table(verdict):
    gaps = ", ".join(f"{count} {reason}" for reason, count in sorted(verdict.gaps.items())) or "none"
    rows = [("events written", verdict.written), ("events seen", verdict.seen), ("missing", verdict.missing),
            ("missing, told by GAP events", verdict.told_missing),
            ("told missing, but seen", verdict.told_too_many), ("doubled", verdict.doubled),
            ("reordered", verdict.reordered), ("holes without a GAP", verdict.holes), ("strangers", verdict.strangers),
            ("GAP events", gaps), ("GAP events without a harm", verdict.unexplained_gaps), ("FORK events", verdict.forks),
            ("FORK events without a harm", verdict.unexplained_forks), ("clones not noticed", verdict.missing_forks),
            ("transactions a broker forgot", verdict.takeovers)]
    for name, value in rows:
        yield f"  {name:<32} {value}"


def offences(verdict, harm, world, readers_agree):
    """Sentences; none: the run is good."""
    if verdict.offences:
        yield f"{verdict.offences} events are lost, doubled, out of order or out of place"
    if not readers_agree:
        yield "Kafka's own consumer saw other records than the harness"
    tried = {(done.step.kind, done.step.point) for done in harm.done if done.reached}
    for kind, point in sorted({(done.step.kind, done.step.point) for done in harm.done} - tried):
        yield f"never happened, so nothing is proved: {kind}{', ' if point else ''}{point}"
    stuck = [f"{done.step.kind}: {', '.join(done.silent)}" for done in harm.done if done.silent]
    yield from (f"not heard again within a minute after {one}" for one in stuck)
    yield from harm.failures
    for unit in world.units:
        for code, when in unit.unforeseen:
            yield f"{unit.name} ended by itself with {code} at {when:.1f} s"
        try:
            unit.program.assert_no_report()
        except AssertionError as error:
            yield str(error)[:2000]


def lines(world, harm, verdict, found, command):
    yield f"chaos: {command}"
    yield ""
    yield from harm_table(harm, world.watch)
    yield ""
    yield from verdict_table(verdict)
    # What is lost says more than a list of what came twice.
    for example in sorted(verdict.examples, key=lambda text: text.startswith(("doubled", "reordered")))[:20]:
        yield f"    | {example}"
    yield ""
    if found:
        yield from (f"  OFFENCE: {offence}" for offence in found)
        yield f"  FAILED; plan, logs and Kafka's own log are kept in {world.folder}"
    else:
        yield "  good: nothing lost, nothing twice, nothing out of order"
