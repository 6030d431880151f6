"""Waiting with a bound: for a condition, for a port, for a process."""
import socket
import time


class WaitedTooLong(AssertionError):
    """A condition did not come true in time; the message says which."""


def wait_for(predicate, timeout_s, what, pause_s=0.05):
    """Returns the first true value of predicate(); fails after timeout_s, naming `what`."""
    end = time.monotonic() + timeout_s
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise WaitedTooLong(f"waited {timeout_s} s for {what}")
        time.sleep(pause_s)


def port_open(port, host="127.0.0.1"):
    """True when somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
