"""
Whether a DUT's TCP service lets anyone in.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from harness import clock
from harness.config.build import build
from harness.devices.tcp_service import TcpService
from harness.errors import DeviceError, UsageError
from harness.protocols import NoAnswer
from harness.protocols import TcpService as TcpServiceProtocol


class Wires:
    """
    Wiring that leads every address to one port of this machine.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.resolved: list[tuple[str, int]] = []

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        self.resolved.append((host, port))
        return "127.0.0.1", self.port


def service(wires: Any, address: str = "edge-node:8080") -> TcpService:
    return TcpService("door", TcpService.Config(address=address), wires)


def test_it_connects_and_hangs_up() -> None:
    async def main() -> None:
        hung_up = anyio.Event()

        async def accept(stream: SocketStream) -> None:
            async with stream:
                with pytest.raises(anyio.EndOfStream):
                    await stream.receive()
            hung_up.set()

        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as door, anyio.create_task_group() as tasks:
            wires = Wires(door.extra(SocketAttribute.local_port))
            tasks.start_soon(door.serve, accept)
            device = service(wires)
            assert isinstance(device, TcpServiceProtocol)
            await device.open()
            await device.connect()
            with anyio.fail_after(5):
                await hung_up.wait()
            await device.aclose()
            assert wires.resolved == [("edge-node", 8080)]
            tasks.cancel_scope.cancel()

    clock.run(main)


def test_a_refused_connection_is_no_answer() -> None:
    async def main() -> None:
        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as door:
            port = door.extra(SocketAttribute.local_port)
        device = service(Wires(port))
        await device.open()
        with pytest.raises(NoAnswer, match=rf"127\.0\.0\.1:{port}: "):
            await device.connect()

    clock.run(main)


def test_it_must_be_open_to_be_asked() -> None:
    async def main() -> None:
        with pytest.raises(DeviceError, match="door: is not open"):
            await service(Wires()).connect()

    clock.run(main)


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert TcpService.Config(address="[fd00::1]:8080").split() == ("fd00::1", 8080)


@pytest.mark.parametrize(
    "address", ["edge-node", ":8080", "edge-node:", "edge-node:0", "edge-node:70000", "edge-node:http"]
)
def test_what_is_no_address_is_a_usage_error(address: str) -> None:
    with pytest.raises(UsageError, match=r"address: .*write it like edge-node:8080"):
        build(TcpService.Config, {"address": address})
