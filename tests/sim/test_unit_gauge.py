"""
The model of a DUT with a fuel gauge: what it reads, when, and what it says of it.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import anyio
import pytest

from harness import clock
from harness.model.world import UnitSpec
from harness.sim.unit import SimUnit
from tests.sim.played import S, play

VERSION = b"\x00\x12"


class Gauge:
    """
    Registers as a DUT reads them, and when it did.
    """

    def __init__(self, words: bytes | None) -> None:
        self.words = words
        self.read_ns: list[int] = []

    def __call__(self, address: int, written: bytes, count: int) -> bytes | None:
        assert (address, written, count) == (0x36, b"\x02", 8)
        self.read_ns.append(clock.now_ns())
        return self.words


def words(percent: float, voltage_v: float = 3.9, version: bytes = VERSION) -> bytes:
    """
    VCELL, SOC, MODE and VERSION as the MAX17048's data sheet has them.
    """
    return round(voltage_v / 78.125e-6).to_bytes(2, "big") + round(percent * 256).to_bytes(2, "big") + b"\0\0" + version


def unit_with(gauge: Gauge | None) -> SimUnit:
    unit = SimUnit("node", UnitSpec(boot_s=2.0, boot_spread_ratio=0.0), Random(1))
    unit.gauge = gauge
    unit.powered(clock.now_ns())
    return unit


async def health(unit: SimUnit) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((await unit.request("GET", "/health")).body)
    return told


def test_it_reports_what_it_read_at_the_last_full_second() -> None:
    async def main() -> None:
        unit = unit_with(gauge := Gauge(words(80)))
        await anyio.sleep(2.1)
        assert (await health(unit))["battery_percent"] == 80
        assert (await health(unit))["battery_v"] == pytest.approx(3.9, abs=1e-4)
        gauge.words = words(79.5)
        assert (await health(unit))["battery_percent"] == 80
        await anyio.sleep(1)
        assert (await health(unit))["battery_percent"] == 79.5
        assert gauge.read_ns == [2 * S, 3 * S]
        unit.close()

    play(main)


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (None, "not acknowledged"),
        (words(80, version=b"\x00\x02"), "nonsense: version 0x0002"),
        (words(80, voltage_v=1.2), "nonsense: a cell of 1.20 V"),
        (words(80, voltage_v=4.9), "nonsense: a cell of 4.90 V"),
        (words(180), "nonsense: 180.0 % full"),
    ],
)
def test_what_cannot_be_is_no_reading_and_never_zero(told: bytes | None, problem: str) -> None:
    async def main() -> None:
        unit = unit_with(Gauge(told))
        await anyio.sleep(2.5)
        answer = await health(unit)
        assert (answer["battery_percent"], answer["battery_v"]) == (None, None)
        assert answer["battery_problem"] == problem
        assert answer["status"] == "ok"
        unit.close()

    play(main)


def test_what_it_would_have_answered_is_known_from_each_moment_on() -> None:
    async def main() -> None:
        unit = unit_with(gauge := Gauge(words(50)))
        await anyio.sleep(4.5)
        gauge.words = words(49)
        await anyio.sleep(2)
        gauge.words = None
        await anyio.sleep(1)
        told = [
            (at_ns // S, json.loads(answer.body)["battery_percent"])
            for at_ns, answer in unit.history
            if answer is not None
        ]
        assert told == [(2, 50), (5, 49), (7, None)]
        unit.close()

    play(main)


def test_without_power_it_reads_nothing_and_after_a_boot_it_reads_anew() -> None:
    async def main() -> None:
        unit = unit_with(gauge := Gauge(words(50)))
        await anyio.sleep(2.5)
        before = await health(unit)
        unit.power_lost(clock.now_ns())
        await anyio.sleep(10)
        assert gauge.read_ns == [2 * S]
        gauge.words = words(40)
        unit.powered(clock.now_ns())
        await anyio.sleep(3)
        after = await health(unit)
        assert (before["battery_percent"], after["battery_percent"]) == (50, 40)
        assert before["boot_id"] != after["boot_id"]
        unit.close()

    play(main)


def test_a_unit_without_a_gauge_says_nothing_of_a_battery() -> None:
    async def main() -> None:
        unit = unit_with(None)
        await anyio.sleep(2.5)
        assert not any("battery" in name for name in await health(unit))

    play(main)


def test_closed_it_reads_no_more() -> None:
    async def main() -> None:
        unit = unit_with(gauge := Gauge(words(50)))
        await anyio.sleep(2.5)
        unit.close()
        await anyio.sleep(10)
        assert gauge.read_ns == [2 * S]

    play(main)
