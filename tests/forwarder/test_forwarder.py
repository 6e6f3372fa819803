"""
The forwarder for TCP: what passes, and what is done to it, on live connections.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from contextlib import AsyncExitStack
from random import Random

import anyio
import anyio.lowlevel
import pytest

from harness.forwarder.connection import Connection
from harness.model.link import CLEAR, LinkShape
from tests.forwarder.played import Client, connected, echo, forwarding, is_refused, run, serving, taking


def shapes(**what: float) -> LinkShape:
    return LinkShape(**what)  # type: ignore[arg-type]


def test_bytes_pass_whole_and_in_order_with_back_pressure() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, connected(forwarder.port) as client:
            sent = Random(1).randbytes(3_000_000)

            async def send() -> None:
                client.writer.write(sent)
                await client.writer.drain()
                client.writer.write_eof()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(send)
                assert await client.reader.read(-1) == sent

    run(main)


def test_a_half_closed_connection_still_brings_the_answer() -> None:
    async def answer_at_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"%d" % len(await reader.read(-1)))

    async def main() -> None:
        for shape in (CLEAR, shapes(latency_s=0.02)):
            async with forwarding(answer_at_the_end) as forwarder, connected(forwarder.port) as client:
                forwarder.shape(shape)
                client.writer.write(b"abc")
                client.writer.write_eof()
                assert await client.reader.read(-1) == b"3"

    run(main)


def test_a_latency_comes_and_goes_on_a_live_connection() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, connected(forwarder.port) as client:
            with taking(0, 0.05):
                assert await client.ask()
            forwarder.shape(shapes(latency_s=0.1))
            with taking(0.099, 0.15):
                assert await client.ask()
            forwarder.shape(CLEAR)
            with taking(0, 0.05):
                assert await client.ask()

    run(main)


def test_what_is_under_way_arrives_at_once_when_the_latency_is_gone() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, connected(forwarder.port) as client:
            forwarder.shape(shapes(latency_s=5.0))
            client.writer.write(b"abcdef")
            with anyio.move_on_after(0.1):
                await client.reader.readexactly(1)
            with taking(0, 0.05):
                forwarder.shape(CLEAR)
                assert await client.reader.readexactly(6) == b"abcdef"

    run(main)


def test_each_way_can_be_shaped_for_itself() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, connected(forwarder.port) as client:
            forwarder.shape(shapes(latency_s=0.1), up=shapes(latency_s=0.05))
            with taking(0.149, 0.2):
                assert await client.ask()

    run(main)


def test_silent_when_down_and_going_on_when_up() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, connected(forwarder.port) as client:
            await client.took_s()
            forwarder.shape(LinkShape(is_down=True))
            assert await client.ask(b"lost?", 0.1) is None
            async with connected(forwarder.port) as second:
                assert await second.ask(b"too?", 0.1) is None
                forwarder.shape(CLEAR)
                assert await client.reader.readexactly(5) == b"lost?"
                assert await second.reader.readexactly(4) == b"too?"

    run(main)


def test_refusing_when_down_and_listening_when_up() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, connected(forwarder.port) as client:
            await client.took_s()
            forwarder.shape(LinkShape(is_down=True, refuses=True))
            with pytest.raises(ConnectionResetError):
                await client.ask()
            assert is_refused(forwarder.port)
            assert forwarder.connections == 0
            forwarder.shape(CLEAR)
            async with connected(forwarder.port) as second:
                await second.took_s()

    run(main)


async def fates(forwarder: object, patience_s: float, count: int = 20) -> str:
    """
    What becomes of one connection after the other: `.` passes, `s` silent, `r` reset.

    They are made in turn, for each draws when it is made; the patience is had with all of them at once.
    """
    told = [""] * count

    async def ask(number: int, client: Client) -> None:
        try:
            told[number] = "s" if await client.ask(within_s=patience_s) is None else "."
        except (ConnectionError, asyncio.IncompleteReadError):
            told[number] = "r"

    async with AsyncExitStack() as stack, anyio.create_task_group() as tasks:
        for number in range(count):
            client = await stack.enter_async_context(connected(forwarder.port))  # type: ignore[attr-defined]
            tasks.start_soon(ask, number, client)
    return "".join(told)


@pytest.mark.long
def test_the_same_seed_loses_and_resets_the_same_connections() -> None:
    async def main() -> None:
        async with forwarding() as forwarder:
            for shape, mark, patience_s in (
                (shapes(loss_ratio=0.3, seed=7), "s", 2.0),
                (shapes(reset_ratio=0.3, seed=7), "r", 3.0),
            ):
                forwarder.shape(shape)
                first = await fates(forwarder, patience_s)
                forwarder.shape(shape)
                assert await fates(forwarder, patience_s) == first
                assert 2 <= first.count(mark) <= 12  # of 20, 30 %
                assert set(first) == {".", mark}
                forwarder.shape(LinkShape(loss_ratio=shape.loss_ratio, reset_ratio=shape.reset_ratio, seed=8))
                assert await fates(forwarder, patience_s) != first

    run(main, limit_s=30)


def test_an_answer_on_a_live_connection_is_reset_in_the_middle() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, connected(forwarder.port) as client:
            await client.took_s()
            forwarder.shape(shapes(reset_ratio=1.0))
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await client.ask()

    run(main)


def test_a_lost_connection_stays_lost_and_is_let_go_of_when_its_client_gives_up() -> None:
    async def main() -> None:
        async with forwarding() as forwarder:
            async with connected(forwarder.port) as client:
                await client.took_s()
                forwarder.shape(shapes(loss_ratio=1.0))
                assert await client.ask(within_s=0.05) is None
                forwarder.shape(CLEAR)
                assert await client.ask(within_s=0.05) is None
            with anyio.fail_after(5):
                while forwarder.connections:  # noqa: ASYNC110 - nobody tells
                    await anyio.sleep(0.001)

    run(main)


@pytest.mark.long
def test_the_same_seed_delays_the_same() -> None:
    async def delays(client: Client) -> list[float]:
        return [await client.took_s() for _ in range(10)]

    async def main() -> None:
        async with forwarding() as forwarder:
            drawn = []
            for _ in range(2):
                forwarder.shape(shapes(latency_s=0.1, jitter_s=0.1, seed=3))
                async with connected(forwarder.port) as client:
                    drawn.append(await delays(client))
            assert max(drawn[0]) - min(drawn[0]) > 0.06
            assert statistics.median(abs(a - b) for a, b in zip(*drawn, strict=True)) < 0.02

    run(main)


def test_an_answer_is_kept_back_once_and_not_piece_by_piece() -> None:
    async def in_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            for _ in range(5):
                writer.write(b"x")
                await writer.drain()
                await anyio.sleep(0.005)

    async def main() -> None:
        async with forwarding(in_pieces) as forwarder, connected(forwarder.port) as client:
            forwarder.shape(shapes(stall_least_s=0.1, stall_most_s=0.12))
            for _ in range(2):
                with taking(0.1, 0.2):
                    assert await client.ask(b"12345") == b"xxxxx"

    run(main)


def test_a_rate_is_kept_and_shared() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(connected(forwarder.port)) for _ in range(2)]
            forwarder.shape(shapes(rate_bps=8e6))
            with taking(0.28, 0.45):
                async with anyio.create_task_group() as tasks:
                    for client in clients:
                        tasks.start_soon(client.ask, bytes(150_000))

    run(main)


def test_corruption_flips_one_bit_of_a_piece() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, connected(forwarder.port) as client:
            forwarder.shape(shapes(corrupt_ratio=1.0))
            got = await client.ask(bytes(100))
            assert got is not None
            assert sum(byte.bit_count() for byte in got) == 1

    run(main)


def test_whom_the_far_end_refuses_is_reset() -> None:
    async def main() -> None:
        async with serving(echo) as port:
            pass
        from harness.forwarder.forwarder import Forwarder

        forwarder = Forwarder.to("127.0.0.1", 0, "127.0.0.1", port)
        forwarder.open()
        async with connected(forwarder.port) as client:
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await client.ask()
        await forwarder.aclose()

    run(main)


@pytest.mark.parametrize(
    ("shape", "connections"),
    # A cut stops each connection in the kernel; a toxic is a change of mind.
    [(shapes(latency_s=0.1, loss_ratio=0.1), 200), (LinkShape(is_down=True), 20)],
)
def test_it_is_switched_within_a_millisecond(shape: LinkShape, connections: int) -> None:
    async def main() -> None:
        async with forwarding() as forwarder, AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(connected(forwarder.port)) for _ in range(connections)]
            for client in clients:
                await client.ask()
            took_ns = []
            for switched in (shape, CLEAR) * 10:
                began_ns = time.thread_time_ns()  # what it takes, whoever else is given the processor meanwhile
                forwarder.shape(switched)
                took_ns.append(time.thread_time_ns() - began_ns)
            assert statistics.median(took_ns) < 1_000_000, took_ns

    run(main)


def test_a_connection_that_is_being_made_gets_what_the_others_got() -> None:
    async def main() -> None:
        async with forwarding() as forwarder, connected(forwarder.port) as client:
            client.writer.write(b"x")
            await anyio.lowlevel.checkpoint()
            forwarder.shape(LinkShape(is_down=True))
            assert await client.ask(within_s=0.1) is None

    run(main)


def test_what_comes_before_the_far_end_is_there_waits_for_it() -> None:
    async def main() -> None:
        client, near = socket.socketpair()
        server, far = socket.socketpair()
        for end in (client, near, server, far):
            end.setblocking(False)
        over: list[Connection] = []
        connection = Connection(over.append)
        connection.near.data_received(b"early")  # as a loop does that reads on although it was told to pause
        await connection.start(near, far)
        assert await asyncio.get_running_loop().sock_recv(server, 10) == b"early"
        client.close()
        assert await asyncio.get_running_loop().sock_recv(server, 10) == b""
        server.close()
        with anyio.fail_after(5):
            while not over:  # noqa: ASYNC110 - nobody tells
                await anyio.sleep(0.001)

    run(main)


def test_a_client_that_hangs_up_while_the_far_end_is_called_leaves_nothing() -> None:
    async def main() -> None:
        async with forwarding() as forwarder:
            for _ in range(20):
                async with connected(forwarder.port) as client:
                    client.writer.transport.abort()
            with anyio.fail_after(5):
                while forwarder.connections:  # noqa: ASYNC110 - nobody tells
                    await anyio.sleep(0.001)

    run(main)
