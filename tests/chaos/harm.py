"""Does the harm of a plan to a world, waits until it is mended, and remembers what was done and what it explains.

A deed gets the world and its step; it returns when the harm itself is over. The lane then waits until every feed that
should be heard is heard again; one that is not within a minute is stuck, which is an offence as a loss is.
"""
import json
import random
import threading
import time
from dataclasses import dataclass, field

from . import packets
from .clone import clone_agent
from .plan import AT_START, BROKER_KINDS
from .world import NOBODY

HOST_LANES = 3  # a host's harm waits for no other host's, as long as they are not in one lane
MEND_S = 60
DAY_S = 86400
SEGMENT_LINES = 6000  # more than a segment of these spools holds
LONG_S = 12  # longer than a broker's session with its cluster
POINT_S = 60  # a point may have to wait until what the other lane broke is mended, and its backlog came


@dataclass
class Done:
    """A step that was carried out, in seconds since the world began (monotonic for the watch)."""
    step: object
    began: float
    harmed: float = 0.0
    mended: float = 0.0
    reached: bool = True
    silent: list = field(default_factory=list)
    feeds: tuple = ()   # whose lines it delays; empty: everybody's
    clean: bool = True  # nothing else was harmed meanwhile


class Harm:
    """The lanes of a plan. over: set to end between two steps."""

    def __init__(self, world, plan, report, over):
        self.world, self.plan, self.report = world, plan, report
        self.done, self.expected, self.failures = [], {}, []
        self.random = random.Random(plan.seed)
        self.lock, self.over = threading.Lock(), over
        self.begin = time.monotonic()

    def run(self):
        """Until all lanes are through."""
        hosts = [[step for step in self.plan.hosts if step.target % HOST_LANES == lane] for lane in range(HOST_LANES)]
        lanes = [threading.Thread(target=self._lane, args=(name, steps), name=name, daemon=True)
                 for name, steps in [("centre", self.plan.centre), *(("hosts", steps) for steps in hosts)]]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    def _lane(self, name, steps):
        for step in steps:
            if self.over.wait(max(0.0, self.begin + step.at_s - time.monotonic())):
                return
            try:
                self._carry_out(name, step)
            except Exception as error:
                self.failures.append(f"{step}: {type(error).__name__}: {error}")
                if self.world.watch.error is not None or len(self.failures) > 5:
                    return

    def _carry_out(self, lane, step):
        world, done = self.world, Done(step, time.monotonic())
        if lane == "hosts":
            done.feeds = (world.agents[step.target].name,)
        DEEDS[step.kind](self, step, done)
        done.harmed = time.monotonic()
        wanted = done.feeds or tuple(agent.name for agent in world.agents)
        done.silent = sorted(world.watch.wait_heard(wanted, done.harmed, MEND_S, lambda: world.feeder.at_end))
        done.mended = time.monotonic()
        with self.lock:
            self.done.append(done)
        self.report(f"{world.clock():7.1f} s  {step.kind}"
                    + (f", {step.point}" if step.point else "") + ("" if done.reached else " (not reached)")
                    + f", {self._victim(step, done)}: "
                    + f"{done.harmed - done.began:.1f} s of harm, heard again after {done.mended - done.harmed:.1f} s"
                    + (f", STILL SILENT: {', '.join(done.silent)}" if done.silent else ""))

    def _victim(self, step, done):
        if step.kind in BROKER_KINDS:
            return f"broker {_broker(self, step).seat.node}"
        return done.feeds[0] if done.feeds else f"collector {step.target + 1}"

    def explain(self, agent, *reasons):
        """Harm that may cost events, or be taken for a fork ("FORK?"), or must be ("FORK")."""
        self.expected.setdefault(agent, set()).update(reasons)

    def save(self, path):
        lines = [json.dumps({**vars(done.step), "began": done.began - self.begin, "harmed": done.harmed - self.begin,
                             "mended": done.mended - self.begin, "reached": done.reached, "silent": done.silent})
                 for done in self.done]
        path.write_text("\n".join(lines) + "\n")


# ---- Agents

def _agent(harm, step):
    return harm.world.agents[step.target]


def kill_agent(harm, step, done):
    unit = _agent(harm, step)
    unit.kill()
    time.sleep(harm.random.choice([0.05, 0.5, 1.5]))
    unit.start()


def _kill_at(units, step, done):
    """Arms them, and waits until one dies of it; the keeper brings it back unarmed, and the others are disarmed."""
    before = [len(unit.deaths) for unit in units]
    for unit in units:
        if step.point in AT_START:
            unit.kill()
            unit.start(step.calls)
        else:
            unit.arm(step.calls)
    dead, end = [], time.monotonic() + POINT_S
    while not dead and time.monotonic() < end:
        time.sleep(0.02)
        dead = [unit for unit, number in zip(units, before) if len(unit.deaths) > number]
    done.reached = bool(dead)
    spared = [unit for unit in units if unit not in dead]
    for unit in spared:
        unit.disarm()
    time.sleep(0.2)  # for one that was dying of it just now
    for unit in spared:
        unit.doomed = unit.doomed and not unit.running


def kill_agent_at(harm, step, done):
    if "segment" in step.point:
        _agent(harm, step).feed.write(SEGMENT_LINES * int(step.calls.split(":")[1]))
    _kill_at([_agent(harm, step)], step, done)


def break_disk(harm, step, done):
    unit = _agent(harm, step)
    if "pwrite" not in step.calls:
        unit.feed.write(SEGMENT_LINES)
    unit.arm(step.calls)
    time.sleep(step.seconds)
    _restart_without_harm(harm, unit)


def _restart_without_harm(harm, unit):
    """Now by kill, now in good order."""
    if harm.random.random() < 0.5:
        unit.kill()
    else:
        unit.stop()
    unit.start()


def fill_disk(harm, step, done):
    """Where its spool has a small file system of its own, really; else the preloaded library says so."""
    unit = _agent(harm, step)
    ballast = unit.spool.parent / "ballast"
    if unit.small_disk:
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
            except OSError:
                pass
    else:
        unit.set(disk_full=True)
    unit.feed.write(2000)
    time.sleep(step.seconds)
    if harm.random.random() < 0.5:
        unit.kill()
        unit.start()
        time.sleep(1)
    ballast.unlink(missing_ok=True)
    unit.set()


def _fill_spool(unit, lines):
    """Leaves it stopped, with a spool full of what no collector has."""
    unit.kill()
    unit.point_at([NOBODY])
    unit.start()
    unit.feed.write(lines)


def flip_byte(harm, step, done):
    unit = _agent(harm, step)
    harm.explain(unit.agent, "spool_damaged", "forked", "FORK?")
    _fill_spool(unit, 500)
    time.sleep(1.5)
    unit.kill()
    files = unit.segments()
    if files:
        path = harm.random.choice(files)
        data = bytearray(path.read_bytes())
        used = [at for at in range(0, len(data), 7) if data[at]] or [0]
        at = harm.random.choice(used)
        data[at] ^= 1 << harm.random.randrange(8)
        with path.open("r+b") as file:
            file.seek(at)
            file.write(data[at:at + 1])
    done.reached = bool(files)
    unit.point_at(unit.collectors)
    unit.start()


def upgrade(harm, step, done):
    unit = _agent(harm, step)
    _fill_spool(unit, 20000)
    time.sleep(step.seconds)
    code = unit.stop()
    if code != 0:
        harm.failures.append(f"{unit.name} ended with {code} on SIGTERM, its spool full")
    unit.point_at(unit.collectors)
    unit.start()


def turn_clock_back(harm, step, done, unit=None):
    unit = unit or _agent(harm, step)
    unit.set(offset_s=-DAY_S)
    time.sleep(step.seconds / 2)
    if harm.random.random() < 0.5:
        unit.kill()
        unit.start()
    time.sleep(step.seconds / 2)
    unit.set()


# ---- Collectors

def _collector(harm, step):
    return harm.world.collectors[step.target]


def kill_collector(harm, step, done):
    unit = _collector(harm, step)
    unit.kill()
    time.sleep(0.1)
    unit.start()


def kill_collector_at(harm, step, done):
    """Whichever gets there first: one that owns no shard, or none whose agents are alive, commits nothing."""
    units = [_collector(harm, step)] if step.point in AT_START else harm.world.collectors
    _kill_at(units, step, done)


def _stay_away(harm, step, unit):
    """The others have to take over meanwhile; where there are none, nobody is heard until it is back."""
    time.sleep(step.seconds)
    unit.start()


def keep_collector_dead(harm, step, done):
    unit = _collector(harm, step)
    unit.kill()
    _stay_away(harm, step, unit)


def _end(harm, unit):
    code = unit.stop()
    if code != 0:
        harm.failures.append(f"{unit.name} ended with {code} on SIGTERM")


def end_collector(harm, step, done):
    unit = _collector(harm, step)
    _end(harm, unit)
    unit.start()


def retire_collector(harm, step, done):
    unit = _collector(harm, step)
    _end(harm, unit)
    _stay_away(harm, step, unit)


def freeze_collector(harm, step, done):
    unit = _collector(harm, step)
    with unit.lock:
        unit.program.pause()
        unit.doomed = True  # it may find that it was replaced, and end by itself
    time.sleep(step.seconds)
    with unit.lock:
        unit.program.resume()
    time.sleep(1)


def turn_collectors_clock_back(harm, step, done):
    turn_clock_back(harm, step, done, _collector(harm, step))


# ---- The brokers, the links

def _broker(harm, step):
    brokers = harm.world.kafka.brokers
    return brokers[step.target % len(brokers)]


def _broker_to_lose(harm, step, done):
    """It is harmed when the others have all that it has: never two at once."""
    harm.world.kafka.wait_in_sync()
    done.began = time.monotonic()
    return _broker(harm, step)


def kill_broker(harm, step, done):
    broker = _broker_to_lose(harm, step, done)
    broker.kill()
    # One of three may also be away for longer than its session: then others lead, and the cluster lives without it.
    time.sleep(harm.random.choice([0.0, 2.0] if broker.seat.count == 1 else [0.0, 2.0, LONG_S]))
    harm.world.start_kafka(broker)


def freeze_broker(harm, step, done):
    broker = _broker_to_lose(harm, step, done)
    broker.pause()
    time.sleep(step.seconds)
    broker.resume()


def _hurt_links(harm, links, step, **how):
    for link in links:
        harm.world.links.set(link, **how)
    time.sleep(step.seconds)
    for link in links:
        harm.world.links.set(link)


def on_agents_link(**how):
    return lambda harm, step, done: _hurt_links(harm, [_collector(harm, step).agents_link], step, **how)


def on_kafka_link(**how):
    return lambda harm, step, done: _hurt_links(harm, _collector(harm, step).kafka_links, step, **how)


def lose_packets(harm, links, step):
    """Where the run has a network of its own, really; else the links are held, which is as silent, but takes the bytes."""
    if not harm.world.options.own.network:
        _hurt_links(harm, links, step, held=True)
        return
    ports = [link.port for link in links]
    packets.lose(ports)
    time.sleep(step.seconds)
    packets.lose_no_more(ports)


def delay_commit(harm, step, done):
    """The next end of a transaction, at each broker, arrives when its sender has given its connection up."""
    links = _collector(harm, step).kafka_links
    before = sum(len(link.late) for link in links)
    for link in links:
        harm.world.links.set(link, late_end_s=0.35)
    done.reached, end = False, time.monotonic() + POINT_S
    while not done.reached and time.monotonic() < end:
        time.sleep(0.05)
        done.reached = sum(len(link.late) for link in links) > before
    for link in links:
        harm.world.links.set(link)


SLOW = {"delay_s": 0.08, "bytes_per_s": 200_000}
DEEDS = {
    "agent killed": kill_agent, "agent killed at a point": kill_agent_at, "disk fault": break_disk,
    "disk full": fill_disk, "byte flipped": flip_byte, "agent's clock a day back": turn_clock_back,
    "upgrade with a full spool": upgrade, "spool cloned": clone_agent,
    "collector killed": kill_collector, "collector killed at a point": kill_collector_at,
    "collector stays dead": keep_collector_dead, "collector ended": end_collector,
    "collector leaves for good": retire_collector, "collector stands still": freeze_collector,
    "collector's clock a day back": turn_collectors_clock_back,
    "broker killed": kill_broker, "broker stands still": freeze_broker,
    "agents' link cut": on_agents_link(cut=True), "agents' link held": on_agents_link(held=True),
    "agents' link slow": on_agents_link(**SLOW), "Kafka link cut": on_kafka_link(cut=True),
    "Kafka link held": on_kafka_link(held=True), "Kafka link slow": on_kafka_link(**SLOW),
    "commit comes late": delay_commit,
    "agents' packets lost": lambda harm, step, done: lose_packets(harm, [_collector(harm, step).agents_link], step),
    "Kafka packets lost": lambda harm, step, done: lose_packets(harm, _collector(harm, step).kafka_links, step),
}
