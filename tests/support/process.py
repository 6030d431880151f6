"""Runs the programs under test: their log in a file, a bounded life, and no sanitizer report left unseen."""
import os
import re
import signal
import subprocess
from pathlib import Path

from .waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("VEDETTE_BUILD", "build/dev")).resolve()
STOP_S = 30
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|Assertion .* failed")
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "second_deadlock_stack=1",
}
# What a clean environment needs; the caller's own VEDETTE_… and LANG must not change a test.
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "TZ": "UTC", **SANITIZER_OPTIONS}


def program(name):
    path = BUILD / "bin" / name
    assert path.exists(), f"{path} is not built (VEDETTE_BUILD says where to look)"
    return path


def run(name, *arguments, timeout_s=60, env=None, **options):
    """Runs a program to its end; returns subprocess.CompletedProcess, with text. The caller judges the exit code."""
    done = subprocess.run([program(name), *map(str, arguments)], capture_output=True, text=True, errors="replace",
                          timeout=timeout_s, env={**ENVIRONMENT, **(env or {})}, **options)
    assert not SANITIZER.search(done.stderr), done.stderr
    return done


class Process:
    """A program that runs beside the test. Every run of it appends to one log."""

    def __init__(self, name, arguments, log, env=None):
        self.command = ["setpriv", "--pdeathsig", "KILL", str(program(name)), *map(str, arguments)]
        self.name = name
        self.log = Path(log)
        self.env = {**ENVIRONMENT, **(env or {})}
        self.process = None
        self._run_began_at = 0

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def start(self, output=None):
        """output: a file to write to instead of the log."""
        assert not self.running
        self.log.touch()
        self._run_began_at = self.log.stat().st_size
        with open(output or self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=self.env)
        return self

    def log_text(self):
        """What it has written since its last start."""
        return self.log.read_bytes()[self._run_began_at:].decode(errors="replace")

    def wait_for_log(self, pattern, timeout_s=20):
        """Waits until a line matches; returns the match. Fails at once if the program ends first."""
        def look():
            found = re.search(pattern, self.log_text())
            if not found:
                assert self.running, f"{self.name} ended with {self.process.returncode}:\n{self.log_text()[-4000:]}"
            return found
        return wait_for(look, timeout_s, f"/{pattern}/ in the log of {self.name}, {self.log}")

    def wait(self, timeout_s=STOP_S):
        """Waits for its own end; returns the exit code, after a look for sanitizer reports."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.assert_no_report()
        return code

    def stop(self):
        """SIGTERM, and a clean end: exit code 0, nothing leaked."""
        assert self.running, f"{self.name} ended before: {self.process.returncode}\n{self.log_text()[-4000:]}"
        self.process.send_signal(signal.SIGTERM)
        code = self.wait()
        assert code == 0, f"{self.name} ended with {code}, see {self.log}:\n{self.log_text()[-4000:]}"

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def pause(self):
        """Stands still with its connections open."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def reload(self):
        """SIGHUP."""
        self.process.send_signal(signal.SIGHUP)

    def assert_no_report(self):
        found = SANITIZER.search(self.log_text())
        assert not found, f"{self.name}, see {self.log}:\n{self.log_text()[found.start():][:8000]}"

    def resident_bytes(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"{self.name} has no memory: it ended")
