"""Free ports."""

import socket


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def held_port() -> socket.socket:
    """Return a socket that keeps a loopback port for whoever listens with `SO_REUSEADDR`; it never listens itself.

    A port that is only known to be free may be anybody's when its server starts, or starts again.
    """
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", 0))
    return place
