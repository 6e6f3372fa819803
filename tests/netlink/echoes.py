"""
Bursts of packets from one namespace to the other, echoed there.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness import clock
from harness.model.link import Burst, Came
from harness.netlink.namespaces import Namespace
from harness.netlink.unchecked import unchecked

_NUMBER = struct.Struct("!I")
_SILENCE_S = 0.4
_MISSED_S = 1.0
_FAR = ("10.0.0.2", 7)

Send = Callable[..., Burst]


@contextmanager
def echoed(one: Namespace, two: Namespace) -> Iterator[Send]:
    """
    `send(count, size)`: packets from `one`, and what comes back from 10.0.0.2 until nothing did for a while: for
    longer, as long as some have not come.
    """
    far, near, end = two.call(_udp), one.call(_udp), threading.Event()
    with far, near:
        far.bind(_FAR)
        far.settimeout(0.05)
        near.connect(_FAR)
        echo = threading.Thread(target=_echo, args=(far, end))
        echo.start()
        try:
            # The first may come before the interfaces are quite up.
            assert any(_burst(near, 1, 4).came for _ in range(5))
            yield lambda count, size=500: _burst(near, count, size)
        finally:
            end.set()
            echo.join()


def _udp() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    unchecked(made)
    return made


def _echo(far: socket.socket, end: threading.Event) -> None:
    while not end.is_set():
        try:
            data, client = far.recvfrom(65536)
            far.sendto(data, client)
        except OSError:
            continue  # silence, or nobody to send to


def _burst(near: socket.socket, count: int, size: int) -> Burst:
    began_ns, came = clock.now_ns(), list[Came]()
    packets = [_NUMBER.pack(number).ljust(size, b"\x5a") for number in range(count)]
    for packet in packets:
        near.send(packet)
    while True:
        near.settimeout(_SILENCE_S if len(came) >= count else _MISSED_S)
        try:
            data = near.recv(65536)
        except OSError:
            return Burst(count, size, began_ns, tuple(came))
        number = _NUMBER.unpack(data[: _NUMBER.size])[0]
        came.append(Came(number, data in packets[number : number + 1], clock.now_ns()))
