"""Free loopback ports for servers that must find the same port again after a restart."""
import random
import socket

# Below the kernel's ephemeral range: a port in that range may be taken by any client while its server is down, and a
# client that keeps dialling it may even connect to itself.
LOWEST, HIGHEST = 20000, 32000
_given = set()


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """A port that nobody listens on, and that this process has not given out before."""
    for _ in range(1000):
        port = random.randint(LOWEST, HIGHEST)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise RuntimeError("no free port between %d and %d" % (LOWEST, HIGHEST))
