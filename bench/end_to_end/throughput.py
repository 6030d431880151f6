"""Who publishes how many events a second, and what a million cost: bare producers beside the collector, in turns."""
import contextlib
import re
import statistics
import struct
import subprocess

from .fleet import (AT_LEAST_ONCE, EXACTLY_ONCE, PARTITIONS, PREFIXES, Cluster, collector, cpu_seconds, say, topic_of)

VALUES = 4000  # of the collector's own, for the bare producer to send
WARM_UP_RATE = 100_000
WHO = {"ceiling": "bare librdkafka, no headers (the ceiling)",
       "bare": "bare librdkafka, the same records",
       EXACTLY_ONCE: "agents → collector, exactly once",
       AT_LEAST_ONCE: "agents → collector, at least once"}


class Cost:
    """Of one run: events a second, and CPU seconds a million events of each process."""

    def __init__(self, rate, events, **seconds):
        self.rate = rate
        self.cpu = {name: used / events * 1e6 for name, used in seconds.items()}


def run_producer(bench, cluster, seconds, rate, *options):
    topic = topic_of(PREFIXES[AT_LEAST_ONCE] if cluster.embedded else PREFIXES["bare"])
    events = max(int(rate * seconds), 100_000)
    before = cpu_seconds(cluster.pid)
    text = bench.run(bench.programs / "bench-producer", cluster.brokers, topic, PARTITIONS, events, bench.values,
                     *options)
    figures = {name: float(value) for name, value in re.findall(r"(rate|cpu_s_per_million) (\d+(?:\.\d+)?)", text)}
    return Cost(figures["rate"], events, sender=figures["cpu_s_per_million"] * events / 1e6,
                broker=cpu_seconds(cluster.pid) - before)


def run_collector(bench, cluster, delivery, seconds):
    with collector(bench, cluster.brokers, delivery) as c:
        server = c.pid if cluster.embedded else cluster.pid
        before, broker = cpu_seconds(c.pid), cpu_seconds(server)
        figures = c.load("--agents", 16, "--rate", 0, "--for", seconds)
        events = figures["acknowledged"]
        return Cost(figures["rate"], events, sender=cpu_seconds(c.pid) - before, load=figures["cpu_seconds"],
                    broker=cpu_seconds(server) - broker)


def take_values(bench, brokers, topic):
    """Scored events as the collector published them, for the bare producer to send the same; their mean length."""
    raw = subprocess.run(["kcat", "-C", "-b", brokers, "-t", topic, "-o", "beginning", "-c", str(VALUES), "-e", "-q",
                          "-f", "%S\n%s"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    values, at = [], 0
    while at < len(raw):
        line = raw.index(b"\n", at)
        end = line + 1 + int(raw[at:line])
        values.append(raw[line + 1:end])
        at = end
    bench.values.write_bytes(b"".join(struct.pack("<I", len(value)) + value for value in values))
    return sum(map(len, values)) / len(values)


def deliveries(cluster):
    return [AT_LEAST_ONCE] if cluster.embedded else [EXACTLY_ONCE, AT_LEAST_ONCE]


def one_round(bench, cluster, seconds, rates):
    """Each once; the order is that of the table. An embedded cluster lives in a collector that has no other work."""
    embedded = collector(bench, "embedded", AT_LEAST_ONCE) if cluster.embedded else contextlib.nullcontext()
    with embedded as host:
        where = Cluster("embedded", host.brokers, host.pid) if host else cluster
        costs = {"ceiling": run_producer(bench, where, seconds, rates["ceiling"]),
                 "bare": run_producer(bench, where, seconds, rates["bare"], "--headers")}
    rates.update({name: cost.rate for name, cost in costs.items()})
    for delivery in deliveries(cluster):
        costs[delivery] = run_collector(bench, cluster, delivery, seconds)
    return costs


def throughput(bench, cluster, options):
    """The rounds' costs, after one round that warms up and does not count; and the mean length of a value."""
    say(f"{cluster.name}: warming up")
    with collector(bench, cluster.brokers, AT_LEAST_ONCE) as c:
        c.load("--agents", 16, "--rate", 0, "--for", 3)
        mean = take_values(bench, c.brokers or cluster.brokers, c.topic)
    rates = {"ceiling": WARM_UP_RATE, "bare": WARM_UP_RATE}
    one_round(bench, cluster, 2, rates)
    rounds = []
    for number in range(1, options.rounds + 1):
        rounds.append(one_round(bench, cluster, options.seconds, rates))
        say(f"{cluster.name}: round {number}: " +
            ", ".join(f"{name} {cost.rate / 1000:.0f} k/s {cost.cpu['sender']:.2f} s/M"
                      for name, cost in rounds[-1].items()))
    return rounds, mean


def ratio(rounds, name, against, value=lambda cost: cost.rate):
    """The median over the rounds of name's value against another's, and its range."""
    ratios = [value(r[name]) / value(r[against]) for r in rounds]
    return statistics.median(ratios), min(ratios), max(ratios)


def table(cluster, rounds, mean):
    broker = "of that, of the cluster's process" if cluster.embedded else "broker"
    print(f"\n### Throughput, {'embedded cluster' if cluster.embedded else 'Apache Kafka'}: "
          f"{len(rounds)} rounds, values of {mean:.0f} bytes\n")
    print(f"| | events/s | to the same records (range) | to the ceiling (range) | CPU s/M | to the same records "
          f"| load s/M | {broker} s/M |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    for who in rounds[0]:
        def median(value):
            return statistics.median(value(r[who]) for r in rounds)
        ratios = " | ".join("{:.2f} ({:.2f}–{:.2f})".format(*ratio(rounds, who, other)) for other in ("bare", "ceiling"))
        load = f"{median(lambda cost: cost.cpu['load']):.2f}" if "load" in rounds[0][who].cpu else "–"
        print(f"| {WHO[who]} | {median(lambda cost: cost.rate):,.0f} | {ratios} "
              f"| {median(lambda cost: cost.cpu['sender']):.2f} "
              f"| {ratio(rounds, who, 'bare', lambda cost: cost.cpu['sender'])[0]:.1f} "
              f"| {load} | {median(lambda cost: cost.cpu['broker']):.2f} |")
