"""
Roles: a drill's names to a rig's devices, and a mistake to the nearest name that would do.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness.assemble.casting import Casting
from harness.errors import UsageError
from harness.model.rig import RigSpec
from harness.protocols import HttpService, PowerMeter, PowerSwitch
from tests.benches import rig, two_duts
from tests.faults.supplies import Meter, Switch
from tests.probes.services import Service


def cast() -> tuple[Casting, dict[str, Any], RigSpec]:
    """
    The roles of a rig with two DUTs, its devices, and the rig.
    """
    rig = two_duts()
    switch = Switch()
    kinds = {"mains": switch, "monitor": Meter(switch), "health": Service(lambda *_: None)}
    devices = {name: kinds.get(name.removeprefix("twin_"), object()) for name in rig.devices}
    devices["twin_mains"] = Switch()
    return Casting(rig, devices), devices, rig


@pytest.mark.parametrize(
    ("role", "device", "dut"),
    [
        ("power", "mains", "edge"),
        ("edge.power", "mains", "edge"),
        ("twin.power", "twin_mains", "twin"),
        ("probes.health", "health", "edge"),
        ("twin.probes.health", "twin_health", "twin"),
    ],
)
def test_a_role_is_a_device_of_the_first_dut_or_of_the_one_it_names(role: str, device: str, dut: str) -> None:
    casting, *_ = cast()
    assert casting.device(role) == device
    assert casting.dut(role).name == dut


def test_a_device_is_got_as_what_it_is_asked_to_be() -> None:
    casting, devices, _ = cast()
    assert casting.get("power", PowerSwitch) is devices["mains"]
    assert casting.get("twin.power", PowerSwitch) is devices["twin_mains"]
    assert casting.get("meter", PowerMeter) is devices["monitor"]
    assert casting.get("probes.records", HttpService) is devices["health"]


def test_a_sibling_is_a_role_of_the_same_dut() -> None:
    casting, *_ = cast()
    assert casting.sibling("power", "meter") == "edge.meter"
    assert casting.sibling("twin.probes.health", "meter") == "twin.meter"


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("pwoer", "role: 'pwoer' is no role of sim.toml; did you mean 'power'?"),
        ("twin.meter2", "role: 'twin.meter2' is no role of sim.toml; did you mean 'twin.meter'?"),
        ("probes.helth", "role: 'probes.helth' is no role of sim.toml; did you mean 'probes.health'?"),
        ("gateway.power", "role: 'gateway.power' is no role of sim.toml; did you mean 'twin.power'?"),
    ],
)
def test_an_unknown_role_is_told_with_the_nearest(role: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        cast()[0].device(role)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("role", "protocol", "told"),
    [
        (
            "probes.healthy",
            HttpService,
            "role: 'probes.healthy' is no role of sim.toml; did you mean 'probes.health'?",
        ),
        (
            "probes.rail",
            HttpService,
            "role: 'probes.rail' is filled by 'monitor' (ina226), which is no HttpService; did you mean 'probes.h",
        ),
        (
            "twin.power",
            PowerMeter,
            "role: 'twin.power' is filled by 'twin_mains' (relay), which is no PowerMeter; did you mean 'twin.meter'?",
        ),
    ],
)
def test_a_role_filled_by_another_kind_is_told_with_the_nearest_that_fits(role: str, protocol: Any, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        cast()[0].get(role, protocol)
    assert str(caught.value).startswith(told)


def test_a_rig_with_one_dut_needs_no_names_of_duts() -> None:
    with pytest.raises(UsageError) as caught:
        Casting(rig(), {}).device("xyz")
    told = f"known: {', '.join(sorted(rig().duts['edge'].roles))}"
    assert str(caught.value) == f"role: 'xyz' is no role of sim.toml; {told}"
