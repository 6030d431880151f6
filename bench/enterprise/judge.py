"""Holds scores against what happened: what was found of each attack, what else was called High, and how true the levels are.

An alarm is an hour of one host's events of one kind with an event at High or above: what a person would look at once.
"""
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .attacks import ATTACKS
from .journal import ACCOUNT, DELETE, FILE, FLOW, GROUP, LINE, LOGIN, PROCESS, REFUSE, RENAME, SESSION
from .world import BEGIN, DAY, HOUR

MEDIUM, HIGH, CRITICAL = 40, 70, 90
NOMINAL = (1, 2, 3, 3.5)  # surprises; 10^-S of the windows should reach them
WINDOW = 300
SILENCE, VOLUME = "silences", "volumes"
NAMES = {LOGIN: "login events", PROCESS: "processes started", FILE: "files written", FLOW: "network flows",
         ACCOUNT: "account changes", GROUP: "group changes", SESSION: "session authorizations", LINE: "log lines",
         (LOGIN, 1, 2): "failed logins", (LOGIN, 1, 1): "logins", (LOGIN, 2, 1): "logouts", (FILE, DELETE, 1): "files deleted",
         (FILE, RENAME, 1): "files renamed", (FLOW, REFUSE, 2): "network flows denied"}


def sets():
    return defaultdict(set)


def lists():
    return defaultdict(list)


@dataclass
class Judgement:
    """Of one run; everything but `first_day` is of what came after the first day."""
    days: float
    top: dict = field(default_factory=dict)  # attack -> highest risk of its events
    alarms: dict = field(default_factory=sets)  # attack ('' for none) -> {(kind, host, hour)}
    kinds: dict = field(default_factory=sets)  # attack -> kinds of its events
    high: Counter = field(default_factory=Counter)  # kind -> benign events at High or above
    critical: Counter = field(default_factory=Counter)
    episodes: dict = field(default_factory=sets)  # benign episode ('' for everyday) -> alarms
    episode_events: Counter = field(default_factory=Counter)
    first_day: int = 0  # benign events at High
    windows: dict = field(default_factory=lists)  # kind -> highest surprise of each benign window


def kind_name(kind):
    return NAMES.get(kind) or NAMES[kind[0]]


def is_of_muting(run, silence):
    """Whether a silence began where an attack ended an agent: its uid ends with the second of the last event."""
    since = int(silence.rsplit("-", 1)[-1])
    for host, begin, _ in run.muted:
        last = max((e.seconds for e in run.entries if e.host == host and e.seconds < begin), default=0)
        if int(last) == since:
            return True
    return False


def attack_in(run, volume):
    """The attack with the most events in the hour that a volume ends, '' for none: it tells of all its tenant has."""
    end = int(volume.rsplit("-", 1)[-1])
    attacks = Counter(e.attack for e in run.entries if e.attack and end - HOUR <= e.seconds < end)
    return attacks.most_common(1)[0][0] if attacks else ""


def count_alarm(out, attack, where, risk, episode=""):
    kind, _, hour = where
    if attack:
        out.top[attack] = max(out.top.get(attack, 0), risk)
        out.kinds[attack].add(kind)
    if risk < HIGH:
        return
    if attack:
        out.alarms[attack].add(where)
    elif hour < 24:
        out.first_day += 1
    else:
        out.alarms[""].add(where)
        out.high[kind] += 1
        out.critical[kind] += risk >= CRITICAL
        out.episodes[episode].add(where)
        out.episode_events[episode] += 1


def judge(run, scores, told):
    """scores: (risk, surprise) of each entry of the run, in order; told: (uid, risk) of silences and volumes."""
    out = Judgement(days=max(run.world.days - 1, 1), top={name: 0 for name in ATTACKS})
    windows = defaultdict(float)
    for entry, (risk, surprise) in zip(run.entries, scores):
        kind, hour = kind_name(entry.kind), int(entry.seconds - BEGIN) // HOUR
        count_alarm(out, entry.attack, (kind, entry.host, hour), risk, entry.episode)
        if hour >= 24:
            key = (kind, entry.source or entry.host, int(entry.seconds) // WINDOW)
            windows[key] = max(windows[key], float("inf") if entry.attack else surprise)
    for uid, risk in told:
        volume, hour = uid.startswith("volume-"), (int(uid.rsplit("-", 1)[-1]) - BEGIN) // HOUR
        attack = attack_in(run, uid) if volume else "agent silenced" if is_of_muting(run, uid) else ""
        count_alarm(out, attack, (VOLUME if volume else SILENCE, uid, hour), risk)
    for (kind, _, _), surprise in windows.items():
        if surprise != float("inf"):
            out.windows[kind].append(surprise)
    # An hour that an attack made an alarm of is no false one.
    attacked = set().union(*(a for name, a in out.alarms.items() if name))
    out.alarms[""] -= attacked
    return out


# --- What a person reads

def row(*cells):
    return "| " + " | ".join(str(c) for c in cells) + " |"


def spread(values, digits=1):
    """The mean, and the range in brackets."""
    mean, low, high = (f"{v:.{digits}f}" for v in (sum(values) / len(values), min(values), max(values)))
    return f"{mean} ({low}–{high})"


def attack_rows(judged):
    for name in ATTACKS:
        tops = [j.top[name] for j in judged]
        own = sum(len(j.alarms[name]) for j in judged)
        false = sum(1 for j in judged for kind, _, _ in j.alarms[""] if kind in j.kinds[name])
        yield row(name, f"{sum(t >= HIGH for t in tops)}/{len(tops)}", f"{sum(t >= MEDIUM for t in tops)}/{len(tops)}",
                  spread(tops), own, false, f"{own / (own + false):.2f}" if own + false else "–")


def benign_rows(judged):
    for kind in sorted({kind for j in judged for kind in j.windows} | {SILENCE, VOLUME}):
        windows = [s for j in judged for s in j.windows[kind]]
        high = [j.high[kind] / j.days for j in judged]
        critical = sum(j.critical[kind] / j.days for j in judged) / len(judged)
        shares = [f"{sum(s >= n for s in windows) / len(windows):.2g}" if windows else "–" for n in NOMINAL]
        yield row(kind, spread(high), f"{critical:.1f}", len(windows), *shares)


def episode_rows(judged):
    for episode in sorted({e for j in judged for e in j.episodes}):
        events = [j.episode_events[episode] / j.days for j in judged]
        alarms = [len(j.episodes[episode]) / j.days for j in judged]
        yield row(episode or "everyday", spread(events, 2), spread(alarms, 2))


def report(judged):
    """Markdown: by attack, by kind of benign events, by what they were of."""
    found = [sum(t >= HIGH for t in j.top.values()) for j in judged]
    own = [len(set().union(*(a for name, a in j.alarms.items() if name))) for j in judged]
    precision = [o / max(1, o + len(j.alarms[""])) for o, j in zip(own, judged)]
    high = [sum(j.high.values()) / j.days for j in judged]
    yield row("attack", "found at High", "at Medium", "highest risk", "alarms", "false alarms of its kinds", "precision")
    yield row(*["---"] * 7)
    yield from attack_rows(judged)
    yield ""
    yield row("benign events", "High or above a day", "Critical a day", "windows", *(f"S ≥ {n}" for n in NOMINAL))
    yield row(*["---"] * 8)
    yield from benign_rows(judged)
    yield ""
    yield row("benign events at High or above were of", "events a day", "alarms a day")
    yield row(*["---"] * 3)
    yield from episode_rows(judged)
    yield ""
    yield f"attacks of {len(ATTACKS)} found at High: {spread(found)}; precision of alarms: {100 * sum(precision) / len(precision):.0f}% " \
          f"({100 * min(precision):.0f}–{100 * max(precision):.0f})"
    yield f"benign events at High or above an enterprise-day: {spread(high)}; on the first day: {spread([j.first_day for j in judged])}"
