"""What a bench runs: a real Kafka, collectors, agents, in a folder that goes with it; what the kernel says of them."""
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOMAIN, PARTITIONS = "vedette.test", 4
EXACTLY_ONCE, AT_LEAST_ONCE = "exactly-once", "at-least-once"
# Topics of their own: a shard that is recovered reads back what came since its snapshot, whoever wrote it.
PREFIXES = {EXACTLY_ONCE: "once", AT_LEAST_ONCE: "least", "bare": "bare"}
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def say(text):
    print(text, file=sys.stderr, flush=True)


def topic_of(prefix):
    return f"{prefix}.events.v1"


# ---- What the kernel says of a process


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def memory_mb(pid, what):
    """what: VmRSS, now, or VmHWM, at the most."""
    return int(re.search(rf"{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


# ---- The parts


class Bench:
    """Programs, certificates and a folder that goes with the run."""

    def __init__(self, build, folder):
        self.build, self.programs, self.folder = build, build / "bin", Path(folder)
        self.identity, self.values = self.folder / "identity", self.folder / "values"
        self.vedette("identity", "init", "--dir", self.identity, "--trust-domain", DOMAIN)
        self.vedette("identity", "collector", "--dir", self.identity, "--name", "c")
        self.vedette("identity", "agent", "--dir", self.identity, "--tenant", "t", "--name", "a")  # of idle-tls

    def run(self, program, *arguments):
        return subprocess.run([program, *map(str, arguments)], check=True, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE).stdout

    def vedette(self, *arguments):
        return self.run(self.programs / "vedette", *arguments)

    def create_topics(self, brokers, prefix, partitions):
        self.vedette("topics", "create", "--brokers", brokers, "--partitions", partitions, "--prefix", prefix)

    def tls(self, stem):
        return (f"tls: {{certificate: {self.identity}/{stem}.pem, key: {self.identity}/{stem}.key, "
                f"ca: {self.identity}/ca.pem, trust_domain: {DOMAIN}}}\n")

    def configuration(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


@contextlib.contextmanager
def running(arguments, log):
    """A program of ours with its log in a file; ended in good order at the end."""
    with log.open("wb") as out:
        process = subprocess.Popen([str(a) for a in arguments], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_text(path, pattern, process, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = re.search(pattern, path.read_text())
        if found:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SystemExit(f"bench: no {pattern!r} in its log:\n{path.read_text()[-2000:]}")


class Collector:
    """A collector that is ready; brokers: of its embedded cluster, if it has one."""

    def __init__(self, bench, process, log, topic):
        self.bench, self.pid, self.topic = bench, process.pid, topic
        wait_for_text(log, r"msg=ready", process)
        text = log.read_text()
        self.address = re.search(r"msg=listening .*?address=(\S+)", text)[1]
        self.http = re.search(r"http=(\S+)", text)[1]
        embedded = re.search(r"brokers=(\S+)", text)
        self.brokers = embedded and embedded[1]

    def metric(self, name):
        with urllib.request.urlopen(f"http://{self.http}/metrics") as page:
            text = page.read().decode()
        return float(re.search(rf"^vedette_collector_{name} (\S+)", text, re.M)[1])

    def load(self, *arguments, tenants=16):
        """Runs `vedette load`, and returns the figures of its summary."""
        text = self.bench.vedette("load", "--collector", self.address, "--identity", self.bench.identity, "--quiet",
                                  "--tenants", tenants, *arguments)
        figures = {name: float(value) for name, value in
                   re.findall(r"\b(acknowledged|rate|p50|p99|cpu_seconds|disconnects) (\d+(?:\.\d+)?)", text)}
        if figures["disconnects"] > 0:
            say(f"a simulated agent was disconnected:\n{text}")
        return figures


@contextlib.contextmanager
def collector(bench, brokers, delivery=EXACTLY_ONCE, prefix=None, listen=None):
    prefix = prefix or PREFIXES[delivery]
    listen = "".join(f", {key}: {value}" for key, value in (listen or {}).items())
    config = bench.configuration("collector.yaml", bench.tls("collector-c") + f"""\
name: c
listen: {{address: "127.0.0.1:0"{listen}}}
http: {{address: "127.0.0.1:0"}}
kafka: {{brokers: "{brokers}", delivery: {delivery}, topics_prefix: {prefix}, partitions: {PARTITIONS}}}
""")
    log = bench.folder / "collector.log"
    with running([bench.programs / "vedette-collector", "--config", config], log) as process:
        yield Collector(bench, process, log, topic_of(prefix))


def agent_configuration(bench, number, address, log_file):
    """An agent of a tenant of its own, with a spool that is empty."""
    tenant, name = f"tenant-{number}", "host"
    if not (bench.identity / f"agent-{tenant}-{name}.pem").exists():
        bench.vedette("identity", "agent", "--dir", bench.identity, "--tenant", tenant, "--name", name)
    spool = bench.folder / f"spool-{time.monotonic_ns()}"
    return bench.configuration(f"agent-{number}.yaml", bench.tls(f"agent-{tenant}-{name}") + f"""\
collectors: ["{address}"]
sources: [{{type: tail, paths: ["{log_file}"]}}]
spool: {{folder: {spool}}}
""")


class Cluster:
    """Where all publish: `brokers`, and the process that serves it."""

    def __init__(self, name, brokers, pid):
        self.name, self.brokers, self.pid = name, brokers, pid

    @property
    def embedded(self):
        return self.name == "embedded"


@contextlib.contextmanager
def kafka_server(bench, retention_bytes=268435456):
    """A real Kafka, and the topics of all who publish there."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support import kafka_server as support
    # Here the compiler that optimises is worth its time.
    support.START_S = 240  # a broker that was killed reads its logs first, beside everything that runs here
    support.JAVA = ["java", "-Xmx1g", "-cp", f"{support.LIBS}/*"]
    server = support.KafkaServer(bench.folder / "kafka")
    with (bench.folder / "kafka/server.properties").open("a") as settings:
        settings.write(f"log.retention.bytes={retention_bytes}\nlog.segment.bytes=67108864\n"
                       "log.retention.check.interval.ms=5000\nlog.initial.task.delay.ms=5000\n")
    with server:
        for prefix in PREFIXES.values():
            bench.create_topics(server.address, prefix, PARTITIONS)
        yield server


@contextlib.contextmanager
def real_kafka(bench):
    with kafka_server(bench) as server:
        yield Cluster("Kafka", server.address, server.process.pid)
