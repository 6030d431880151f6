"""Watches the events topic while harm is done: who is heard from, how long lines were under way, who fell silent."""
import threading
import time

from .committed import Reader
from .console import Digest
from .oracle import Oracle


class Watch(threading.Thread):
    """Reads all that is committed, hands it to the oracle, and remembers when each feed was heard last."""

    def __init__(self, address, topic, partitions, owners, feeds):
        super().__init__(name="watch", daemon=True)
        self.reader = Reader(address, topic, partitions)
        self.oracle, self.digest = Oracle(owners, partitions), Digest()
        self.feeds = feeds          # name → Feed; may grow
        self.heard = {}             # feed → when its last new line came
        self.silences = []          # (feed, began, ended), those over SILENCE_S
        self.delays = []            # (written at, seconds until it came, feed), of the last line of each step
        self.last_news = time.monotonic()
        self.error = None
        self.over = threading.Event()

    SILENCE_S = 0.4

    def run(self):
        try:
            while not self.over.is_set():
                self._take(self.reader.poll())
        except Exception as error:
            self.error = error
        finally:
            self.reader.close()

    def _take(self, records):
        now = time.monotonic()
        for record in records:
            self.digest.take(record.partition, record.offset)
            found = self.oracle.take(record)
            if found is None:
                continue
            self.last_news = now
            name, generation, number = found
            written_at = self.feeds[name].times.pop((generation, number), None) if name in self.feeds else None
            if written_at is not None:
                self.delays.append((written_at, now - written_at, name))
            last = self.heard.get(name, now)
            if now - last > self.SILENCE_S:
                self.silences.append((name, last, now))
            self.heard[name] = now

    def seen(self, name):
        return self.oracle.seen(name)

    def wait_heard(self, names, since, timeout_s, give_up=lambda: False):
        """Until each of these feeds was heard after `since`. Returns those that were not."""
        end = time.monotonic() + timeout_s
        silent = set(names)
        while silent and time.monotonic() < end and not give_up():
            self.raise_error()
            silent = {name for name in silent if self.heard.get(name, 0) <= since}
            time.sleep(0.05)
        return silent

    def is_complete(self, written):
        """Whether all of this has come or is told missing."""
        try:
            return self.oracle.judge(written, {}).missing == 0
        except RuntimeError:  # something came while it was looked at
            return False

    def wait_complete(self, written, quiet_s):
        """Until all that was written has come or is told missing, or nothing new came for quiet_s. True: complete."""
        self.last_news = time.monotonic()
        while time.monotonic() - self.last_news < quiet_s:
            self.raise_error()
            time.sleep(0.2)
            if self.is_complete(written()):
                return True
        return False

    def longest_silence(self, names, begin, end):
        """The longest time that one of these feeds was not heard, of the silences that began about [begin, end].

        SILENCE_S where there was none: shorter ones are the ordinary pauses between commits."""
        return max((last - first for name, first, last in list(self.silences)
                    if name in names and begin - 1.0 <= first <= end), default=self.SILENCE_S)

    def raise_error(self):
        """A watch that fell is not a quiet world."""
        if self.error is not None:
            raise self.error

    def stop(self):
        self.over.set()
        self.join()
        self.raise_error()
