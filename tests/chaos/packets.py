"""Packets that vanish on loopback: nftables in a network namespace of the run's own. Neither end is told anything."""
import subprocess

TABLE = """\
table inet chaos {
  set lost { type inet_service; }
  chain arriving {
    type filter hook input priority 0;
    tcp dport @lost drop
    tcp sport @lost drop
  }
}
"""


def _nft(text):
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


def prepare():
    """In a new network namespace: brings loopback up, and makes the table. False where that is not allowed, or not there."""
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        _nft(TABLE)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def lose(ports):
    """From now on whatever goes to or from these ports is lost."""
    _nft(f"add element inet chaos lost {{ {', '.join(map(str, ports))} }}\n")


def lose_no_more(ports):
    _nft(f"delete element inet chaos lost {{ {', '.join(map(str, ports))} }}\n")


if __name__ == "__main__":
    raise SystemExit(0 if prepare() else 1)
