"""Writes what the agents read: numbered, checked lines in growing log files that are rotated by renaming.

A line knows its feed ("tenant/host"), the generation of its file, its number there, and a checksum of all that. Files
are never truncated. A file is rotated only after a line of it has come out of Kafka: then its agent's cursor on disk
knows it, and must find it again under its other name, even if the agent was dead meanwhile. It is deleted when all of
its lines have come out.
"""
import base64
import datetime
import random
import threading
import time
import zlib
from pathlib import Path

STEP_S = 0.05
FILLER = base64.b64encode(random.Random(1).randbytes(48 * 1024)).decode()  # does not pack well, so that spools fill


def check_of(text):
    return f"{zlib.crc32(text.encode()):08x}"


def line(feed, generation, number, filler, when=None):
    """One line, as a daemon's message in syslog's newer form."""
    when = when or datetime.datetime.now(datetime.timezone.utc)
    body = f"{feed} {generation} {number} {filler}"
    return f"{when.isoformat(timespec='milliseconds')} {feed.split('/')[1]} feeder[7]: chaos {check_of(body)} {body}\n"


def read_line(message):
    """(feed, generation, number) of an event's message; None: it is no line of a feed; ValueError: it is damaged."""
    if not message.startswith("chaos "):
        return None
    _, check, body = message.split(" ", 2)
    feed, generation, number, _ = body.split(" ", 3)
    if check != check_of(body):
        raise ValueError(f"a damaged line: {message}")
    return feed, int(generation), int(number)


class Feed:
    """One agent's log file."""

    def __init__(self, name, folder, rate, rotate_lines, seed):
        self.name, self.folder, self.rate, self.rotate_lines = name, Path(folder), rate, rotate_lines
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path = self.folder / "feed.log"
        self.random = random.Random(f"{seed}/{name}")
        self.written = {1: 0}   # generation → lines
        self.times = {}         # (generation, number of the last line of a step) → when it was written
        self.generation, self.owed, self.paused = 1, 0.0, False
        self.lock = threading.Lock()
        self.file = self.path.open("ab", buffering=0)

    def _filler(self):
        begin = self.random.randrange(len(FILLER) - 300)
        return FILLER[begin:begin + self.random.randrange(8, 300)]

    @property
    def total(self):
        return sum(self.written.values())

    def write(self, count):
        """So many lines at once, whole."""
        if count == 0:
            return
        with self.lock:
            first = self.written[self.generation] + 1
            lines = [line(self.name, self.generation, number, self._filler())
                     for number in range(first, first + count)]
            # The promise is made before the lines can be read: else they would be seen before they were written.
            self.written[self.generation] = first + count - 1
            self.times[self.generation, first + count - 1] = time.monotonic()
            self.file.write("".join(lines).encode())

    def step(self, elapsed_s):
        if self.paused:
            return
        self.owed += self.rate * elapsed_s
        count = int(self.owed)
        self.owed -= count
        self.write(count)

    def may_rotate(self, seen):
        """seen: generation → lines that came out of Kafka."""
        return self.written[self.generation] >= self.rotate_lines and seen.get(self.generation, 0) > 0

    def rotate(self, seen):
        with self.lock:
            self.file.close()
            self.path.rename(self.folder / f"feed.log.{self.generation}")
            self.generation += 1
            self.written[self.generation] = 0
            self.file = self.path.open("ab", buffering=0)
        for generation in range(1, self.generation - 2):
            if seen.get(generation, 0) == self.written[generation]:
                (self.folder / f"feed.log.{generation}").unlink(missing_ok=True)


class Feeder(threading.Thread):
    """Drives all feeds at their rates until it is stopped. seen(name) → generation → lines seen in Kafka."""

    def __init__(self, feeds, seen):
        super().__init__(name="feeder", daemon=True)
        self.feeds, self.seen = feeds, seen  # feeds(): all there are now
        self.over = threading.Event()

    @property
    def at_end(self):
        return self.over.is_set() or not self.is_alive()

    @property
    def written(self):
        return sum(feed.total for feed in self.feeds())

    def run(self):
        last = time.monotonic()
        while not self.over.wait(STEP_S):
            now = time.monotonic()
            for feed in self.feeds():
                feed.step(now - last)
                seen = self.seen(feed.name)
                if feed.may_rotate(seen):
                    feed.rotate(seen)
            last = now

    def stop(self):
        self.over.set()
        self.join()
