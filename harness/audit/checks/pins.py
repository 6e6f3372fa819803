"""
GPIO lines as a Raspberry Pi leaves them while it boots, and what it does with them when their program ends.

Until software takes them all are inputs: GPIO 0 to 8 pulled up, 9 to 27 pulled down (BCM2711 data sheet, 5.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...model.finding import Finding, Grade
from ...model.rig import RigSpec
from ...wiring.released import released_lines
from ..seen import Seen
from . import BENCH

_LAST_PULLED_UP = 8
_PI_CHIPS = ("pinctrl-bcm", "pinctrl-rp1")
_PULLED = {True: ("GPIO 4 to 8", "up"), False: ("GPIO 9 to 27", "down")}


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each relay on a Pi's own lines, and one for what becomes of them; none where lines are played.
    """
    if seen.rig.gpio is None or seen.rig.world is not None:
        return
    if not _is_pi(seen.rig):
        yield Finding(
            check="pins", subject=BENCH, measured="the lines' pulls at boot are not known here", grade=Grade.CANNOT_TELL
        )
        return
    for name, device in seen.rig.devices.items():
        config: Any = device.config
        if hasattr(config, "pin") and hasattr(config, "active_low") and not hasattr(config, "board"):
            yield _row(name, config.pin, config.active_low, str(getattr(config, "contact", "nc")))
    yield _when_let_go(seen)


def _row(name: str, pin: int, active_low: bool, contact: str) -> Finding:
    is_up = pin <= _LAST_PULLED_UP
    active, pulled = ("low" if active_low else "high"), ("up" if is_up else "down")
    told = f"pin {pin} is pulled {pulled} at boot, its relay is active {active}"
    if is_up == active_low:
        return Finding(check="pins", subject=name, measured=f"{told}: it rests", grade=Grade.OK)
    pins, direction = _PULLED[active_low]
    state = "cut" if contact == "nc" else "fed"
    return Finding(
        check="pins",
        subject=name,
        measured=f"{told}: the DUT is {state} while the controller boots",
        grade=Grade.WARN,
        advice=f"use one of {pins}, or pull the line {direction} by 4.7 to 10 kohm",
    )


def _when_let_go(seen: Seen) -> Finding:
    assert seen.rig.gpio is not None
    if released_lines(str(seen.rig.gpio.chip), seen.host.sys) == "persist":
        told = "a line that its program lets go keeps its level"
        return Finding(check="pins", subject=BENCH, measured=told, grade=Grade.OK)
    told, held = "a line that its program lets go falls to its pull", _held(seen.rig)
    if not held:
        return Finding(check="pins", subject=BENCH, measured=told, grade=Grade.OK)
    return Finding(
        check="pins",
        subject=BENCH,
        measured=f"{told}: nothing would hold {', '.join(held)} at its safe level",
        grade=Grade.FAIL,
        advice="wire the other contact of each",
    )


def _held(rig: RigSpec) -> list[str]:
    """
    The relays whose coils must be energised for their safe levels.
    """
    at_safe = {("no", "on"), ("nc", "off")}
    return [
        name
        for name, device in rig.devices.items()
        if (getattr(device.config, "contact", None), getattr(device.config, "safe", None)) in at_safe
    ]


def _is_pi(rig: RigSpec) -> bool:
    chip = rig.gpio.chip if rig.gpio is not None else None
    return isinstance(chip, str) and chip.startswith(_PI_CHIPS)
