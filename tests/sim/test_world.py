"""
The world: lines move contacts, rails feed units, and each is told exactly when.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.errors import UsageError
from harness.model.world import ChipSpec, ContactSpec, RailSpec, UnitSpec, WorldSpec
from harness.sim.world import World
from tests.sim.played import MS, PIN, S, Scribe, play, world_of


def test_a_unit_is_told_at_the_very_crossings() -> None:
    async def main() -> None:
        scribe = Scribe()
        world = world_of(scribe)
        await anyio.sleep(1)
        world.drive(PIN, 0)
        await anyio.sleep(1)
        world.drive(PIN, 1)
        await anyio.sleep(1)
        (start, fed), (lost_ns, lost), (back_ns, back) = scribe.told
        assert (start, fed, lost, back) == (0, True, False, True)
        assert scribe.heard_ns == [0, lost_ns, back_ns]
        rail = world.rails["main"]
        assert rail.crossings(3.0, 0) == [(lost_ns, False), (back_ns, True)]
        # 8 ms ± 20 % to operate, at most 1 ms of chatter, 30 ms of hold-up; then 6 ms ± 20 % to release.
        assert S + 36.4 * MS < lost_ns < S + 40.6 * MS + 1
        assert 2 * S + 4.8 * MS < back_ns < 2 * S + 8.2 * MS

    play(main)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 1000),
    pauses_ms=st.lists(st.integers(0, 120), min_size=1, max_size=14),
    hold_up_s=st.sampled_from([0.004, 0.03, 0.1]),
    contact=st.sampled_from(["nc", "no"]),
)
def test_whatever_the_line_does_the_unit_hears_what_the_voltage_did(
    seed: int, pauses_ms: list[int], hold_up_s: float, contact: str
) -> None:
    async def main() -> None:
        scribe = Scribe()
        world = world_of(scribe, seed, rail={"hold_up_s": hold_up_s}, contact={"contact": contact})
        for index, pause_ms in enumerate(pauses_ms):
            await anyio.sleep(pause_ms / 1000)
            world.drive(PIN, index % 2)
        await anyio.sleep(1)
        assert scribe.told == heard_in(world, until_ns=clock.now_ns())
        assert scribe.heard_ns == [at_ns for at_ns, _ in scribe.told]

    play(main)


def heard_in(world: World, until_ns: int) -> list[tuple[int, bool]]:
    """
    What a unit should hear: fed at 4.5 V, starved below 3 V, by looking at the voltage wherever it can turn.
    """
    rail = world.rails["main"]
    turns = sorted({0, *rail.strokes(0), *(ns for v in (3.0, 4.5) for ns, _ in rail.crossings(v, 0)), until_ns})
    told: list[tuple[int, bool]] = []
    fed = False
    for at_ns in turns:
        voltage_v = rail.voltage_v(at_ns)
        if (not fed and voltage_v >= 4.5) or (fed and voltage_v < 3.0):
            fed = not fed
            told.append((at_ns, fed))
    return told


def test_a_coil_pulse_shorter_than_its_stroke_moves_nothing() -> None:
    async def main() -> None:
        scribe = Scribe()
        world = world_of(scribe)
        await anyio.sleep(1)
        world.drive(PIN, 0)
        await anyio.sleep(0.003)
        world.drive(PIN, 1)
        await anyio.sleep(1)
        assert world.rails["main"].strokes(0) == []
        assert scribe.told == [(0, True)]

    play(main)


def test_a_cut_that_the_rail_holds_up_through_is_not_told() -> None:
    async def main() -> None:
        scribe = Scribe()
        world = world_of(scribe)
        await anyio.sleep(1)
        world.drive(PIN, 0)
        await anyio.sleep(0.020)
        world.drive(PIN, 1)
        await anyio.sleep(1)
        assert world.rails["main"].crossings(4.9, 0) != []
        assert scribe.told == [(0, True)]

    play(main)


def test_a_normally_open_contact_leaves_the_unit_unfed_until_it_is_driven() -> None:
    async def main() -> None:
        scribe = Scribe()
        world = world_of(scribe, contact={"contact": "no"})
        await anyio.sleep(1)
        assert scribe.told == []
        assert world.rails["main"].voltage_v(clock.now_ns()) == 0
        world.drive(PIN, 0)
        await anyio.sleep(1)
        assert [fed for _, fed in scribe.told] == [True]

    play(main)


@pytest.mark.parametrize(("defect", "told"), [("welded", [True]), ("open", [])])
def test_a_broken_contact_does_not_obey(defect: str, told: list[bool]) -> None:
    async def main() -> None:
        scribe = Scribe()
        world = world_of(scribe, contact={"defect": defect})
        for level in (0, 1, 0, 1):
            await anyio.sleep(1)
            world.drive(PIN, level)
        assert [fed for _, fed in scribe.told] == told

    play(main)


@pytest.mark.parametrize(("released_lines", "told"), [("persist", [True, False]), ("strict", [True, False, True])])
def test_a_line_that_is_let_go_does_what_the_kernel_does(released_lines: str, told: list[bool]) -> None:
    async def main() -> None:
        scribe = Scribe()
        world = world_of(scribe, released_lines=released_lines)
        world.drive(PIN, 0)
        await anyio.sleep(1)
        world.let_go(PIN)
        await anyio.sleep(1)
        assert [fed for _, fed in scribe.told] == told

    play(main)


def test_lines_float_to_their_pull_and_show_what_drives_them() -> None:
    async def main() -> None:
        world = world_of(Scribe())
        assert (world.level(PIN), world.level(4), world.level(4, pull=1)) == (1, 0, 1)
        world.drive(PIN, 0)
        world.drive(4, 1)
        assert (world.level(PIN), world.level(4)) == (0, 1)
        world.release(PIN)
        assert world.level(PIN) == 1

    play(main)


def test_the_same_seed_plays_the_same_world_and_another_one_another() -> None:
    def strokes(seed: int) -> list[int]:
        seen: list[int] = []

        async def main() -> None:
            world = world_of(Scribe(), seed)
            world.drive(PIN, 0)
            await anyio.sleep(1)
            seen.extend(world.rails["main"].strokes(0))

        play(main)
        return seen

    assert strokes(1) == strokes(1) != strokes(2)


def test_memory_stays_flat_when_the_past_is_forgotten() -> None:
    async def main() -> None:
        world = world_of(Scribe())
        for index in range(200):
            world.drive(PIN, index % 2)
            await anyio.sleep(0.1)
            world.forget(clock.now_ns())
            assert len(world.rails["main"].strokes(0)) <= 9  # of one stroke, chatter and all

    play(main)


def test_what_a_chip_is_converting_is_not_forgotten() -> None:
    async def main() -> None:
        def word(world: World) -> bytes:
            return world.chips[1, 0x40].read(0x01, 2)

        worlds = [world_of(Scribe(), contact={"bounce_s": 0.0}) for _ in range(2)]
        for step in range(200):
            if step % 100 == 0:
                for world in worlds:
                    world.drive(PIN, step // 100)
            await anyio.sleep(0.0004)
            worlds[0].forget(clock.now_ns())
            assert word(worlds[0]) == word(worlds[1])

    play(main)


def test_a_closed_world_tells_nothing_more() -> None:
    async def main() -> None:
        scribe = Scribe()
        world = world_of(scribe)
        await anyio.sleep(1)
        world.drive(PIN, 0)
        world.close()
        await anyio.sleep(1)
        assert scribe.told == [(0, True)]

    play(main)


def test_what_hangs_on_nothing_is_a_usage_error() -> None:
    async def main() -> None:
        rails = {"main": RailSpec(dut="nod", contact=ContactSpec(pin=1))}
        with pytest.raises(UsageError, match="did you mean 'node'"):
            World(WorldSpec(rails=rails), 1, {"node": Scribe()})
        rails = {"main": RailSpec(dut="node", contact=ContactSpec(pin=1))}
        chips = {"meter": ChipSpec(kind="ina226x", bus=1, address=1, rail="main")}
        with pytest.raises(UsageError, match="did you mean 'ina226'"):
            World(WorldSpec(rails=rails, chips=chips), 1, {"node": Scribe()})

    play(main)


@pytest.mark.parametrize(
    ("cls", "values", "problem"),
    [
        (ContactSpec, {"pin": 1, "operate_s": -1.0}, "negative"),
        (ContactSpec, {"pin": 1, "spread_ratio": 1.0}, "less than 100 %"),
        (RailSpec, {"dut": "a", "contact": ContactSpec(pin=1), "boot_v": 6.0}, "boot <= supply"),
        (RailSpec, {"dut": "a", "contact": ContactSpec(pin=1), "hold_up_s": 0.0}, "hold_up"),
        (ChipSpec, {"kind": "ina226", "bus": 1, "address": 1, "rail": "a", "shunt_ohm": 0.0}, "shunt"),
        (ChipSpec, {"kind": "ina226", "bus": 1, "address": 1, "rail": "a", "clock_ratio": 1.0}, "clock"),
        (UnitSpec, {"boot_s": -1.0}, "negative"),
        (UnitSpec, {"latency_spread_ratio": 2.0}, "from 0 % to 100 %"),
    ],
)
def test_an_impossible_world_is_refused(cls: Any, values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        cls(**values)


def test_two_things_in_one_place_are_refused() -> None:
    rail = RailSpec(dut="node", contact=ContactSpec(pin=1))
    with pytest.raises(ValueError, match="two rails"):
        WorldSpec(rails={"a": rail, "b": rail})
    chip = ChipSpec(kind="ina226", bus=1, address=0x40, rail="a")
    with pytest.raises(ValueError, match="0x40 of bus 1"):
        WorldSpec(rails={"a": rail}, chips={"a": chip, "b": chip})
