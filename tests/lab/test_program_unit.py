"""
What a unit that is a real program draws: decided when its rail feeds it, before its program has even begun.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import anyio
import pytest

from harness import clock
from harness.lab.program_unit import ProgramUnit
from harness.model.world import DrawSpec, UnitSpec
from tests.sim.played import S, play

DRAWS = (DrawSpec(at_s=1.0, draw_a=0.6), DrawSpec(at_s=2.0, draw_a=0.1))


async def unit_of(folder: Path, **values: object) -> ProgramUnit:
    """
    A unit that nobody plays: it has given back its port, and runs nothing.
    """
    spec = UnitSpec(**{"boot_s": 4.0, "boot_spread_ratio": 0.0, "boot_draws": DRAWS, **values})  # type: ignore[arg-type]
    unit = ProgramUnit("edge", spec, ["true"], folder, Random(1))
    with anyio.move_on_after(0):
        await unit.play()
    return unit


def test_its_current_has_the_steps_of_its_boots_signature(tmp_path: Path) -> None:
    async def main() -> None:
        unit = await unit_of(tmp_path)
        start_ns = clock.now_ns() + S
        assert unit.current_a(start_ns) == 0
        unit.powered(start_ns)
        assert [unit.current_a(start_ns + after * S // 2) for after in (0, 1, 2, 3, 4, 9)] == [
            *(0.45, 0.45, 0.6, 0.6, 0.1, 0.1)
        ]
        assert unit.charge(start_ns, start_ns + 3 * S) == pytest.approx((0.45 + 0.6 + 0.1) * S)

    play(main)


def test_a_power_loss_ends_its_currents_and_the_next_boot_begins_anew(tmp_path: Path) -> None:
    async def main() -> None:
        unit = await unit_of(tmp_path)
        start_ns = clock.now_ns() + S
        unit.powered(start_ns)
        unit.power_lost(start_ns + 3 * S // 2)
        assert [unit.current_a(start_ns + after * S) for after in (1, 2, 9)] == [0.6, 0.0, 0.0]
        unit.powered(start_ns + 10 * S)
        assert [unit.current_a(start_ns + after * S) for after in (10, 11, 12)] == [0.45, 0.6, 0.1]
        unit.forget(start_ns + 11 * S)
        assert unit.current_a(start_ns + 12 * S) == 0.1

    play(main)


def test_one_that_is_not_fed_by_its_rail_draws_on(tmp_path: Path) -> None:
    async def main() -> None:
        unit = await unit_of(tmp_path, defect="not_fed")
        start_ns = clock.now_ns() + S
        unit.powered(start_ns)
        unit.power_lost(start_ns + S // 2)
        assert unit.current_a(start_ns + S) == 0.6

    play(main)
