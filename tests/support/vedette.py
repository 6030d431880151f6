"""A small fleet for a test: identities, topics, collectors and agents, in a folder and on ports of its own."""
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

from .events import Reader
from .ports import free_port
from .process import Process, run
from .waiting import wait_for

TRUST_DOMAIN = "vedette.test"
PARTITIONS = 4
POLICIES = {"state": "compact", "shards": "compact", "findings": "compact,delete"}
READY_S = 30


def merged(settings, more):
    """Settings with others laid over them, section by section; lists are replaced."""
    result = dict(settings)
    for key, value in more.items():
        inner = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if inner else value
    return result


class Identities:
    """Certificates of one authority, made by `vedette identity`."""

    def __init__(self, folder, trust_domain=TRUST_DOMAIN):
        self.folder, self.trust_domain = Path(folder), trust_domain
        self.ca = self.folder / "ca.pem"
        self._identity("init", "--trust-domain", trust_domain)

    def _identity(self, verb, *arguments):
        done = run("vedette", "identity", verb, "--dir", self.folder, *arguments)
        assert done.returncode == 0, done.stderr

    def _settings(self, stem):
        return {"certificate": f"{self.folder}/{stem}.pem", "key": f"{self.folder}/{stem}.key", "ca": str(self.ca),
                "trust_domain": self.trust_domain}

    def agent(self, tenant, name):
        """The tls section of an agent; makes the certificate when it is asked for first."""
        stem = f"agent-{tenant}-{name}"
        if not (self.folder / f"{stem}.pem").exists():
            self._identity("agent", "--tenant", tenant, "--name", name)
        return self._settings(stem)

    def collector(self, name):
        stem = f"collector-{name}"
        if not (self.folder / f"{stem}.pem").exists():
            self._identity("collector", "--name", name)
        return self._settings(stem)


class Program(Process):
    """An agent or a collector with a configuration file; `settings` go over the defaults that are built in."""

    def __init__(self, folder, binary, name, settings, arguments=(), env=None):
        self.folder = Path(folder) / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "config.yaml"
        self.settings = settings
        self.configure()
        super().__init__(binary, ["--config", self.config, *arguments], self.folder / "log", env)

    def configure(self, **more):
        """Writes the configuration file, with changes laid over it. JSON is YAML."""
        self.settings = merged(self.settings, more)
        self.config.write_text(json.dumps(self.settings, indent=2) + "\n")


class Collector(Program):
    """A collector on fixed ports, so that it is found again after a restart."""

    def __init__(self, fleet, name, settings):
        self.port, self.http_port = free_port(), free_port()
        self.address = f"127.0.0.1:{self.port}"
        own = {
            "name": name,
            "listen": {"address": self.address},
            "tls": fleet.identities.collector(name),
            "kafka": {"brokers": fleet.brokers, "topics_prefix": fleet.prefix},
            "http": {"address": f"127.0.0.1:{self.http_port}"},
            "log": {"level": "debug"},
        }
        super().__init__(fleet.folder, "vedette-collector", name, merged(own, settings))

    def http(self, path):
        """(status, text) of a page; (0, why) while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def wait_ready(self, timeout_s=READY_S):
        """Until it takes agents and Kafka takes events."""
        def ready():
            assert self.running, f"{self.name} ended with {self.process.returncode}:\n{self.log_text()[-4000:]}"
            return self.http("/readyz")[0] == 200
        wait_for(ready, timeout_s, f"the collector to be ready, see {self.log}", pause_s=0.1)
        return self

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels; 0 when there is none."""
        status, text = self.http("/metrics")
        assert status == 200, text
        total = 0.0
        for found in re.finditer(rf"^{name}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE):
            if all(f'{key}="{value}"' in (found[1] or "") for key, value in labels.items()):
                total += float(found[2])
        return total


class Agent(Program):
    """An agent of a tenant that follows log files."""

    def __init__(self, fleet, tenant, name, collectors, files, once, settings):
        self.tenant, self.host = tenant, name
        self.spool = fleet.folder / f"{tenant}-{name}" / "spool"
        own = {
            "collectors": [getattr(collector, "address", collector) for collector in collectors],
            "tls": fleet.identities.agent(tenant, name),
            "sources": [{"type": "tail", "paths": [str(path) for path in files], "from": "beginning"}],
            "spool": {"folder": str(self.spool), "free_floor_bytes": 0},
            "reconnect": {"min_ms": 100, "max_ms": 1000},
            "log": {"level": "debug"},
        }
        super().__init__(fleet.folder, "vedette-agent", f"{tenant}-{name}", merged(own, settings),
                         ["--once"] if once else [])


class Fleet:
    """What one test runs. Leaving it ends what still runs, agents first, and looks at every log for sanitizer reports."""

    TOPICS = [("events", PARTITIONS), ("state", PARTITIONS), ("findings", 1), ("dlq", 1), ("shards", 1)]

    def __init__(self, folder, kafka, prefix):
        self.folder, self.kafka, self.prefix = Path(folder), kafka, prefix
        self.brokers = kafka.address
        self.identities = Identities(self.folder / "identity")
        self.programs = []
        for role, partitions in self.TOPICS:
            policy = {"cleanup_policy": POLICIES[role]} if role in POLICIES else {}
            kafka.create_topic(self.topic(role), partitions=partitions, **policy)

    def topic(self, role):
        return f"{self.prefix}.{role}.v1"

    def _add(self, program):
        self.programs.append(program)
        return program

    def new_collector(self, name="c1", **settings):
        """A collector that is not started."""
        return self._add(Collector(self, name, settings))

    def collector(self, name="c1", **settings):
        """A collector, ready."""
        collector = self.new_collector(name, **settings)
        collector.start()
        return collector.wait_ready()

    def new_agent(self, tenant, name, collectors, files, once=False, **settings):
        """An agent that is not started. collectors: one, or a list of Collector or "host:port"."""
        if not isinstance(collectors, list):
            collectors = [collectors]
        return self._add(Agent(self, tenant, name, collectors, files, once, settings))

    def agent(self, *arguments, **settings):
        """An agent, started."""
        return self.new_agent(*arguments, **settings).start()

    def log_file(self, name, lines=()):
        """A log file in the fleet's folder."""
        path = self.folder / name
        path.write_bytes("".join(lines).encode())
        return path

    def events(self):
        """A reader of the events topic."""
        return Reader(self.brokers, self.topic("events"))

    def dead_letters(self):
        return Reader(self.brokers, self.topic("dlq"))

    def stop(self):
        """Stops all in good order, agents first: each must end with 0."""
        for program in sorted(self.programs, key=lambda program: isinstance(program, Collector)):
            if program.running:
                program.stop()

    def close(self):
        for program in self.programs:
            if program.running:
                program.kill()
        for program in self.programs:
            if program.process is not None:
                program.assert_no_report()
