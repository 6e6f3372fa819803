"""
The forwarder for UDP: real packets, really lost, doubled and overtaken.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from harness.forwarder.datagrams import Datagrams
from harness.lab.echo import udp_echo
from harness.model.link import CLEAR, LinkShape
from tests.forwarder.played import HOST, run, taking

pytestmark = pytest.mark.long


@asynccontextmanager
async def forwarding() -> AsyncIterator[Datagrams]:
    """
    A forwarder in front of an echo.
    """
    far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    far.bind((HOST, 0))
    echo = await udp_echo(far)
    forwarder = Datagrams.to(HOST, 0, *far.getsockname())
    await forwarder.open()
    try:
        yield forwarder
    finally:
        await forwarder.aclose()
        echo.close()


async def sent(forwarder: Datagrams, count: int = 200, quiet_s: float = 0.3) -> list[int]:
    """
    The numbers of the packets that came back, in their order; damaged ones are -1.
    """
    came: list[int] = []
    async with await anyio.create_connected_udp_socket(HOST, forwarder.port, family=socket.AF_INET) as end:

        async def take() -> None:
            async for data in end:
                came.append(-1 if any(data[4:]) else int.from_bytes(data[:4], "big"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take)
            for number in range(count):
                await end.send(number.to_bytes(4, "big") + bytes(60))
                if number % 20 == 19:
                    await anyio.sleep(0.002)  # no more than the queues on the way hold
            seen = -1
            while seen != len(came):
                seen = len(came)
                await anyio.sleep(quiet_s)
            tasks.cancel_scope.cancel()
    return came


def test_packets_pass_whole_and_in_order() -> None:
    async def main() -> None:
        async with forwarding() as forwarder:
            assert await sent(forwarder) == list(range(200))

    run(main)


def test_a_share_is_lost_and_the_same_one_for_the_same_seed() -> None:
    async def main() -> None:
        async with forwarding() as forwarder:
            came = []
            for seed in (3, 3, 4):
                forwarder.shape(LinkShape(loss_ratio=0.2, seed=seed))
                came.append(await sent(forwarder))
            assert came[0] == came[1] != came[2]
            assert 130 <= len(came[0]) <= 185
            forwarder.shape(CLEAR)
            assert len(await sent(forwarder)) == 200

    run(main)


def test_packets_come_twice_damaged_and_overtaken() -> None:
    async def main() -> None:
        async with forwarding() as forwarder:
            forwarder.shape(LinkShape(duplicate_ratio=0.5))
            assert 260 <= len(await sent(forwarder)) <= 340
            forwarder.shape(LinkShape(corrupt_ratio=0.5))
            assert 60 <= (await sent(forwarder)).count(-1) <= 140
            forwarder.shape(LinkShape(reorder_ratio=0.2))
            came = await sent(forwarder)
            assert sorted(came) == list(range(200)) != came

    run(main)


def test_down_nothing_passes_not_even_what_was_under_way() -> None:
    async def main() -> None:
        async with forwarding() as forwarder:
            forwarder.shape(LinkShape(latency_s=0.5))
            async with await anyio.create_connected_udp_socket(HOST, forwarder.port, family=socket.AF_INET) as end:
                await end.send(b"x")
                await anyio.sleep(0.01)
                forwarder.shape(LinkShape(is_down=True))
                with anyio.move_on_after(0.8) as quiet:
                    await end.receive()
                assert quiet.cancelled_caught
            assert await sent(forwarder, 5) == []
            forwarder.shape(CLEAR)
            assert await sent(forwarder, 5) == list(range(5))

    run(main)


def test_a_latency_is_kept() -> None:
    async def main() -> None:
        async with forwarding() as forwarder:
            forwarder.shape(LinkShape(latency_s=0.1))
            async with await anyio.create_connected_udp_socket(HOST, forwarder.port, family=socket.AF_INET) as end:
                for _ in range(3):
                    with taking(0.1, 0.15):
                        await end.send(b"x")
                        await end.receive()

    run(main)
