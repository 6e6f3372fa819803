"""
A link that is an interface, in network namespaces of our own.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness import clock
from harness.devices.link_interface import LinkInterface
from harness.errors import DeviceError, UsageError
from harness.model.link import LinkShape
from harness.protocols import Link
from tests.devices.links import End, Wires, seen
from tests.netlink.spaces import ROOT, cable, end_of, path_of


def made(interface: str, wires: Any = None, **config: Any) -> LinkInterface:
    return LinkInterface("eth", LinkInterface.Config(interface=interface, **config), wires or Wires(lab=False))


@pytest.mark.lab
@ROOT
def test_it_goes_down_and_up_and_shows_its_carrier() -> None:
    async def main() -> None:
        with cable() as (one, two):
            link = made("fibre", netns=path_of(two))
            assert isinstance(link, Link)
            assert link.sees == {"carrier"}
            await link.open()
            assert await link.carrier() is True
            await link.shape(LinkShape(is_down=True))
            assert (await link.carrier(), await seen(end_of(one).carrier)) == (False, False)
            await link.undo("clear")
            assert (await link.carrier(), await seen(end_of(one).carrier)) == (True, True)

    clock.run(main)


@pytest.mark.lab
@ROOT
def test_a_cable_of_the_lab_goes_by_its_name() -> None:
    async def main() -> None:
        with cable() as (one, _):
            link = made("lab:fibre", Wires("netns", end=End("udp-echo 10.0.0.2:7", "fibre", path_of(one))))
            assert link.sees == {"carrier", "trips", "packets"}
            await link.open()
            assert await link.carrier() is True
        relay = made("lab:fibre", Wires(end=End()))
        with pytest.raises(UsageError, match="interface: 'lab:fibre' is a relay, and no interface"):
            await relay.open()

    clock.run(main)


@pytest.mark.lab
@ROOT
def test_the_operators_own_way_in_is_refused_unless_it_is_forced() -> None:
    from pyroute2 import IPRoute

    def route() -> None:
        with IPRoute() as ipr:
            ipr.route("add", dst="default", gateway="10.0.0.2")

    async def main() -> None:
        with cable() as (one, _):
            one.call(route)
            with pytest.raises(
                DeviceError, match="eth: the default route hangs on fibre: name another, or say `forced"
            ):
                await made("fibre", netns=path_of(one)).open()
            await made("fibre", netns=path_of(one), forced=True).open()

    clock.run(main)


def test_an_interface_that_is_not_there_is_the_benchs_trouble() -> None:
    async def main() -> None:
        with pytest.raises(DeviceError, match="eth: there is no interface 'nowhere0'"):
            await made("nowhere0").open()

    clock.run(main)


def test_it_can_be_down_and_no_more() -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match="'eth' cannot do 'latency': an interface is up or down"):
            await made("nowhere0").shape(LinkShape(latency_s=0.1))
        with pytest.raises(UsageError, match="'eth' does not say whom to ask across"):
            await made("nowhere0").round_trip()

    clock.run(main)


def test_two_devices_may_not_share_an_interface() -> None:
    config = LinkInterface.Config(interface="eth1", netns="blue")
    assert config.resources() == ("interface eth1 of blue",)
    with pytest.raises(UsageError, match="interface: must name an interface"):
        LinkInterface.Config(interface="")
