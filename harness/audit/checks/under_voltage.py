"""
The controller's own supply: a Raspberry Pi whose 5 V sag makes every measurement of the bench doubtful.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..seen import Seen
from . import BENCH


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row, by what the kernel's driver raspberrypi-hwmon says: whether it was low within its last seconds.
    """
    for name in sorted((seen.host.sys / "class/hwmon").glob("hwmon*/name")):
        try:
            if name.read_text(encoding="ascii").strip() != "rpi_volt":
                continue
            is_low = name.with_name("in0_lcrit_alarm").read_text(encoding="ascii").strip() != "0"
        except OSError:
            continue
        yield Finding(
            check="under-voltage",
            subject=BENCH,
            measured="the controller's supply is too low" if is_low else "the controller's supply is well",
            grade=Grade.FAIL if is_low else Grade.OK,
            advice="a supply of its own of 5.1 V, 3 A or more, on a short cable; coils not from its 5 V pin"
            if is_low
            else "",
        )
        return
    yield Finding(
        check="under-voltage", subject=BENCH, measured="not known here: no Raspberry Pi", grade=Grade.CANNOT_TELL
    )
