"""The world that is harmed: a real Kafka, collectors and agents with links between them, feeds, and who watches it all."""
import concurrent.futures
import itertools
import os
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from support.events import partition_of
from support.kafka_server import KafkaCluster
from support.ports import free_port
from support.process import BUILD, SANITIZER, SANITIZER_OPTIONS, run
from support.vedette import Agent, Collector, Identities

from . import packets
from .feed import Feed, Feeder
from .proxy import Links
from .watch import Watch

PREFIX, PARTITIONS = "vedette", 8
RESTART_S = 0.3        # how soon a service manager brings a program back
NOBODY = "127.0.0.1:9"  # where no collector listens
MEBIBYTE = 1 << 20
CONTROL = struct.Struct("=qqq1000s")  # struct control of preload/plan.c
SMALL_DISK_BYTES = 24 * MEBIBYTE


class Unit:
    """A program that is kept running: whoever kills it, the keeper brings it back while it is wanted."""

    def __init__(self, world, name, program, under):
        self.world, self.name, self.program = world, name, program
        self.control = program.folder / "control"
        self.offset_s, self.disk_full, self.plan_number = 0, False, 0
        self.control.write_bytes(bytes(CONTROL.size))
        self.lock = threading.RLock()
        self.wanted, self.doomed, self.bring_back_at = False, False, None
        self.deaths = []      # exit codes of ends that were not this harness's signal
        self.unforeseen = []  # (exit code, when) of those that nobody planned
        self.env = {"LD_PRELOAD": str(BUILD / "lib/vedette-chaos.so"), "CHAOS_CONTROL": str(self.control),
                    "CHAOS_UNDER": str(under),
                    "ASAN_OPTIONS": SANITIZER_OPTIONS["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}

    @property
    def running(self):
        return self.program.running

    def start(self, plan=""):
        """plan: harm at n-th calls from the beginning, see preload/plan.c."""
        with self.lock:
            self.wanted, self.bring_back_at = True, None
            self.arm(plan)
            self.program.env.update(self.env)
            self.world.spawn(self.program.start)

    def kill(self):
        """kill -9; it stays dead until start()."""
        with self.lock:
            self.wanted = False
            if self.running:
                self.program.kill()

    def stop(self):
        """SIGTERM; returns the exit code."""
        with self.lock:
            self.wanted = False
            if not self.running:
                return self.program.process.returncode
            self.program.process.terminate()
            try:
                return self.program.wait(40)
            except subprocess.TimeoutExpired:
                return "no end after 40 s"

    def arm(self, plan):
        """Harm at n-th calls from now on, until the program ends or another plan is set."""
        self.doomed = "before" in plan or "after" in plan
        self.plan_number += 1
        self._control(plan)

    def disarm(self):
        """No more harm at calls; it may be dying of its plan just now, and so is doomed still."""
        self.plan_number += 1
        self._control("")

    def set(self, offset_s=0, disk_full=False):
        """What the preloaded library does to the time of day and to the disk, at once."""
        self.offset_s, self.disk_full = offset_s, disk_full
        self._control("")

    def _control(self, plan):
        with self.control.open("r+b") as file:
            file.seek(CONTROL.size - 1000)
            file.write(plan.encode() + b"\0")
            file.flush()  # the number last: it says that the plan is whole
            file.seek(0)
            file.write(struct.pack("=qqq", self.offset_s, self.disk_full, self.plan_number))

    def keep(self):
        """Called again and again: brings back what ended."""
        with self.lock:
            if not self.wanted or self.running:
                return
            now = time.monotonic()
            if self.bring_back_at is None:
                self.deaths.append(self.program.process.returncode)
                # By a clock that is a day back its own certificate is not valid yet, and it says so.
                if not (self.doomed or self.offset_s) or (self.deaths[-1] > 0 and SANITIZER.search(self.program.log_text())):
                    self.unforeseen.append((self.program.process.returncode, self.world.clock()))
                self.bring_back_at = now + RESTART_S
            elif now >= self.bring_back_at:
                self.start()


class AgentUnit(Unit):
    """An agent, its feed and its spool."""

    def __init__(self, world, tenant, host, feed, collectors, home=None, disk=None):
        home = home or world.folder
        self.agent, self.feed = (tenant, host), feed
        self.spool = disk or home / f"{tenant}-{host}" / "spool"
        settings = {"spool": {"folder": str(self.spool), "max_bytes": 2 * MEBIBYTE, "free_floor_bytes": MEBIBYTE},
                    "reconnect": {"max_ms": 1000}}
        # A copy of a host has the name of the original, and a folder of its own.
        home = SimpleNamespace(identities=world.identities, folder=home)
        program = Agent(home, tenant, host, collectors, [feed.path], False, settings)
        super().__init__(world, feed.name, program, self.spool)
        self.collectors = program.settings["collectors"]
        self.small_disk = disk is not None

    def point_at(self, collectors):
        """From its next start on."""
        self.program.settings["collectors"] = collectors
        self.program.configure()

    def segments(self):
        return sorted(path for path in self.spool.rglob("*") if path.is_file() and path.stat().st_size)


class CollectorUnit(Unit):
    """A collector, the link that agents reach it by, and its links to Kafka, one a broker."""

    def __init__(self, world, name):
        self.door = free_port()  # where agents connect
        self.kafka_links = world.kafka_links[name]
        brokers = ",".join(f"127.0.0.1:{link.port}" for link in self.kafka_links)
        settings = {"kafka": {"brokers": brokers, "delivery": world.options.delivery},
                    "listen": {"advertise": f"127.0.0.1:{self.door}"}}
        program = Collector(world, name, settings)
        super().__init__(world, name, program, "/nowhere/")
        self.agents_link = world.links.open(self.door, program.port)


class World:
    """Everything that one run starts. Leaving it ends all of it."""

    def __init__(self, folder, options):
        self.folder, self.options = Path(folder), options
        self.folder.mkdir(parents=True, exist_ok=True)
        self.began = time.monotonic()
        # A child dies with the thread that made it (setpriv --pdeathsig): these two live as long as the world.
        self._spawner = concurrent.futures.ThreadPoolExecutor(1, "spawner")
        self._kafka_spawner = concurrent.futures.ThreadPoolExecutor(1, "kafka-spawner")
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._over = threading.Event()
        self.links, self.units, self.retired = Links(), [], []
        self.kafka_links, self.feeds, self.owners = {}, {}, {}
        self.prefix, self.brokers, self.watch, self.feeder = PREFIX, None, None, None

    def clock(self):
        """Seconds since it began."""
        return time.monotonic() - self.began

    def spawn(self, start):
        return self._spawner.submit(start).result()

    def start(self):
        names = [f"c{index + 1}" for index in range(self.options.collectors)]
        ports = {name: [free_port() for _ in range(self.options.brokers)] for name in names}
        self.kafka = KafkaCluster(self.folder / "kafka", self.options.brokers,
                                  {name.upper(): each for name, each in ports.items()})
        self.brokers = self.kafka.address
        self.start_kafka(self.kafka)
        for name, each in ports.items():
            self.kafka_links[name] = [self.links.open(port, broker.doors[name.upper()])
                                      for port, broker in zip(each, self.kafka.brokers)]
        done = run("vedette", "topics", "create", "--brokers", self.brokers, "--partitions", PARTITIONS, "--prefix", PREFIX,
                   "--replication", self.kafka.replicas)
        assert done.returncode == 0, done.stderr
        self.identities = Identities(self.folder / "identity")
        self._start_watch()
        self.collectors = [CollectorUnit(self, name) for name in names]
        self.agents = [self._new_agent(index) for index in range(self.options.agents)]
        self.units = [*self.collectors, *self.agents]
        for unit in self.units:
            unit.start()
        self._keeper.start()
        self.feeder.start()

    def _start_watch(self):
        self.watch = Watch(self.brokers, f"{PREFIX}.events.v1", PARTITIONS, self.owners, self.feeds)
        self.feeder = Feeder(self.feed_list, self.watch.seen)
        self.watch.start()

    def _new_agent(self, index):
        tenant, host = tenants(self.options.tenants)[index % self.options.tenants], f"a{index}"
        feed = self.new_feed(f"{tenant}/{host}", (tenant, host), self.options.rate)
        doors = [f"127.0.0.1:{unit.door}" for unit in self.collectors]
        turn = index % len(doors)
        disk = small_disk(self.folder / f"disk-{host}") if index == 0 and self.options.own.mounts else None
        return AgentUnit(self, tenant, host, feed, doors[turn:] + doors[:turn], disk=disk)

    def new_feed(self, name, agent, rate):
        feed = Feed(name, self.folder / "feeds" / name.replace("/", "-"), rate, int(rate * self.options.rotate_s),
                    self.options.seed)
        self.owners[name] = agent
        self.feeds[name] = feed
        return feed

    def feed_list(self):
        return list(self.feeds.values())

    def start_kafka(self, which):
        """All of it, or one of its brokers."""
        self._kafka_spawner.submit(which.start).result()

    def _keep(self):
        while not self._over.wait(0.05):
            for unit in list(self.units):
                unit.keep()

    def written(self):
        return {name: dict(feed.written) for name, feed in list(self.feeds.items())}

    def stop_units(self):
        """SIGTERM to all that run, agents first. Returns sentences about who did not end with 0."""
        return [f"{unit.name} ended with {code} on the last SIGTERM"
                for unit in sorted(self.units, key=lambda unit: isinstance(unit, CollectorUnit))
                if unit.running and (code := unit.stop()) != 0]

    def close(self):
        self._over.set()
        if self.feeder is not None and self.feeder.is_alive():
            self.feeder.stop()
        for unit in self.units:
            with unit.lock:
                unit.wanted = False
        self._keeper.join(5) if self._keeper.is_alive() else None
        for unit in self.units:
            unit.kill()
        if getattr(self, "kafka", None) is not None:
            self.kafka.close()
        self.links.close()
        self._spawner.shutdown()
        self._kafka_spawner.shutdown()


def tenants(count):
    """Names of tenants that lie in as many partitions as there are."""
    names, taken = [], set()
    for number in itertools.count():
        partition = partition_of(f"t{number}", PARTITIONS)
        if partition not in taken:
            names.append(f"t{number}")
            taken.add(partition)
        if len(taken) == PARTITIONS:
            taken = set()
        if len(names) == count:
            return names


def small_disk(path):
    """A file system of its own for a spool, gone with this process's mount namespace."""
    path.mkdir(parents=True)
    size = f"size={SMALL_DISK_BYTES}"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "chaos", path], capture_output=True, check=False)
    return path / "spool" if done.returncode == 0 else None


def own_namespaces(arguments):
    """Runs this program again in namespaces of its own, where that is allowed. Returns which: of mounts, of the network."""
    if "CHAOS_NAMESPACES" in os.environ:
        own = os.environ["CHAOS_NAMESPACES"].split()
        return SimpleNamespace(mounts="--mount" in own, network="--net" in own and packets.prepare())
    for own in (["--mount", "--net"], ["--mount"]):
        trial = ["unshare", *own, *([sys.executable, packets.__file__] if "--net" in own else ["true"])]
        if subprocess.run(trial, capture_output=True, check=False).returncode == 0:
            os.execvpe("unshare", ["unshare", *own, "--propagation", "private", *arguments],
                       {**os.environ, "CHAOS_NAMESPACES": " ".join(own)})
    return SimpleNamespace(mounts=False, network=False)
