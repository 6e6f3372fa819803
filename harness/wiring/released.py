"""
What becomes of a GPIO line's level when the program that drove the line lets it go, or ends.
"""

from __future__ import annotations

from pathlib import Path

from ..model.rig import Released

SYS = Path("/sys")

# The drivers of a Pi's lines, by their chips' labels. Their parameter is there on Raspberry Pi's kernels since May 2024
# (pull request 6150), and that of the first on Linux since 6.10, where it is off; without it both make an input of what
# is let go. What other drivers do is written nowhere (the kernel's gpio/drivers-on-gpio leaves it to each of them).
_DRIVERS = {
    "pinctrl-bcm2835": "pinctrl_bcm2835",
    "pinctrl-bcm2711": "pinctrl_bcm2835",
    "pinctrl-rp1": "pinctrl_rp1",
}

PI_LABELS = tuple(_DRIVERS)


def settled(found: Released, declared: Released | None) -> Released:
    """
    What counts: what the kernel says, and where it says nothing, what the rig does.
    """
    return declared or found if found == "unknown" else found


def released_lines(label: str, sys: Path = SYS) -> Released:
    """
    What the running kernel does with the lines of a chip of that label: `unknown` where it does not say.

    >>> released_lines("gpio-mockup-A")
    'unknown'
    """
    if label not in _DRIVERS:
        return "unknown"
    try:
        told = (sys / f"module/{_DRIVERS[label]}/parameters/persist_gpio_outputs").read_text(encoding="ascii")
    except OSError:
        return "strict"
    return "persist" if told.strip() in ("Y", "1") else "strict"
