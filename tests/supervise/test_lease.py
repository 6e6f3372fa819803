"""
What of the machine a rig locks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.rig import load_rig
from harness.errors import Refused
from harness.supervise import lease
from harness.supervise.lease import Lease

RIG = """
title = "Somebody's own"
gpio = {{ factory = "gpiochip", chip = {chip} }}
[devices.mains]
kind = "relay"
pin = 17
[dut.edge.roles]
power = "mains"
"""


def test_two_rigs_that_spell_one_chip_differently_are_not_held_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_BASES", (str(tmp_path),))
    monkeypatch.setattr(lease, "lines_of", lambda rig: "/dev/gpiochip0" if rig.gpio.chip in (0, "relays") else "other")
    rigs = []
    for name, chip in (("number", "0"), ("label", '"relays"'), ("other", "1")):
        (tmp_path / f"{name}.toml").write_text(RIG.format(chip=chip))
        rigs.append(load_rig(str(tmp_path / f"{name}.toml")))
    by_number, by_label, other = rigs
    held = pytest.raises(Refused, match=r"^/dev/gpiochip0 pin 17 is held by .*: a run\)")
    with Lease(by_number, "a run"), Lease(other, "another run"), held, Lease(by_label, "a third"):
        pass
