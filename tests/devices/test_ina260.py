"""
What only the INA260's driver does: amperes without a shunt of ours, and a power that may overflow by itself.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness.devices.ina260 import INA260
from harness.errors import DeviceError
from harness.sim.sim_bus import SimBus
from tests.devices.monitors import PARTS, opened, world_with
from tests.sim.played import Scribe, Wires, play

(PART,) = (part for part in PARTS if part.cls is INA260)


@pytest.mark.parametrize("amps", [15.0, -15.0, 1.25e-3, -1.25e-3])
def test_its_register_is_in_amperes(amps: float) -> None:
    async def main() -> None:
        meter = await opened(PART, world_with(PART, Scribe(amps)))
        assert meter.scale.current_lsb_a == 1.25e-3
        assert (await meter.read()).current_a == pytest.approx(amps, abs=1.25e-3)

    play(main)


def test_a_power_out_of_range_says_nothing_against_the_current() -> None:
    async def main() -> None:
        world = world_with(PART, Scribe(15.0), rail_keys={"supply_v": 36.0})
        reading = await (await opened(PART, world)).read()
        assert (reading.bus_v, reading.current_a) == (pytest.approx(36.0), pytest.approx(15.0))

    play(main)


def test_the_reserved_bits_are_written_as_they_were() -> None:
    class Listening(SimBus):
        def write_word_data(self, address: int, register: int, value: int, force: bool | None = None) -> None:
            written[register] = value.to_bytes(2, "little")
            super().write_word_data(address, register, value)

    written: dict[int, bytes] = {}

    async def main() -> None:
        world = world_with(PART)
        wires = Wires(world)
        wires.i2c_bus = lambda number: Listening(world, number)  # type: ignore[method-assign]
        await opened(PART, world, wires, conversion_s=140e-6, average=64)
        assert written == {0x00: (0x6000 | 3 << 9 | 0b111).to_bytes(2, "big"), 0x06: b"\x04\x00"}

    play(main)


def test_an_ina226_in_its_place_is_named() -> None:
    async def main() -> None:
        other = next(part for part in PARTS if part.kind == "ina226")
        with pytest.raises(DeviceError, match="is no INA260: it says maker 0x5449, die 0x2260"):
            await opened(PART, world_with(other))

    play(main)


@pytest.mark.parametrize(
    ("values", "problem"), [({"address": 0x3F}, "0x3f is none of the INA260's"), ({"average": 0}, "1, 4, 16")]
)
def test_an_impossible_meter_is_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        INA260.Config(**values)
