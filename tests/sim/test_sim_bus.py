"""
The simulated bus, held against smbus2's shape and byte order.
"""

from __future__ import annotations

import errno
import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from smbus2 import SMBus, i2c_msg

from harness import clock
from harness.errors import BenchError
from harness.sim.sim_bus import SimBus
from tests.sim.played import ADDRESS, BUS, Scribe, play, world_of

CALIBRATION, MAKER = 0x05, 0xFE


def test_words_come_swapped_and_blocks_as_the_chip_sends_them() -> None:
    async def main() -> None:
        bus = SimBus(world_of(Scribe()), BUS)
        assert bus.read_word_data(ADDRESS, MAKER) == 0x4954
        assert bus.read_i2c_block_data(ADDRESS, MAKER, 2) == [0x54, 0x49]
        assert bus.read_byte_data(ADDRESS, MAKER) == 0x54
        assert bus.read_byte(ADDRESS) == 0x54
        bus.write_word_data(ADDRESS, CALIBRATION, 0x3412)
        assert bus.read_i2c_block_data(ADDRESS, CALIBRATION, 2) == [0x12, 0x34]
        bus.write_i2c_block_data(ADDRESS, CALIBRATION, [0x56, 0x78])
        assert bus.read_word_data(ADDRESS, CALIBRATION) == 0x7856
        bus.write_byte_data(ADDRESS, CALIBRATION, 1)
        assert bus.read_word_data(ADDRESS, CALIBRATION) == 0x7856
        bus.write_byte(ADDRESS, MAKER)
        assert bus.read_byte(ADDRESS) == 0x54
        bus.close()

    play(main)


def test_smbus2s_own_messages_are_carried_out() -> None:
    async def main() -> None:
        bus = SimBus(world_of(Scribe()), BUS)
        bus.i2c_rdwr(i2c_msg.write(ADDRESS, [CALIBRATION, 0x12, 0x34]))
        answer = i2c_msg.read(ADDRESS, 2)
        bus.i2c_rdwr(i2c_msg.write(ADDRESS, [CALIBRATION]), answer)
        assert bytes(answer) == b"\x12\x34"
        again = i2c_msg.read(ADDRESS, 2)
        bus.i2c_rdwr(again)
        assert bytes(again) == b"\x12\x34"
        bus.i2c_rdwr(i2c_msg.write(ADDRESS, []))

    play(main)


@pytest.mark.parametrize(("clock_hz", "word_ns", "written_ns"), [(None, 0, 0), (400e3, 120_000, 97_500)])
def test_at_a_clock_what_is_sent_takes_its_time(clock_hz: float | None, word_ns: int, written_ns: int) -> None:
    async def main() -> None:
        bus = SimBus(world_of(Scribe()), BUS, clock_hz)
        bus.read_word_data(ADDRESS, MAKER)
        assert clock.now_ns() == word_ns
        bus.write_word_data(ADDRESS, CALIBRATION, 1)
        assert clock.now_ns() == word_ns + written_ns

    play(main)


def test_nobody_answers_at_an_address_or_on_a_bus_without_a_chip() -> None:
    async def main() -> None:
        world = world_of(Scribe())
        for bus, address in ((SimBus(world, BUS), 0x41), (SimBus(world, 3), ADDRESS)):
            with pytest.raises(OSError, match="No such device") as caught:
                bus.read_word_data(address, MAKER)
            assert caught.value.errno == errno.ENXIO

    play(main)


@pytest.mark.parametrize("name", [name for name, value in vars(SimBus).items() if inspect.isfunction(value)])
def test_its_methods_take_what_smbus2s_take(name: str) -> None:
    if name.startswith("_"):
        return
    ours = inspect.signature(getattr(SimBus, name)).parameters
    theirs = inspect.signature(getattr(SMBus, name)).parameters
    assert len(ours) == len(theirs)
    assert [p.kind for p in ours.values()] == [p.kind for p in theirs.values()]


def test_a_rig_without_a_world_has_no_bus() -> None:
    rig: Any = SimpleNamespace(name="pi")
    with pytest.raises(BenchError, match="plays no world"):
        SimBus.for_rig(rig, None, 1)
