"""vedette top against a real Kafka: a page for a pipe, and a live one on a terminal that it gives back."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import pytest
from support import logs
from support.process import ENVIRONMENT, SANITIZER, program, run
from support.waiting import wait_for

QUIET, BURST = 100, 60
ATTACKER = "203.0.113.9"
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


class Screen:
    """vedette top on a pseudo terminal."""

    def __init__(self, *arguments, rows=30, columns=120):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        self.process = subprocess.Popen([program("vedette"), "top", *map(str, arguments)], stdin=self.slave,
                                        stdout=self.slave, stderr=subprocess.PIPE, start_new_session=True,
                                        env={**ENVIRONMENT, "TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"})

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            self.output += os.read(self.master, 65536)

    def page(self):
        """The lines of the newest whole page."""
        self.read()
        pages = self.output.split(b"\x1b[H")
        whole = [page for page in pages if page.endswith(b"\x1b[J")]
        return whole[-1].decode().replace("\x1b[K", "").replace("\x1b[J", "").split("\r\n") if whole else []

    def wait_for(self, pattern):
        def look():
            assert self.process.poll() is None, self.output[-2000:]
            return re.search(pattern, "\n".join(self.page()))
        return wait_for(look, 60, f"/{pattern}/ on the page")

    def press(self, keys):
        os.write(self.master, keys)

    def wait_gone(self, code):
        def look():
            self.read()
            return self.process.poll() is not None
        wait_for(look, 60, "the end")
        self.read()
        error = self.process.stderr.read().decode()
        assert not SANITIZER.search(error), error
        assert self.process.returncode == code
        # As it was before, whatever ended it.
        assert self.output.count(ENTER) == self.output.count(LEAVE) == 1
        assert self.output.endswith(LEAVE)
        assert termios.tcgetattr(self.slave) == self.before
        return error

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def fed(fleet):
    """A fleet whose agent has told of a burst, and goes on."""
    collector = fleet.collector()
    file = fleet.log_file("auth.log", logs.quiet_then_burst("web-1", logs.recent(days_ago=2), QUIET, BURST, logs.iso8601,
                                                            ATTACKER))
    fleet.agent("north", "web-1", collector, [file])
    with fleet.events() as events:
        events.read(QUIET + BURST)
    return fleet, file


@pytest.fixture
def screen(fed):
    made = []

    def start(*arguments, **options):
        fleet, _ = fed
        made.append(Screen("--brokers", fleet.kafka.address, "--topic", fleet.topic("events"), *arguments, **options))
        return made[-1]
    yield start
    for one in made:
        one.close()


def test_a_page_for_a_pipe(fed):
    fleet, _ = fed
    at = ["--brokers", fleet.kafka.address, "--topic", fleet.topic("events")]
    done = run("vedette", "top", *at)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert done.stdout.isascii() and "\x1b" not in done.stdout
    assert f"{QUIET + BURST} events," in done.stdout and "lag 0" in done.stdout
    assert f"1 tenant: north {QUIET + BURST} (" in done.stdout
    assert re.search(rf"^ *\d+ \w+ +source +north/{re.escape(ATTACKER)} ", done.stdout, re.MULTILINE)
    assert re.search(rf"^ *\d+ \w+ +host +north/web-1 +{QUIET + BURST} ", done.stdout, re.MULTILINE)
    # Nobody of that name, and nothing that is so new.
    nobody = run("vedette", "top", *at, "--tenant", "south")
    assert nobody.returncode == 66 and "0 events," in nobody.stdout
    assert "no event of tenant south so far" in nobody.stdout and "no event of tenant south in" in nobody.stderr
    assert "0 events," in run("vedette", "top", *at, "--once", "--since", "0s").stdout
    assert run("vedette", "top", *at, "--since", "soon").returncode == 64
    assert run("vedette", "top", "--brokers", fleet.kafka.address, "--topic", "no.such.topic").returncode == 69


def test_a_live_page(fed, screen):
    _, file = fed
    top = screen("--since", "10m")
    top.wait_for(rf"source +north/{re.escape(ATTACKER)} ")
    assert len(top.page()) == 30
    logs.append(file, [logs.accepted("web-1", logs.recent(days_ago=1), user="carol")] * 25)
    top.wait_for(rf" {QUIET + BURST + 25} events")
    top.press(b"p")
    top.wait_for("PAUSED")
    logs.append(file, [logs.accepted("web-1", logs.recent(days_ago=1), user="carol")] * 5)
    top.press(b"fNORTH/WEB")
    top.wait_for("0 entities by risk, filter: NORTH/WEB")
    top.press(b"\x15203.0\rs")
    top.wait_for("1 entity by events, filter: 203.0")
    assert f" {QUIET + BURST + 25} events" in top.page()[0]
    top.press(b"p")
    top.wait_for(rf" {QUIET + BURST + 30} events")
    top.press(b"\x1b[B\r")
    top.wait_for(r"vedette why [0-9a-f]{32}-\d+")
    top.resize(12, 60)
    os.kill(top.process.pid, signal.SIGWINCH)
    wait_for(lambda: len(top.page()) == 12, 60, "a page of the new size")
    assert max(map(len, top.page())) <= 60
    top.press(b"q")
    top.wait_gone(0)


def test_a_tenant_that_does_not_come(screen):
    top = screen("--tenant", "nroth", "--since", "10m")
    top.wait_for("no event of tenant nroth so far")
    top.press(b"q")
    assert "no event of tenant nroth in" in top.wait_gone(0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(screen, number):
    top = screen()
    top.wait_for("vedette top")
    os.kill(top.process.pid, number)
    top.wait_gone(0)


def test_a_crash_gives_the_terminal_back(screen):
    top = screen()
    top.wait_for("vedette top")
    os.kill(top.process.pid, signal.SIGABRT)
    top.wait_gone(-signal.SIGABRT)
