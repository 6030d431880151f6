"""The figures of a run as Markdown, and which goals they meet."""
import os
from datetime import date

from . import throughput
from .fleet import AT_LEAST_ONCE, EXACTLY_ONCE


def row(what, *figures):
    print("| " + " | ".join([what, *figures]) + " |")


def goal(text, measured, met):
    row(text, measured, "yes" if met else "no")


# ---- What was measured


def acknowledgements(late):
    for delivery, figures in late.items():
        row(f"batch sent to acknowledged, 20,000 events/s of 10 simulated agents, {delivery}",
            f"p50 {figures['p50']:.1f} ms, p99 {figures['p99']:.1f} ms")
        row(f"collector's CPU at 20,000 events/s, {delivery}", f"{figures['cpu']:.2f} s/M")


def lags(title, figures):
    print(f"\n### {title}\n")
    print("| events/s | events | p50 ms | p90 | p99 | p99.9 | most |\n|--:|--:|--:|--:|--:|--:|--:|")
    for rate, lag in figures.items():
        row(f"{rate:,}", f"{lag['events']:,} of {lag['written']:,.0f}",
            *(str(lag[name]) for name in ("p50", "p90", "p99", "p999", "max")))


def collectors(figures):
    print("\n### Collector\n\n| | |\n|---|--:|")
    for delivery, full in figures["full"].items():
        row(f"100 connections at full load, {delivery} ({full['rate']:,.0f} events/s)",
            f"{full['rss']:.0f} MB ({full['start']:.0f} before)")
    acknowledgements(figures["acknowledgement"])
    if "light" in figures:
        light = figures["light"]
        row(f"100 hosts at 1 event/s on 8 shards, {light['seconds']:.0f} s ({light['rate']:.0f} events and "
            f"{light['commits']:.1f} transactions/s)", f"{light['cpu']:.1f}% of a core")
    if "recovery" in figures:
        row("a shard taken over", figures["recovery"]["text"])
    idle = figures["idle"]
    row(f"an idle connection ({idle['connections']:.0f})", f"{idle['bytes'] / 1024:.1f} KB")
    row("of that, connection and TLS without a session (idle-tls)", f"{idle['alone'] / 1024:.1f} KB")


def agents(figures):
    one, spool = figures["agent"], figures["spool"]
    print("\n### Agent\n\n| | |\n|---|--:|")
    row(f"{one['written']:,} lines at 1,000/s, with spool ({one['events']:,} published)",
        f"{one['cpu']:.1f}% of a core, {one['rss']:.1f} MB")
    row("append and commit at 100,000 events/s (bench-spool)", f"{spool['cpu']:.1f}% of a core")
    row("a full spool of 256 MB opens", f"{spool['opening_ms']:.0f} ms")


# ---- Against what


def goals_of_throughput(cluster, rounds):
    deliveries = [delivery for delivery in (EXACTLY_ONCE, AT_LEAST_ONCE) if delivery in rounds[0]]
    for delivery in deliveries:
        share = throughput.ratio(rounds, delivery, "bare")[0]
        goal(f"{delivery}: at least 0.5 of the events/s of a bare producer of the same records, {cluster.name}",
             f"{share:.2f}", share >= 0.5)
    if EXACTLY_ONCE in deliveries:
        share = throughput.ratio(rounds, EXACTLY_ONCE, AT_LEAST_ONCE)[0]
        goal("exactly once at least 0.85 of our own at-least-once", f"{share:.2f}", share >= 0.85)


def goals_of_exactly_once(figures):
    if "light" not in figures:
        return
    lag, light, recovery = figures["lag of agents"][20_000], figures["light"], figures["recovery"]
    goal("line to read_committed consumer at 20,000 events/s, p99 under 400 ms", f"{lag['p99']} ms", lag["p99"] < 400)
    goal("100 hosts at 1 event/s on 8 shards: at most 10% of a core", f"{light['cpu']:.1f}%", light["cpu"] <= 10)
    goal("recovery of 100,000 agents and 500,000 events under 5 s", f"{recovery['seconds']:.1f} s",
         recovery["seconds"] < 5)


def goals(figures):
    print("\n### Goals\n\n| goal | measured | met |\n|---|--:|---|")
    for cluster, rounds, _ in figures["throughput"]:
        goals_of_throughput(cluster, rounds)
    goals_of_exactly_once(figures)
    for delivery, full in figures["full"].items():
        goal(f"collector under 80 MB, 100 connections, full load, {delivery}", f"{full['rss']:.0f} MB",
             full["rss"] < 80)
    idle, one, spool = figures["idle"], figures["agent"], figures["spool"]
    goal("an idle connection at most 28 KB", f"{idle['bytes'] / 1024:.1f} KB", idle["bytes"] <= 28 * 1024)
    goal("agent at most 10 MB", f"{one['rss']:.1f} MB", one["rss"] <= 10)
    goal("agent at most 1% of a core at 1,000 events/s", f"{one['cpu']:.1f}%", one["cpu"] <= 1)
    goal("append at 100,000 events/s under 15% of a core", f"{spool['cpu']:.1f}%", spool["cpu"] < 15)


def report(figures):
    print(f"{date.today()}, {os.cpu_count()} cores, load average at the end {os.getloadavg()[0]:.1f}")
    for cluster, rounds, mean in figures["throughput"]:
        throughput.table(cluster, rounds, mean)
    if "lag of agents" in figures:
        lags("From a line in a log to a read_committed consumer: 10 agents with spools", figures["lag of agents"])
        lags("The same of simulated agents, without spool", figures["lag of load"])
    collectors(figures)
    agents(figures)
    goals(figures)
