"""
Devices that are not there, or that complain: a board that is silent, tripped or stopped.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...model.finding import Finding, Grade
from ..seen import Seen


def findings(seen: Seen) -> Iterator[Finding]:
    """
    One row for each device in trouble, and one for each board that is well.
    """
    meters = {dut.roles.get("meter") for dut in seen.rig.duts.values()}
    for name, device in seen.rig.devices.items():
        if name in meters:
            continue  # its own check tells of it
        trouble = seen.missing.get(name) or seen.troubles.get(name)
        check = "board" if device.kind == "board" else "device"
        if trouble:
            advice = "see `crashbench board info`; check its cable, e-stop and jumper" if check == "board" else ""
            yield Finding(check=check, subject=name, measured=trouble, grade=Grade.FAIL, advice=advice)
        elif check == "board":
            yield Finding(check=check, subject=name, measured="answers, and has nothing to complain of", grade=Grade.OK)
