"""
The relay's driver on simulated lines.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from gpiozero import OutputDevice
from gpiozero.exc import PinFixedPull

from harness import clock
from harness.devices.relay import Relay
from harness.errors import DeviceError, Refused
from harness.model.instant import Instant
from harness.protocols import PowerSwitch
from harness.sim.sim_pins import SimFactory, SimPin
from harness.sim.world import World
from tests.sim.played import PIN, Scribe, Wires, play, world_of


class Recorded(World):
    """
    A world that writes down the levels its lines are driven to.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.levels: list[int | str] = []

    def drive(self, pin: int, level: int) -> None:
        self.levels.append(level)
        super().drive(pin, level)

    def release(self, pin: int) -> None:
        self.levels.append("released")
        super().release(pin)


def bench(**values: Any) -> tuple[Recorded, Relay]:
    """
    A relay in a world that is wired as its configuration says.
    """
    config = Relay.Config(pin=PIN, **values)
    world = world_of(Scribe(), cls=Recorded, contact={"contact": config.contact, "active_low": config.active_low})
    assert isinstance(world, Recorded)
    return world, Relay("mains", config, Wires(world))


# The level that feeds the DUT, by contact and polarity.
FEEDING = [("nc", True, 1), ("nc", False, 0), ("no", True, 0), ("no", False, 1)]


@pytest.mark.parametrize(("contact", "active_low", "feeding"), FEEDING)
@pytest.mark.parametrize("safe", ["on", "off"])
def test_the_line_sees_only_the_levels_that_were_asked_for(
    contact: str, active_low: bool, feeding: int, safe: str
) -> None:
    async def main() -> None:
        world, relay = bench(contact=contact, active_low=active_low, safe=safe)
        starving = 1 - feeding
        first = feeding if safe == "on" else starving
        await relay.open()
        assert world.levels == [first]
        assert await relay.is_on() is (safe == "on")
        await relay.off()
        assert await relay.is_on() is False
        await relay.on()
        assert await relay.is_on() is True
        await relay.make_safe()
        await relay.aclose()
        assert world.levels == [first, starving, feeding, first]

    play(main)


@pytest.mark.parametrize(("contact", "active_low", "feeding"), FEEDING)
def test_off_starves_the_rail_and_on_feeds_it(contact: str, active_low: bool, feeding: int) -> None:
    async def main() -> None:
        world, relay = bench(contact=contact, active_low=active_low)
        rail = world.rails["main"]
        await relay.open()
        await anyio.sleep(1)
        assert rail.is_closed(clock.now_ns())
        await relay.off()
        await anyio.sleep(1)
        assert not rail.is_closed(clock.now_ns())
        await relay.undo("on")
        await anyio.sleep(1)
        assert rail.is_closed(clock.now_ns())

    play(main)


def test_a_stroke_is_placed_between_its_call_and_its_return() -> None:
    async def main() -> None:
        _, relay = bench()
        await relay.open()
        await anyio.sleep(1)
        assert await relay.off() == Instant.exactly(10**9)

    play(main)


def test_a_line_that_does_not_follow_is_a_device_error() -> None:
    class Stuck(SimPin):
        def _get_state(self) -> bool:
            return True

    async def main() -> None:
        world = world_of(Scribe())
        factory = SimFactory(world)
        factory.pin_class = Stuck
        relay = Relay("mains", Relay.Config(pin=PIN), Wires(world, factory=factory))
        await relay.open()
        with pytest.raises(DeviceError, match="mains: pin 17 was driven low, and does not read so"):
            await relay.off()

    play(main)


def test_whatever_a_pin_library_raises_is_a_device_error() -> None:
    class LibraryError(Exception):
        pass

    class Broken(SimPin):
        works = True

        def _get_state(self) -> bool:
            if not Broken.works:
                raise LibraryError("the bus is gone")
            return bool(super()._get_state())

    async def main() -> None:
        world = world_of(Scribe())
        factory = SimFactory(world)
        factory.pin_class = Broken
        relay = Relay("mains", Relay.Config(pin=PIN), Wires(world, factory=factory))
        await relay.open()
        Broken.works = False
        with pytest.raises(DeviceError, match="mains: pin 17 cannot be switched off: the bus is gone"):
            await relay.off()
        assert await relay.is_on() is None

    play(main)


def test_a_line_that_is_taken_is_a_device_error() -> None:
    async def main() -> None:
        world = world_of(Scribe())
        wires = Wires(world)
        OutputDevice(PIN, pin_factory=wires.pin_factory()).close()
        first, second = (Relay(name, Relay.Config(pin=PIN), wires) for name in ("first", "second"))
        await first.open()
        with pytest.raises(DeviceError, match=r"second: pin 17 cannot be opened: .*already in use"):
            await second.open()

    play(main)


def test_a_relay_that_is_not_open_knows_nothing_and_does_nothing() -> None:
    async def main() -> None:
        world, relay = bench()
        assert await relay.is_on() is None
        with pytest.raises(DeviceError, match="is not open"):
            await relay.on()
        await relay.aclose()
        assert world.levels == []

    play(main)


def test_it_undoes_by_on_and_off_alone() -> None:
    async def main() -> None:
        _, relay = bench()
        await relay.open()
        await relay.undo("off")
        assert await relay.is_on() is False
        with pytest.raises(DeviceError, match="cannot undo by 'toggle'"):
            await relay.undo("toggle")

    play(main)


def test_it_is_a_power_switch_that_occupies_its_pin() -> None:
    async def main() -> None:
        _, relay = bench()
        assert isinstance(relay, PowerSwitch)
        assert relay.config.resources() == ("pin 17",)
        assert (relay.min_pulse_s, relay.chatter_s) == (0.020, 0.002)

    play(main)


@pytest.mark.parametrize("values", [{"pin": -1}, {"pin": 1, "chatter_s": -1.0}, {"pin": 1, "contact_life": 0}])
def test_an_impossible_relay_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        Relay.Config(**values)


@pytest.mark.parametrize(("contact", "active_low", "feeding"), FEEDING)
def test_whether_anything_hangs_on_the_line_is_sensed_by_its_pulls(
    contact: str, active_low: bool, feeding: int
) -> None:
    async def main() -> None:
        world, relay = bench(contact=contact, active_low=active_low)
        await relay.open()
        assert await relay.is_wired()
        assert world.level(PIN) == feeding
        assert await relay.is_on()
        free = Relay("free", Relay.Config(pin=PIN + 1), Wires(world))
        await free.open()
        assert await free.is_wired() is False
        assert await free.is_on()

    play(main)


def test_a_line_whose_pull_cannot_be_set_is_not_sensed_and_stays_where_it_was() -> None:
    class Fixed(SimPin):  # type: ignore[misc]
        def _set_pull(self, value: str) -> None:
            raise PinFixedPull("there is none")

    class Factory(SimFactory):  # type: ignore[misc]
        def __init__(self, world: World) -> None:
            super().__init__(world)
            self.pin_class = Fixed

    async def main() -> None:
        world, relay = bench()
        factory = Factory(world)
        relay._wiring.pin_factory = lambda: factory
        await relay.open()
        assert await relay.is_wired() is None
        assert await relay.is_on()

    play(main)


@pytest.mark.parametrize(
    ("contact", "safe", "held"), [("nc", "on", False), ("no", "on", True), ("nc", "off", True), ("no", "off", False)]
)
def test_a_relay_knows_whether_its_coil_is_held_at_its_safe_level(contact: Any, safe: Any, held: bool) -> None:
    nobody: Any = None
    assert Relay("mains", Relay.Config(pin=PIN, contact=contact, safe=safe), nobody).is_held is held


# Whether it stays fed, and starved, when nobody drives its line.
STAYS = [
    ("persist", "nc", "on", True, True),
    ("persist", "no", "on", True, True),
    ("strict", "nc", "on", True, False),
    ("strict", "no", "off", False, True),
    ("unknown", "nc", "on", True, False),
]


@pytest.mark.parametrize(("released_lines", "contact", "safe", "stays_on", "stays_off"), STAYS)
def test_a_relay_knows_what_becomes_of_it_when_its_line_is_let_go(
    released_lines: str, contact: str, safe: str, stays_on: bool, stays_off: bool
) -> None:
    async def main() -> None:
        _, relay = bench(contact=contact, safe=safe)
        relay._wiring.pin_factory().released_lines = released_lines
        await relay.open()
        assert (relay.stays_on, relay.stays_off) == (stays_on, stays_off)
        await relay.aclose()

    play(main)


@pytest.mark.parametrize(
    ("released_lines", "contact", "safe", "told"),
    [
        ("strict", "no", "on", r'pin 17 falls to its pull here .* leave the DUT starved; .* `contact = "nc"`'),
        ("unknown", "no", "on", r'pin 17 may fall to its pull .* `released_lines = "persist"` in \[gpio\]'),
        ("strict", "nc", "off", r'.* leave the DUT fed; .* `contact = "no"`'),
    ],
)
def test_a_relay_that_nothing_would_hold_at_its_safe_level_is_refused_untouched(
    released_lines: str, contact: str, safe: str, told: str
) -> None:
    async def main() -> None:
        world, relay = bench(contact=contact, safe=safe)
        relay._wiring.pin_factory().released_lines = released_lines
        with pytest.raises(Refused, match=rf"mains: {told}"):
            await relay.open()
        assert world.levels == []

    play(main)


def test_a_factory_that_does_not_say_makes_an_input_of_a_closed_line() -> None:
    async def main() -> None:
        _, relay = bench()
        del relay._wiring.pin_factory().released_lines
        await relay.open()
        assert not relay.stays_off
        await relay.aclose()

    play(main)
