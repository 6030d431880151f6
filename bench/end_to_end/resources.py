"""What a collector holds and uses: at full load, with connections that are idle, and under light load."""
import re
import subprocess
import threading
import time

from .fleet import AT_LEAST_ONCE, collector, cpu_seconds, memory_mb

LIGHT_PREFIX, LIGHT_SHARDS, LIGHT_HOSTS = "light", 8, 100


def full_load(bench, cluster, delivery, seconds):
    with collector(bench, cluster.brokers, delivery) as c:
        start = memory_mb(c.pid, "VmRSS")
        figures = c.load("--agents", 100, "--rate", 0, "--for", seconds)
        return {"rss": memory_mb(c.pid, "VmHWM"), "start": start, "rate": figures["rate"]}


def acknowledgement(bench, cluster, delivery, seconds):
    """From a batch's sending to its acknowledgement at 20,000 events/s."""
    with collector(bench, cluster.brokers, delivery) as c:
        before = cpu_seconds(c.pid)
        figures = c.load("--agents", 10, "--rate", 20_000, "--for", seconds)
        return figures | {"cpu": (cpu_seconds(c.pid) - before) / figures["acknowledged"] * 1e6}


def light_load(bench, cluster, seconds):
    """A hundred hosts with an event a second each, on eight shards: a collector's CPU as a share of a core."""
    bench.create_topics(cluster.brokers, LIGHT_PREFIX, LIGHT_SHARDS)
    with collector(bench, cluster.brokers, prefix=LIGHT_PREFIX) as c:
        thread = threading.Thread(target=c.load, args=("--agents", LIGHT_HOSTS, "--rate", LIGHT_HOSTS, "--batch", 1,
                                                       "--for", seconds + 12), kwargs={"tenants": 50})
        thread.start()
        time.sleep(10)
        cpu, commits, began = cpu_seconds(c.pid), c.metric("commit_seconds_count"), time.monotonic()
        published = c.metric("events_published_total")
        time.sleep(seconds)
        took = time.monotonic() - began
        result = {"cpu": (cpu_seconds(c.pid) - cpu) / took * 100, "seconds": took,
                  "rate": (c.metric("events_published_total") - published) / took,
                  "commits": (c.metric("commit_seconds_count") - commits) / took}
        thread.join()
        return result


def memory_with_idle(bench, count):
    """Of a collector with so many silent agents, and how many were there."""
    with collector(bench, "embedded", AT_LEAST_ONCE, listen={"max_unauthenticated": 10000}) as c:
        # `load` counts its time from the start, and the handshakes take most of it.
        thread = threading.Thread(target=c.load, args=("--agents", count, "--rate", 1, "--for", 15 + count // 100))
        thread.start()
        sessions = memory = 0
        while thread.is_alive():
            now = c.metric("sessions")
            if now >= sessions:
                sessions, memory = now, memory_mb(c.pid, "VmRSS")
            time.sleep(0.5)
        return sessions, memory


def idle_connections(bench, few=100, count=1000):
    """Bytes that a silent connection adds to the collector, and to the heap of TLS alone."""
    least, most = memory_with_idle(bench, few), memory_with_idle(bench, few + count)
    alone = subprocess.run([bench.build / "bench/idle-tls", bench.identity, str(count)], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    return {"connections": most[0] - least[0], "bytes": (most[1] - least[1]) * 2**20 / (most[0] - least[0]),
            "alone": int(re.search(r"total_bytes=(\d+)", alone)[1])}


def recovery(bench, cluster):
    """The sentence of bench-recovery on taking a shard over, and its seconds."""
    bench.create_topics(cluster.brokers, "recovery", 1)
    text = bench.run(bench.build / "bench/bench-recovery", cluster.brokers, "recovery").strip()
    return {"text": text, "seconds": float(re.search(r"snapshot: ([\d.]+) s", text)[1])}


def spool(bench):
    """What an append costs with its commit, as a share of a core at 100,000 events/s."""
    text = bench.run(bench.build / "bench/bench-spool", bench.folder)
    return {"cpu": float(re.search(r"([\d.]+)% of a core", text)[1]),
            "opening_ms": float(re.search(r"full\s+(\d+) ms", text)[1])}
