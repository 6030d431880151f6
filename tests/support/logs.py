"""Writes log lines as sshd and syslog would, for hosts under test."""
import datetime


def recent(days_ago):
    """Noon of a day in the recent past: lines of RFC 3164 name no year, so theirs must be the one meant."""
    day = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days_ago)
    return day.replace(hour=12, minute=0, second=0, microsecond=0)


def rfc3164(when):
    return f"{when:%b} {when.day:2d} {when:%H:%M:%S}"


def iso8601(when):
    return when.isoformat(timespec="milliseconds")


def accepted(host, when, user="alice", address="198.51.100.7", port=40000, pid=1000, stamp=iso8601):
    return f"{stamp(when)} {host} sshd[{pid}]: Accepted publickey for {user} from {address} port {port} ssh2\n"


def failed(host, when, user="root", address="203.0.113.9", port=40000, pid=1000, stamp=iso8601):
    return f"{stamp(when)} {host} sshd[{pid}]: Failed password for {user} from {address} port {port} ssh2\n"


def quiet_then_burst(host, begin, quiet_count, burst_count, stamp=iso8601, attacker="203.0.113.9"):
    """A login every five minutes, then failures four a second from one address. Ports count the lines from 1."""
    lines = []
    when = begin
    for port in range(1, quiet_count + 1):
        lines.append(accepted(host, when, port=port, stamp=stamp))
        when += datetime.timedelta(minutes=5)
    for port in range(quiet_count + 1, quiet_count + burst_count + 1):
        lines.append(failed(host, when, address=attacker, port=port, stamp=stamp))
        when += datetime.timedelta(milliseconds=250)
    return lines


def append(path, lines):
    """As a logger does: opened for appending, whole lines at once."""
    with open(path, "ab") as log:
        log.write("".join(lines).encode())
