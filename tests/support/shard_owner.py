"""Drives a shard log at the end of a pipe (tests/support/shard_log): commands in, what happened out."""
import subprocess
import threading

from .process import ENVIRONMENT, SANITIZER, program
from .waiting import wait_for

END_S = 30


class ShardOwner:
    """One process with one shard log; what it said is in `said`, a dict an event, in order."""

    def __init__(self, folder, server, prefix, shard=0, name="owner", group="collectors"):
        self._log = (folder / f"{name}.log").open("w+b")
        self.said = []
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", program("shard-log-driver"), server.address, prefix, group, str(shard)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, env=ENVIRONMENT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._log.close()

    def _read(self):
        for line in self.process.stdout:
            what, _, rest = line.strip().partition(" ")
            fields = {"what": what}
            while rest:
                name, _, rest = rest.partition("=")
                # A sentence goes on to the end of its line.
                value, _, rest = (rest, "", "") if name in ("why", "restored") else rest.partition(" ")
                fields[name] = int(value) if value.lstrip("-").isdigit() else value
            self.said.append(fields)

    def tell(self, *commands):
        for command in commands:
            self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def await_(self, what, since=0, timeout_s=40):
        """The first event of that kind from said[since] on."""
        def look():
            assert self.process.poll() is None, self.stderr()
            return next((event for event in list(self.said[since:]) if event["what"] == what), None)
        return wait_for(look, timeout_s, f"{what}; so far {self.said[-5:]}")

    def ask(self, command, what, timeout_s=40):
        """Gives a command, and waits for what comes of it."""
        since = len(self.said)
        self.tell(command)
        return self.await_(what, since, timeout_s)

    def open(self):
        return self.ask("open", "opened")

    def commit(self, count):
        self.ask(f"send {count}", "sent")
        return self.ask("commit", "committed")

    def close(self):
        return self.ask("close", "closed")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stderr(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def end(self):
        """Its input ends; it must have been closed, and must leave nothing behind."""
        self.process.stdin.close()
        assert self.process.wait(END_S) == 0, self.stderr()
        assert not SANITIZER.search(self.stderr()), self.stderr()
