"""
The link in virtual time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import pytest

from harness import clock
from harness.model.link import CLEAR, LinkShape
from harness.model.world import LinkSpec
from harness.protocols import HttpAnswer, NoAnswer
from harness.sim.sim_link import SimLink
from tests.sim.played import MS, play


def with_a_link(main: Callable[[SimLink], Awaitable[None]]) -> None:
    async def around() -> None:
        await main(SimLink("fibre", LinkSpec(to="edge")))

    play(around)


async def answer() -> HttpAnswer:
    return HttpAnswer(200, b"well")


async def took_ns(link: SimLink, within_s: float = 10.0) -> int | None:
    began_ns = clock.now_ns()
    with anyio.move_on_after(within_s):
        await link.carried(answer)
        return clock.now_ns() - began_ns
    return None


def test_an_empty_link_takes_next_to_no_time() -> None:
    async def main(link: SimLink) -> None:
        assert await took_ns(link) == pytest.approx(0.6 * MS, abs=10)
        assert await link.carried(answer) == HttpAnswer(200, b"well")

    with_a_link(main)


def test_a_link_that_is_down_is_silent_or_refuses() -> None:
    async def main(link: SimLink) -> None:
        link.shape(LinkShape(is_down=True))
        assert await took_ns(link) is None
        link.shape(LinkShape(is_down=True, refuses=True))
        with pytest.raises(NoAnswer, match="refused"):
            await link.carried(answer)
        link.shape(CLEAR)
        assert await took_ns(link) is not None

    with_a_link(main)


def test_an_answer_that_is_under_way_when_it_falls_never_comes() -> None:
    async def main(link: SimLink) -> None:
        link.shape(LinkShape(latency_s=1.0))

        async def fall() -> None:
            await anyio.sleep(0.5)
            link.shape(LinkShape(is_down=True))
            await anyio.sleep(0.1)
            link.shape(CLEAR)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fall)
            assert await took_ns(link, 5.0) is None

    with_a_link(main)


def test_the_same_seed_does_the_same_again() -> None:
    async def main(link: SimLink) -> None:
        shape = LinkShape(latency_s=0.2, jitter_s=0.1, loss_ratio=0.3, seed=4)
        drawn = []
        for seed in (4, 4, 5):
            link.shape(LinkShape(latency_s=shape.latency_s, jitter_s=0.1, loss_ratio=0.3, seed=seed))
            drawn.append([await took_ns(link, 1.0) for _ in range(20)])
        # A timer is put on the next nanosecond.
        drawn = [[None if took is None else took // MS for took in one] for one in drawn]
        assert drawn[0] == drawn[1] != drawn[2]
        assert 1 <= drawn[0].count(None) <= 13
        assert all(100 <= took <= 300 for took in drawn[0] if took is not None)

    with_a_link(main)


def test_damage_is_done_to_the_body() -> None:
    async def main(link: SimLink) -> None:
        link.shape(LinkShape(corrupt_ratio=1.0))
        damaged = await link.carried(answer)
        assert sum((a ^ b).bit_count() for a, b in zip(damaged.body, b"well", strict=True)) == 1

    with_a_link(main)


def test_a_burst_shows_what_is_done_to_packets() -> None:
    async def main(link: SimLink) -> None:
        assert (await link.burst(50, 500, 1.0)).lost == 0
        link.shape(LinkShape(rate_bps=1e6))
        assert (await link.burst(50, 500, 1.0)).rate_bps == pytest.approx(1e6, rel=0.01)
        link.shape(LinkShape(loss_ratio=0.2, duplicate_ratio=0.2, corrupt_ratio=0.2, reorder_ratio=0.2))
        burst = await link.burst(200, 500, 1.0)
        assert all(20 <= count <= 70 for count in (burst.lost, burst.doubled, burst.damaged))
        assert burst.overtaken > 0
        link.shape(LinkShape(is_down=True))
        assert (await link.burst(5, 500, 1.0)).lost == 5

    with_a_link(main)
