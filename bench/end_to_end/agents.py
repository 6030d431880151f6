"""Real agents, each with a spool and a log file that grows: what they cost, and how soon their lines reach a consumer."""
import contextlib
import re
import subprocess
import threading
import time

from .fleet import agent_configuration, collector, cpu_seconds, memory_mb, running, say, wait_for_text

CHUNKS_A_SECOND = 50
ENROL_S = 3  # until agents and collector are at rest


def write_lines(path, rate, seconds):
    """Lines as sshd writes them, fifty times a second, each with the time of day to the millisecond."""
    begun, written = time.monotonic(), 0
    with path.open("a", buffering=1024 * 1024) as log:
        while written < rate * seconds:
            now = time.time()
            stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03}000+00:00"
            for _ in range(max(1, rate // CHUNKS_A_SECOND)):
                written += 1
                log.write(f"{stamp} gate sshd[{written}]: Failed password for user{written % 300} from "
                          f"10.0.{written % 4}.{written % 50} port {1024 + written % 60000} ssh2\n")
            log.flush()
            time.sleep(max(0, begun + written / rate - time.monotonic()))
    return written


def write_all(paths, rate, seconds):
    """The same into several files at once, rate together; how many lines."""
    counts = []
    threads = [threading.Thread(target=lambda path=path: counts.append(write_lines(path, rate // len(paths), seconds)))
               for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


@contextlib.contextmanager
def fleet_of(bench, count, address):
    """So many agents that follow an empty log file each: (log files, processes)."""
    with contextlib.ExitStack() as stack:
        logs, processes = [], []
        for number in range(count):
            logs.append(bench.folder / f"auth-{number}-{time.monotonic_ns()}.log")
            logs[-1].touch()
            configuration = agent_configuration(bench, number, address, logs[-1])
            processes.append(stack.enter_context(running(
                [bench.programs / "vedette-agent", "--config", configuration], bench.folder / f"agent-{number}.log")))
        time.sleep(ENROL_S)
        yield logs, processes


def one_agent(bench, cluster, delivery, rate=1000, seconds=20):
    """What it costs to follow a log of so many lines a second, spool and acknowledgements included."""
    with collector(bench, cluster.brokers, delivery) as c, fleet_of(bench, 1, c.address) as (logs, (process,)):
        before, began = cpu_seconds(process.pid), time.monotonic()
        written = write_lines(logs[0], rate, seconds)
        used = (cpu_seconds(process.pid) - before) / (time.monotonic() - began)
        time.sleep(2)
        return {"cpu": used * 100, "rss": memory_mb(process.pid, "VmHWM"), "written": written,
                "events": int(c.metric("events_published_total"))}


@contextlib.contextmanager
def reader(bench, cluster, topic, seconds):
    """bench-lag at the topic's end; what is yielded holds its figures afterwards."""
    log, figures = bench.folder / "lag.log", {}
    with log.open("wb") as errors:
        process = subprocess.Popen([bench.programs / "bench-lag", cluster.brokers, topic, str(seconds)], text=True,
                                   stdout=subprocess.PIPE, stderr=errors)
    try:
        wait_for_text(log, "reading", process)
        yield figures
        text = process.communicate(timeout=seconds + 10)[0]
        figures.update({name: int(value) for name, value in re.findall(r"(\w+) (\d+)", text)})
    finally:
        process.kill()
        process.wait()


def lag_of_agents(bench, cluster, rate, seconds, agents=10):
    """From the line's time of day to a read_committed consumer, in ms."""
    with collector(bench, cluster.brokers) as c, fleet_of(bench, agents, c.address) as (logs, processes):
        cpu = [cpu_seconds(process.pid) for process in processes], cpu_seconds(c.pid)
        with reader(bench, cluster, c.topic, seconds + 4) as figures:
            written = write_all(logs, rate, seconds)
        used = sum(cpu_seconds(p.pid) - before for p, before in zip(processes, cpu[0]))
        figures |= {"written": written, "agents_cpu": used / written * 1e6,
                    "cpu": (cpu_seconds(c.pid) - cpu[1]) / written * 1e6}
    if figures["events"] < written:
        say(f"only {figures['events']} of {written} events were read in time")
    return figures


def lag_of_load(bench, cluster, rate, seconds, agents=10):
    """The same without agent and spool: from when `vedette load` fills a batch."""
    with collector(bench, cluster.brokers) as c, reader(bench, cluster, c.topic, seconds + 4) as figures:
        figures |= {"written": c.load("--agents", agents, "--rate", rate, "--for", seconds)["acknowledged"]}
    return figures
