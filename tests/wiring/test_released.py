"""
What a kernel does with a line that is let go, as far as it says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.wiring.gpiochip import GpiochipFactory
from harness.wiring.released import released_lines
from tests.wiring.fake_lgpio import FakeLgpio, chips


def kernel(folder: Path, **parameters: str) -> Path:
    """
    A /sys in which modules have these values of `persist_gpio_outputs`.
    """
    for module, value in parameters.items():
        path = folder / "module" / module / "parameters" / "persist_gpio_outputs"
        path.parent.mkdir(parents=True)
        path.write_text(f"{value}\n")
    return folder


@pytest.mark.parametrize(
    ("label", "module"),
    [
        ("pinctrl-bcm2835", "pinctrl_bcm2835"),
        ("pinctrl-bcm2711", "pinctrl_bcm2835"),
        ("pinctrl-rp1", "pinctrl_rp1"),
    ],
)
def test_a_pis_kernel_says_it_by_its_drivers_parameter(tmp_path: Path, label: str, module: str) -> None:
    assert released_lines(label, tmp_path) == "strict"
    assert released_lines(label, kernel(tmp_path / "on", **{module: "Y"})) == "persist"
    assert released_lines(label, kernel(tmp_path / "off", **{module: "N"})) == "strict"


@pytest.mark.parametrize(
    ("chip", "declared", "found"),
    [
        ("pinctrl-rp1", None, "persist"),
        ("pinctrl-rp1", "strict", "persist"),
        ("brcmvirt-gpio", None, "unknown"),
        ("brcmvirt-gpio", "persist", "persist"),
        ("brcmvirt-gpio", "strict", "strict"),
    ],
)
def test_what_the_rig_says_counts_where_the_kernel_says_nothing(
    tmp_path: Path, chip: str, declared: str | None, found: str
) -> None:
    sys = kernel(tmp_path / "sys", pinctrl_rp1="Y")
    lgpio = FakeLgpio()
    stated: Any = declared
    factory = GpiochipFactory(chip, declared=stated, lgpio=lgpio, dev=chips(tmp_path), sys=sys, label_of=lgpio.label_of)
    assert factory.released_lines == found
