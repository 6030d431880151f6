"""One run of the enterprise: everything follows from the seed."""
import random
from dataclasses import dataclass

from . import attacks, machines, office
from .journal import Journal
from .world import World


@dataclass
class Run:
    seed: int
    world: World
    entries: list
    began: dict  # when each attack began
    muted: list  # hosts whose agents were silenced: (host, begin, end)


def simulate(seed, days=14, hosts=30):
    def seed_of(what):
        """A stream of its own for each part, so that a change of one leaves the others as they were."""
        return random.Random(f"{seed} {what}")

    journal, world = Journal(), World(seed_of("world"), hosts, days)
    office.people(journal, seed_of, world)
    machines.all_machines(journal, seed_of, world)
    began = attacks.lay_in(journal, seed_of, world)
    journal.sort()
    return Run(seed, world, journal.entries, began, journal.muted)
