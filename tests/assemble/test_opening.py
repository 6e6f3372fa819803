"""
Opening a rig: outputs first, closed in reverse, and what happens when a device is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly, Opening, assembled
from harness.config.rig import load_rig
from harness.errors import DeviceError, Refused, UsageError
from harness.model.rig import RigSpec
from harness.protocols import Device
from tests.benches import rig

S = clock.NS_PER_S


class Diary:
    """
    Writes down when each device is opened and closed; some cannot be, or hang.
    """

    def __init__(self, *, broken: dict[str, str] | None = None, hanging: tuple[str, ...] = ()) -> None:
        self._broken, self._hanging = broken or {}, hanging
        self.entries: list[str] = []

    def __call__(self, name: str, device: Any) -> Device:
        for call in ("open", "aclose"):
            setattr(device, call, self._written(name, call, getattr(device, call)))
        return device

    def _written(self, name: str, call: str, method: Callable[..., Any]) -> Callable[..., Any]:
        async def written() -> None:
            self.entries.append(f"{call} {name}")
            if f"{call} {name}" in self._hanging:
                await anyio.sleep_forever()
            if self._broken.get(name) == call:
                raise DeviceError(name, "is not there")
            await method()

        return written


def opened(
    diary: Diary, opening: Opening = Opening.RUN, bench: RigSpec | None = None
) -> tuple[Assembly | None, Exception | None, int]:
    """
    A rig that was opened and closed again: the bench, what was raised, and how long it took (nanoseconds).
    """

    async def main() -> tuple[Assembly | None, Exception | None, int]:
        assembly = None
        try:
            async with assembled(bench or rig(), opening=opening, wrap=diary) as assembly:
                diary.entries.append("use")
        except DeviceError as error:
            return assembly, error, clock.now_ns()
        return assembly, None, clock.now_ns()

    return clock.run(main, virtual=True)


def test_outputs_are_opened_first_and_closed_last() -> None:
    diary = Diary()
    opened(diary)
    assert diary.entries[0] == "open mains"
    assert diary.entries[-1] == "aclose mains"
    opens, closes = (
        [entry.split()[1] for entry in diary.entries if entry.startswith(call)] for call in ("open", "aclose")
    )
    assert closes == opens[::-1]
    assert set(opens) == set(rig().devices)
    assert diary.entries[len(opens)] == "use"


def test_a_device_that_is_not_there_ends_a_run_before_it_begins() -> None:
    diary = Diary(broken={"monitor": "open"})
    _, error, _ = opened(diary)
    assert str(error) == "monitor: is not there"
    assert "use" not in diary.entries
    # What was tried may be half open; the one that never was is left alone.
    assert [entry for entry in diary.entries if entry.startswith("aclose")] == ["aclose monitor", "aclose mains"]


def test_a_restore_takes_whatever_is_there() -> None:
    diary = Diary(broken={"monitor": "open"})
    bench, error, _ = opened(diary, Opening.RESTORE)
    assert error is None
    assert bench is not None
    assert {name: str(why) for name, why in bench.missing.items()} == {"monitor": "monitor: is not there"}
    assert bench.meter_of("edge") is None
    assert "use" in diary.entries


def test_looking_opens_no_output_and_checking_opens_nothing() -> None:
    looking, checking = Diary(), Diary()
    opened(looking, Opening.OBSERVE)
    assert not [entry for entry in looking.entries if "mains" in entry]
    assert "open monitor" in looking.entries
    opened(checking, Opening.CHECK)
    assert checking.entries == ["use"]


@pytest.mark.parametrize(("call", "within_s"), [("open", 30), ("aclose", 5)])
def test_a_device_that_hangs_has_a_deadline(call: str, within_s: int) -> None:
    _, error, took_ns = opened(Diary(hanging=(f"{call} health",)))
    assert str(error) == f"health: did not answer within {within_s} s"
    assert took_ns == within_s * S


def test_one_that_cannot_be_closed_keeps_no_other_open() -> None:
    diary = Diary(broken={"port": "aclose"})
    _, error, _ = opened(diary)
    assert isinstance(error, DeviceError)
    assert diary.entries[-1] == "aclose mains"


def test_what_a_device_finds_wrong_with_its_file_is_placed() -> None:
    async def main() -> None:
        async with assembled(rig(gpio=None)):
            raise AssertionError

    with pytest.raises(UsageError, match=r"sim\.toml: gpio: missing; a relay needs"):
        clock.run(main, virtual=True)


# --- what a restore and an audit do without ---------------------------------------------------------------------------


@pytest.mark.parametrize("opening", [Opening.RESTORE, Opening.AUDIT])
def test_a_relay_that_nothing_would_hold_is_missing_and_the_rest_is_there(opening: Opening) -> None:
    held = wired("strict", contact="no")
    bench, error, _ = opened(Diary(), opening, held)
    assert error is None
    assert bench is not None
    assert str(bench.missing["mains"]).startswith("mains: pin 17 falls to its pull")
    assert list(bench.missing) == ["mains"]


def test_a_relay_that_nothing_would_hold_is_refused_to_whoever_runs() -> None:
    with pytest.raises(Refused, match="mains: pin 17 falls to its pull"):
        opened(Diary(), Opening.RUN, wired("strict", contact="no"))


def wired(released_lines: str, *, contact: str) -> RigSpec:
    """
    The rig with its relay on that contact, on a kernel that does that with a line that is let go.
    """
    bench = rig(relay={"contact": contact}, contact={"contact": contact})
    assert bench.world is not None
    world: Any = replace(bench.world, released_lines=released_lines)
    return replace(bench, world=world)


# A rig of this machine, which has no such bus; its pin factory needs no hardware.
ELSEWHERE = """
title = "Somebody's own"
environment = "lab"
gpio = { factory = "mock" }
i2c = { driver = "linux" }
[devices.mains]
kind = "relay"
pin = 17
[devices.monitor]
kind = "ina226"
bus = 971
[dut.edge]
nominal = "5 V"
brown_out = "3 V"
[dut.edge.roles]
power = "mains"
meter = "monitor"
"""


def test_a_restore_makes_safe_what_it_can_where_a_library_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.toml"
    path.write_text(ELSEWHERE.replace('"mock"', '"no_such_factory"'))

    async def main() -> None:
        async with assembled(load_rig(str(path)), opening=Opening.RESTORE) as bench:
            assert "gpio.factory: no 'no_such_factory'" in str(bench.missing["mains"])
            assert list(await bench.make_safe()) == ["mains"]

    clock.run(main)


@pytest.mark.parametrize("opening", [Opening.RESTORE, Opening.AUDIT])
def test_a_bus_that_has_gone_does_not_keep_a_relay_from_being_made_safe(tmp_path: Path, opening: Opening) -> None:
    path = tmp_path / "elsewhere.toml"
    path.write_text(ELSEWHERE)

    async def main() -> None:
        async with assembled(load_rig(str(path)), opening=opening) as bench:
            assert list(bench.missing) == ["monitor"]
            assert "there is no /dev/i2c-971" in str(bench.missing["monitor"])
            assert await bench.make_safe() == {}
            (relay,) = bench.switches()
            assert await relay.is_on()

    clock.run(main)
