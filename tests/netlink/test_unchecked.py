"""
The packets by which a link is measured carry no checksum, or nobody would see one that was damaged.
"""

from __future__ import annotations

import socket
import struct
import sys

import pytest

from harness import clock
from harness.devices._across import Across
from harness.lab.echo import udp_echo
from tests.devices.links import Wires
from tests.netlink.spaces import ROOT

pytestmark = [ROOT, pytest.mark.skipif(sys.platform != "linux", reason="other kernels always add one")]


def test_neither_what_the_bench_sends_nor_its_echo() -> None:
    async def main() -> list[tuple[int, int, int]]:
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        end.bind(("127.0.0.1", 0))
        port = end.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as wire:
            wire.setblocking(False)
            echo = await udp_echo(end)
            burst = await Across("fibre", f"udp-echo 127.0.0.1:{port}", Wires()).burst(3, 100, 0.1)
            echo.close()
            assert [echo.is_whole for echo in burst.came] == [True] * 3
            return [header for header in headers(wire) if port in header[:2]]

    seen = clock.run(main)
    assert len(seen) == 6
    assert {checksum for _, _, checksum in seen} == {0}


def headers(wire: socket.socket) -> list[tuple[int, int, int]]:
    """
    From and to which port each UDP packet on the wire went, and its checksum.
    """
    found = []
    while True:
        try:
            packet = wire.recv(65536)
        except BlockingIOError:
            return found
        source, target, _, checksum = struct.unpack("!HHHH", packet[20:28])
        found.append((source, target, checksum))
