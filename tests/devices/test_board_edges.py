"""
Edges on a board's input, against the edges that the world made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import anyio
import pytest

from harness import clock
from harness.board.unsolicited import Edges
from harness.devices.board_edges import BoardEdges
from harness.errors import DeviceError
from harness.model.instant import Instant
from tests.devices.boards import LINE_GPIO, Bench
from tests.sim.played import play


def on_a_bench(main: Callable[[Bench, Any], Awaitable[None]], **config: Any) -> None:
    """
    Runs `main` with open edges of input 0.
    """

    async def around() -> None:
        bench = Bench()
        await bench.board.open()
        edges = bench.add("beacon", BoardEdges, BoardEdges.Config(**{"board": "pico", "line": 0, **config}))
        await edges.open()
        await main(bench, edges)
        await edges.aclose()
        await bench.board.aclose()
        bench.close()

    play(around)


async def toggled(bench: Bench, times: int, gpio: int = LINE_GPIO) -> list[int]:
    """
    The moments (ns) at which the line changed, at random distances, rising first.
    """
    rng, moments = Random(times), []
    for index in range(times):
        await anyio.sleep(rng.uniform(0.0001, 0.05))
        bench.played.set_level(gpio, 1 - index % 2)
        moments.append(clock.now_ns())
    return moments


def test_every_edge_is_counted_and_stamped_in_order() -> None:
    async def main(bench: Bench, edges: BoardEdges) -> None:
        moments = await toggled(bench, 500)
        assert await edges.count() == 500
        seen = await edges.since(Instant.exactly(0))
        assert [level for _, level in seen] == [1, 0] * 250
        assert all(at.holds(moment_ns) for (at, _), moment_ns in zip(seen, moments, strict=True))

    on_a_bench(main)


@pytest.mark.parametrize(("kind", "level"), [("rising", 1), ("falling", 0)])
def test_only_the_edges_that_were_asked_for_count(kind: str, level: int) -> None:
    async def main(bench: Bench, edges: BoardEdges) -> None:
        await toggled(bench, 20)
        assert await edges.count() == 10
        assert {seen for _, seen in await edges.since(Instant.exactly(0))} == {level}

    on_a_bench(main, edges=kind)


def test_another_line_and_the_boards_own_outputs_do_not_count() -> None:
    async def main(bench: Bench, edges: BoardEdges) -> None:
        other = bench.add("other", BoardEdges, BoardEdges.Config(board="pico", line=1))
        await other.open()
        await toggled(bench, 6, LINE_GPIO + 1)
        await bench.board.call(lambda board: board.pulse(0, 1, width_us=200, gap_us=200, count=9))
        await anyio.sleep(0.1)
        assert (await edges.count(), await other.count()) == (0, 6)
        await other.aclose()

    on_a_bench(main)


def test_since_gives_what_came_later() -> None:
    async def main(bench: Bench, edges: BoardEdges) -> None:
        moments = await toggled(bench, 10)
        assert len(await edges.since(Instant.exactly(moments[6]))) == 4
        assert await edges.since(Instant.exactly(clock.now_ns() + 10**9)) == []

    on_a_bench(main)


def test_what_is_not_remembered_is_not_passed_over() -> None:
    async def main(bench: Bench, edges: BoardEdges) -> None:
        moments = await toggled(bench, 50)
        assert await edges.count() == 50
        assert len(await edges.since(Instant.exactly(moments[-3]))) == 3
        with pytest.raises(DeviceError, match="last 10 edges only"):
            await edges.since(Instant.exactly(moments[0]))

    on_a_bench(main, keep=10)


def test_a_lost_edge_is_never_silent() -> None:
    async def main(bench: Bench, edges: BoardEdges) -> None:
        await toggled(bench, 4)
        assert await edges.count() == 4
        bench.board.events.tell(Edges(received_ns=0, missed=1, first=9, lost=0, edges=()))
        assert edges.lost == 5
        with pytest.raises(DeviceError, match=r"5 edge\(s\)"):
            await edges.count()
        with pytest.raises(DeviceError, match=r"5 edge\(s\)"):
            await edges.since(Instant.exactly(0))

    on_a_bench(main)


@pytest.mark.parametrize("values", [{"line": -1}, {"keep": 0}])
def test_a_line_that_cannot_be_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must"):
        BoardEdges.Config(**{"board": "pico", "line": 0, **values})
