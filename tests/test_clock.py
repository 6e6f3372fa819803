from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.clock import NS_PER_S, Anchor

DAY_S = 86_400


def virtually(main):  # type: ignore[no-untyped-def]
    return clock.run(main, virtual=True)


async def naps(*lengths_ns: int) -> list[tuple[int, int]]:
    """
    Several tasks that sleep beside one another; what woke when, in order.
    """
    woken: list[tuple[int, int]] = []

    async def nap(length_ns: int) -> None:
        await anyio.sleep(length_ns / NS_PER_S)
        woken.append((clock.now_ns(), length_ns))

    async with anyio.create_task_group() as tasks:
        for length_ns in lengths_ns:
            tasks.start_soon(nap, length_ns)
    return woken


lists_of_naps = st.lists(st.integers(min_value=0, max_value=DAY_S * NS_PER_S), max_size=10)


def test_virtual_time_starts_at_nought_and_jumps() -> None:
    async def main() -> list[int]:
        seen = [clock.now_ns()]
        await anyio.sleep(DAY_S)
        return [*seen, clock.now_ns()]

    started = time.monotonic()
    assert virtually(main) == [0, DAY_S * NS_PER_S]
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("length_s", [1e8, 1e9])
def test_a_sleep_of_years_ends_though_a_float_is_coarser_than_a_nanosecond_there(length_s: float) -> None:
    async def main() -> int:
        await anyio.sleep(length_s)
        await anyio.sleep(0.001)
        return clock.now_ns()

    assert virtually(main) / NS_PER_S == pytest.approx(length_s, rel=1e-9)


def test_only_virtual_time_says_that_it_is() -> None:
    async def main() -> bool:
        return clock.is_virtual()

    assert clock.run(main, virtual=True)
    assert not clock.run(main)
    assert not clock.is_virtual()


@given(lengths_ns=lists_of_naps)
def test_sleepers_wake_in_the_order_of_their_deadlines_each_at_its_own(lengths_ns: list[int]) -> None:
    async def main() -> list[tuple[int, int]]:
        return await naps(*lengths_ns)

    assert virtually(main) == [(length_ns, length_ns) for length_ns in sorted(lengths_ns)]


def test_sleepers_of_one_deadline_wake_in_the_same_order_every_time() -> None:
    async def main() -> list[int]:
        woken: list[int] = []

        async def nap(index: int) -> None:
            for _ in range(3):
                await anyio.sleep(1)
                woken.append(index)

        async with anyio.create_task_group() as tasks:
            for index in range(20):
                tasks.start_soon(nap, index)
        return woken

    assert virtually(main) == virtually(main)


def test_time_stands_still_while_something_can_be_done() -> None:
    async def main() -> int:
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(anyio.lowlevel.checkpoint)
        return clock.now_ns()

    assert virtually(main) == 0


def test_a_deadline_fires_at_its_time() -> None:
    async def main() -> int:
        with anyio.move_on_after(2.5) as scope:
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        return clock.now_ns()

    assert virtually(main) == 2_500_000_000


def test_waiting_for_what_no_one_will_do_is_an_error_and_not_a_hang() -> None:
    async def main() -> None:
        await anyio.Event().wait()

    with pytest.raises(RuntimeError, match="virtual time stands still"):
        virtually(main)


@given(at_ns=st.integers(min_value=0, max_value=30 * DAY_S * NS_PER_S))
def test_sleeping_until_an_instant_is_exact_for_a_month(at_ns: int) -> None:
    async def main() -> int:
        await clock.sleep_until(at_ns)
        return clock.now_ns()

    assert virtually(main) == at_ns


def test_sleeping_until_the_past_is_only_a_checkpoint() -> None:
    async def main() -> tuple[int, bool]:
        await anyio.sleep(1)
        with anyio.move_on_after(0) as scope:
            await clock.sleep_until(0)
        return clock.now_ns(), scope.cancelled_caught

    assert virtually(main) == (NS_PER_S, True)


def test_real_time_is_the_monotonic_clock_in_a_loop_and_out_of_it() -> None:
    async def main() -> int:
        return clock.now_ns()

    readings = [time.monotonic_ns(), clock.now_ns(), clock.run(main), time.monotonic_ns()]
    assert readings == sorted(readings)


def test_arguments_and_the_result_are_passed_through() -> None:
    async def main(a: int, b: str) -> str:
        return b * a

    assert clock.run(main, 3, "x", virtual=True) == "xxx"


def test_the_backend_is_asyncio() -> None:
    async def main() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert isinstance(virtually(main), clock.VirtualLoop)


# --- the wall ---------------------------------------------------------------------------------------------------------


@given(seed=st.integers(min_value=0))
def test_a_seeds_anchor_is_the_same_every_time_and_within_one_fixed_day(seed: int) -> None:
    async def main() -> Anchor:
        return Anchor.from_seed(seed)

    anchor = virtually(main)
    assert anchor == virtually(main)
    assert datetime(2000, 1, 1, tzinfo=UTC) <= anchor.wall(0) < datetime(2000, 1, 2, tzinfo=UTC)


@given(wall_ns=st.integers(0, 4 * 10**18), at_ns=st.integers(0, 10**17), passed_us=st.integers(0, 10**14))
def test_wall_time_runs_with_the_bench_clock(wall_ns: int, at_ns: int, passed_us: int) -> None:
    anchor = Anchor(wall_ns, at_ns)
    passed = anchor.wall(at_ns + passed_us * 1000) - anchor.wall(at_ns)
    assert passed == timedelta(microseconds=passed_us)


def test_an_anchor_taken_now_is_near_the_wall() -> None:
    before, anchor, after = time.time_ns(), Anchor.take(), time.time_ns()  # noqa: TID251 - what is compared with
    assert before <= anchor.wall_ns <= after


@given(passed_s=st.integers(0, 30 * DAY_S), ppm=st.integers(-500, 500))
def test_a_slewed_wall_is_no_step(passed_s: int, ppm: int) -> None:
    start, at_ns = Anchor(10**18, 0), passed_s * NS_PER_S
    assert start.stepped_ns(Anchor(10**18 + at_ns + at_ns * ppm // 1_000_000, at_ns)) is None


@given(passed_s=st.integers(0, 3600), step_s=st.integers(2, 10**6), sign=st.sampled_from([-1, 1]))
def test_a_stepped_wall_is_seen_with_the_size_of_its_step(passed_s: int, step_s: int, sign: int) -> None:
    at_ns, step_ns = passed_s * NS_PER_S, sign * step_s * NS_PER_S
    assert Anchor(10**18, 0).stepped_ns(Anchor(10**18 + at_ns + step_ns, at_ns)) == step_ns


def test_an_alarm_rings_at_its_time_unless_it_is_cancelled() -> None:
    async def main() -> list[tuple[str, int]]:
        rung: list[tuple[str, int]] = []
        clock.alarm(7, lambda name: rung.append((name, clock.now_ns())), "seven")
        clock.alarm(5, rung.append, ("never", 5)).cancel()
        await clock.sleep_until(9)
        return rung

    assert virtually(main) == [("seven", 7)]


def test_time_that_is_spent_in_a_call_has_passed_for_everybody() -> None:
    async def main() -> list[int]:
        source, told = clock.source(), []

        async def wait() -> None:
            await anyio.sleep(1)
            told.append(clock.now_ns())

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.sleep(0.5)
            clock.spend(2 * NS_PER_S)
            told.append(source())
        return told

    assert virtually(main) == [2 * NS_PER_S + NS_PER_S // 2] * 2
    clock.spend(NS_PER_S)  # real time passes by itself
