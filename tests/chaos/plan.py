"""Plans of harm: which kind, to whom, when, by a seed, so that a run can be had again as far as a real Kafka allows.

A lane for the centre and a few for the hosts run side by side, so that harm to the hosts meets harm to the centre; within
a lane a step begins when what the one before did is mended.
"""
import json
import random
from dataclasses import asdict, dataclass

# Named points in the agent's way of a record, as calls that the preloaded library counts.
AGENT_POINTS = {
    "before append": "pwrite:{n}:before", "after append": "pwrite:{n}:after",
    "before sync": "fdatasync:{n}:before", "after sync": "fdatasync:{n}:after",
    "before send": "tlsout:{n}:before", "after send": "tlsout:{n}:after", "after ack": "tlsin:{n}:after",
    "before the rename of a segment": "rename:{s}:before", "after the rename of a segment": "rename:{s}:after",
    "after the trim of a segment": "unlink:{s}:after",
}
COLLECTOR_POINTS = {
    "before produce": "produce:{n}:before", "after produce": "produce:{n}:after",
    "before commit": "endtxn:{n}:before", "after commit": "endtxn:{n}:after",
    "before a partition joins": "addpartitions:{n}:before", "after init": "initpid:{s}:after",
    "before ack": "tlsout:{n}:before", "after ack": "tlsout:{n}:after",
}
AT_START = {"after init"}  # these are passed when the program starts
DISK_FAULTS = {
    "append: no space": "pwrite:{n}:ENOSPC", "append: I/O error": "pwrite:{n}+2:EIO", "append: short": "pwrite:{n}+2:short",
    "sync fails": "fdatasync:{n}:EIO", "sync fails for a while": "fdatasync:{n}+5:EIO",
    "no room for a segment": "fallocate:{s}+2:ENOSPC", "rename fails": "rename:{s}:EIO", "folder sync fails": "fsync:{s}:EIO",
}

AGENT_KINDS = ["agent killed", "agent killed at a point", "disk fault", "disk full", "byte flipped", "spool cloned",
               "agent's clock a day back", "upgrade with a full spool"]
COLLECTOR_KILLS = ["collector killed", "collector killed at a point", "collector stays dead", "collector ended",
                   "collector leaves for good"]
LINK_KINDS = ["agents' link cut", "agents' link held", "agents' link slow", "Kafka link cut", "Kafka link held",
              "Kafka link slow", "commit comes late", "agents' packets lost", "Kafka packets lost"]
BROKER_KINDS = ["broker killed", "broker stands still"]
OTHER_CENTRE_KINDS = [*BROKER_KINDS, "collector stands still", "collector's clock a day back"]
KINDS = AGENT_KINDS + COLLECTOR_KILLS + LINK_KINDS + OTHER_CENTRE_KINDS

# Of a hundred kills: agents, collectors, brokers.
AGENT_SHARE, COLLECTOR_SHARE = 0.71, 0.24


@dataclass
class Step:
    """One harm. at_s: not before, counted from the start; target: which agent, collector or broker, by number."""
    kind: str
    at_s: float
    target: int
    point: str = ""
    calls: str = ""
    seconds: float = 0.0


@dataclass
class Plan:
    """Steps for the hosts' lanes, and for the centre's."""
    seed: int
    hosts: list
    centre: list

    def save(self, path):
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


class _Maker:
    def __init__(self, seed, agents, collectors, brokers):
        self.random, self.agents, self.collectors, self.brokers = random.Random(seed), agents, collectors, brokers

    def step(self, kind, point=None):
        step = Step(kind, 0.0, self.random.randrange(self._crowd(kind)), seconds=self._seconds(kind))
        points = {"agent killed at a point": AGENT_POINTS, "collector killed at a point": COLLECTOR_POINTS,
                  "disk fault": DISK_FAULTS}.get(kind)
        if points:
            step.point = point or self.random.choice(sorted(points))
            step.calls = points[step.point].format(n=self.random.randint(1, 25), s=self.random.randint(1, 2))
        return step

    def _crowd(self, kind):
        """How many it may hit."""
        if kind in AGENT_KINDS:
            return self.agents
        return self.brokers if kind in BROKER_KINDS else self.collectors

    def _seconds(self, kind):
        """How long the harm lasts."""
        if kind == "broker stands still" and self.brokers > 1:
            return self.random.choice([3.0, 12.0])  # the latter is longer than its session: others lead meanwhile
        if kind == "collector stands still":
            return self.random.choice([8.0, 17.0])  # longer than its session; longer than its transaction lives
        if kind in ("agents' packets lost", "Kafka packets lost"):
            return self.random.choice([3.0, 10.0])  # the latter is longer than a collector's session with its group
        if kind in ("collector stays dead", "collector leaves for good"):
            return 12.0
        return self.random.uniform(1.5, 4.0)

    def spread(self, steps, seconds):
        self.random.shuffle(steps)
        for index, step in enumerate(steps):
            step.at_s = round((index + self.random.random() * 0.5) * seconds / len(steps), 2)
        return steps


def short_plan(seed, agents, collectors, brokers=1, seconds=75.0):
    """Every kind once, and every named point of a collector's and an agent's death."""
    maker = _Maker(seed, agents, collectors, brokers)
    hosts = [maker.step(kind) for kind in AGENT_KINDS if kind != "agent killed at a point"]
    hosts += [maker.step("agent killed at a point", point) for point in AGENT_POINTS]
    hosts += [maker.step("disk fault", point) for point in list(DISK_FAULTS)[1::2]]
    centre = [maker.step(kind) for kind in COLLECTOR_KILLS + LINK_KINDS + OTHER_CENTRE_KINDS]
    centre += [maker.step("collector killed at a point", "after commit")]
    for step in centre:
        if step.kind == "collector stands still":
            step.seconds = 17.0
    return Plan(seed, maker.spread(hosts, seconds), maker.spread(centre, seconds))


def long_plan(seed, kills, minutes, agents, collectors, brokers=1):
    """So many kills of agents, collectors and brokers, and a tenth as many of each other harm."""
    maker = _Maker(seed, agents, collectors, brokers)
    agent_kills = max(1, round(kills * AGENT_SHARE))
    collector_kills = max(1, round(kills * COLLECTOR_SHARE))
    broker_kills = max(1, kills - agent_kills - collector_kills)
    each = max(1, kills // 60)
    hosts = [maker.step("agent killed" if index % 2 else "agent killed at a point") for index in range(agent_kills)]
    centre = [maker.step(COLLECTOR_KILLS[1] if index % 2 else maker.random.choice(COLLECTOR_KILLS))
              for index in range(collector_kills)]
    centre += [maker.step("broker killed") for _ in range(broker_kills)]
    hosts += [maker.step(kind) for kind in AGENT_KINDS[2:] for _ in range(each)]
    centre += [maker.step(kind) for kind in LINK_KINDS + OTHER_CENTRE_KINDS[1:] for _ in range(each)]
    return Plan(seed, maker.spread(hosts, minutes * 60), maker.spread(centre, minutes * 60))


def plan_of_kinds(kinds, seed, kills, minutes, agents, collectors, brokers=1):
    """So many harms of a few kinds, in turn: for who looks into them."""
    maker = _Maker(seed, agents, collectors, brokers)
    steps = [maker.step(kinds[index % len(kinds)]) for index in range(kills)]
    hosts = [step for step in steps if step.kind in AGENT_KINDS]
    centre = [step for step in steps if step.kind not in AGENT_KINDS]
    return Plan(seed, maker.spread(hosts, minutes * 60), maker.spread(centre, minutes * 60))
