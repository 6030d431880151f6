"""A host copied with its spool and its certificate: two agents that continue one stream."""
import shutil
import time

from .world import AgentUnit

TOGETHER_S = 5
RETIRE_S = 30


def clone_agent(harm, step, done):
    """The copy reads another file than the original, so that each line has one writer still."""
    world, unit = harm.world, harm.world.agents[step.target]
    number = sum(feed.startswith(unit.name + ".") for feed in world.feeds) + 1
    harm.explain(unit.agent, "FORK", "forked")
    unit.feed.write(200)
    time.sleep(0.3)
    unit.kill()
    name = f"{unit.name}.{number}"
    feed = world.new_feed(name, unit.agent, unit.feed.rate)
    copy = AgentUnit(world, *unit.agent, feed, list(unit.collectors), home=world.folder / f"clone-{number}")
    if unit.spool.exists():
        shutil.copytree(unit.spool, copy.spool)
    world.units.append(copy)
    copy.start()
    unit.start()
    time.sleep(TOGETHER_S)
    feed.paused = True
    _retire(world, copy, feed)


def _retire(world, copy, feed):
    """Ends the copy when all it had has come; one that still has something is left running, to be judged at the end."""
    end = time.monotonic() + RETIRE_S
    while time.monotonic() < end:
        if world.watch.is_complete({feed.name: dict(feed.written)}):
            copy.stop()
            return
        time.sleep(0.2)
