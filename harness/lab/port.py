"""
A TCP port that stays a unit's own while the unit is dark.
"""

from __future__ import annotations

import random
import socket
import sys

from ..errors import BenchError

HOST = "127.0.0.1"

# Below the ports from which a connection starts (32768 on Linux, 49152 on macOS): there, someone's connection could
# take the port of a dark unit, and a client that keeps trying a dark unit could come to be connected to itself.
_PORTS = range(20_000, 32_000)
_ATTEMPTS = 200


class HeldPort:
    """
    A free port of the loopback, held without listening: connections to it are refused, and a program may listen on it
    if it sets SO_REUSEADDR, as servers do.
    """

    def __init__(self, kind: socket.SocketKind = socket.SOCK_STREAM) -> None:
        self._socket = _bound(kind)
        self.number: int = self._socket.getsockname()[1]
        if sys.platform == "linux":
            # Only now: had it been set before binding, two labs could have taken the same port.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            self._socket.close()  # elsewhere two sockets cannot share a port this way: it is chosen, not held

    def close(self) -> None:
        """
        Gives the port back.
        """
        self._socket.close()


def _bound(kind: socket.SocketKind) -> socket.socket:
    for _ in range(_ATTEMPTS):
        candidate = socket.socket(socket.AF_INET, kind)
        try:
            candidate.bind((HOST, random.choice(_PORTS)))
        except OSError:
            candidate.close()
        else:
            return candidate
    raise BenchError(f"no free port between {_PORTS.start} and {_PORTS.stop} on {HOST}")
