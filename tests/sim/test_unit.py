"""
The model of a DUT: what it answers, when it answers, and what it knows of its records.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.model.world import DrawSpec, UnitSpec
from harness.protocols import HttpAnswer, NoAnswer
from harness.sim.unit import SimUnit
from tests.sim.played import S, play


def unit_of(seed: int = 1, **values: Any) -> SimUnit:
    return SimUnit("node", UnitSpec(**values), Random(seed))


async def get(unit: SimUnit, path: str = "/health", method: str = "GET") -> HttpAnswer | None:
    """
    An answer, or None: refused, or silent for 5 s.
    """
    with anyio.move_on_after(5):
        try:
            return await unit.request(method, path)
        except NoAnswer:
            return None
    return None


def test_it_boots_then_serves_then_is_gone() -> None:
    async def main() -> None:
        unit = unit_of()
        unit.powered(0)
        await anyio.sleep(2)
        assert await get(unit) is None
        await anyio.sleep(2)
        answer = await get(unit)
        assert answer is not None
        assert answer.status == 200
        assert json.loads(answer.body) == {
            "status": "ok",
            "name": "edge-node",
            "version": "1.0.0",
            "boot_id": "00000001",
        }
        off_ns = clock.now_ns()
        unit.power_lost(off_ns)
        assert await get(unit) is None
        (_, nothing), (up_ns, well), (lost_ns, gone) = unit.history
        assert (nothing, well, gone, lost_ns) == (None, answer, None, off_ns)
        assert 2.7 * S <= up_ns <= 3.3 * S
        assert unit.samples(up_ns + 1) == [(up_ns, answer), (off_ns, None)]

    play(main)


def test_booting_it_refuses_at_once_and_without_power_it_is_silent() -> None:
    async def main() -> None:
        unit = unit_of()
        with anyio.move_on_after(100) as silence:
            await unit.request("GET", "/health")
        assert silence.cancelled_caught
        unit.powered(clock.now_ns())
        asked_ns = clock.now_ns()
        with pytest.raises(NoAnswer):
            await unit.connect()
        assert 0.0015 * S <= clock.now_ns() - asked_ns <= 0.0045 * S

    play(main)


def test_it_draws_more_while_it_boots_and_nothing_without_power() -> None:
    async def main() -> None:
        unit = unit_of(boot_spread_ratio=0.0)
        unit.powered(S)
        unit.power_lost(10 * S)
        assert [unit.current_a(at_s * S) for at_s in (0, 2, 5, 11)] == [0, 0.45, 0.25, 0]
        await anyio.sleep(20)
        assert unit.currents(2 * S) == [(S, 0.45), (4 * S, 0.25), (10 * S, 0.0)]

    play(main)


def test_a_boot_has_the_steps_of_its_signature_at_the_pace_of_that_boot() -> None:
    async def main() -> None:
        draws = (DrawSpec(at_s=1.0, draw_a=0.6), DrawSpec(at_s=2.0, draw_a=0.1))
        unit = unit_of(boot_s=4.0, boot_draws=draws)
        unit.powered(S)
        await anyio.sleep(20)
        ((_, answer),) = unit.samples(20 * S)
        assert answer is not None
        up_ns = next(at_ns for at_ns, answer in unit.samples(0) if answer is not None)
        pace = (up_ns - S) / (4 * S)
        assert pace != 1
        steps = [(S, 0.45), (S + round(pace * S), 0.6), (S + round(2 * pace * S), 0.1), (up_ns, 0.25)]
        assert unit.currents(S) == [(pytest.approx(at_ns, abs=2), draw_a) for at_ns, draw_a in steps]

    play(main)


def test_a_power_loss_ends_a_boot_and_its_currents() -> None:
    async def main() -> None:
        unit = unit_of(boot_s=4.0, boot_spread_ratio=0.0, boot_draws=(DrawSpec(at_s=2.0, draw_a=0.6),))
        unit.powered(S)
        unit.power_lost(2 * S)
        await anyio.sleep(20)
        assert unit.currents(S) == [(S, 0.45), (2 * S, 0.0)]
        assert unit.charge(0, 10 * S) == pytest.approx(0.45 * S)

    play(main)


@pytest.mark.parametrize("at_s", [-1.0, 3.0])
def test_a_step_of_a_boot_lies_within_it(at_s: float) -> None:
    with pytest.raises(ValueError, match="boot_draws"):
        UnitSpec(boot_s=3.0, boot_draws=(DrawSpec(at_s=at_s, draw_a=0.6),))


@settings(max_examples=80)
@given(
    seed=st.integers(0, 1000),
    cuts=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=6),
    asks_ms=st.lists(st.integers(0, 25), min_size=10, max_size=60),
)
def test_an_answer_tells_the_truth_of_some_moment_between_asked_and_answered(
    seed: int, cuts: list[tuple[int, int]], asks_ms: list[int]
) -> None:
    async def cut(unit: SimUnit) -> None:
        for on_ms, off_ms in cuts:
            unit.powered(clock.now_ns())
            await anyio.sleep(on_ms / 1000)
            unit.power_lost(clock.now_ns())
            await anyio.sleep(off_ms / 1000)
        unit.powered(clock.now_ns())

    async def main() -> None:
        unit = unit_of(seed, boot_s=0.02, latency_s=0.008)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(cut, unit)
            for pause_ms in asks_ms:
                await anyio.sleep(pause_ms / 1000)
                asked_ns = clock.now_ns()
                answer = None
                with anyio.move_on_after(0.05):
                    try:
                        answer = await unit.request("GET", "/health")
                    except NoAnswer:
                        answer = None
                assert answer in [sample for _, sample in unit.samples(asked_ns)]

    play(main)


def test_records_are_numbered_and_all_there_after_a_power_loss() -> None:
    async def main() -> None:
        unit = unit_of()
        unit.powered(0)
        await anyio.sleep(4)
        assert [(await get(unit, "/records", "POST")) for _ in range(3)][-1] == (
            200,
            b'{"seq": 3, "lost": 0, "corrupt": 0}',
        )
        unit.power_lost(clock.now_ns())
        unit.powered(clock.now_ns() + 1)
        await anyio.sleep(4)
        assert await get(unit, "/records") == (200, b'{"last_seq": 3, "lost": 0, "corrupt": 0}')
        assert await get(unit, "/nothing") == (404, b'{"error": "not found"}')

    play(main)


def test_one_that_loses_writes_says_how_many_and_never_reuses_a_number() -> None:
    async def main() -> None:
        unit = unit_of(defect="loses_writes")
        unit.powered(0)
        await anyio.sleep(4)
        for _ in range(5):
            await get(unit, "/records", "POST")
        unit.power_lost(clock.now_ns())
        unit.powered(clock.now_ns() + 1)
        await anyio.sleep(4)
        answer = await get(unit, "/records")
        assert answer is not None
        held = json.loads(answer.body)
        assert 1 <= held["lost"] <= 3
        assert held["last_seq"] == 5 - held["lost"]
        status, told = await get(unit, "/records", "POST")
        assert (status, json.loads(told)) == (200, {"seq": 6, "lost": held["lost"], "corrupt": 0})

    play(main)


def test_one_that_never_boots_comes_up_once_and_not_again() -> None:
    async def main() -> None:
        unit = unit_of(defect="never_boots")
        unit.powered(0)
        await anyio.sleep(4)
        assert await get(unit) is not None
        unit.power_lost(clock.now_ns())
        unit.powered(clock.now_ns() + 1)
        await anyio.sleep(1000)
        assert await get(unit) is None

    play(main)


def test_one_that_is_not_fed_by_its_rail_serves_on() -> None:
    async def main() -> None:
        unit = unit_of(defect="not_fed")
        unit.powered(0)
        await anyio.sleep(4)
        unit.power_lost(clock.now_ns())
        await anyio.sleep(1)
        unit.powered(clock.now_ns())
        assert await get(unit) is not None

    play(main)


def test_one_that_is_never_steady_answers_503() -> None:
    async def main() -> None:
        unit = unit_of(defect="never_steady")
        unit.powered(0)
        await anyio.sleep(4)
        answer = await get(unit)
        assert answer is not None
        assert answer.status == 503

    play(main)


def test_memory_stays_flat_when_the_past_is_forgotten() -> None:
    async def main() -> None:
        unit = unit_of()
        for _ in range(100):
            unit.powered(clock.now_ns())
            await anyio.sleep(4)
            unit.power_lost(clock.now_ns())
            await anyio.sleep(1)
            unit.forget(clock.now_ns())
            assert len(unit.history) == 1

    play(main)
