"""
A link that the lab plays, as the bench has it.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness import clock
from harness.devices.lab_link import LabLink
from harness.errors import DeviceError, UsageError
from harness.model.link import CLEAR, LinkShape
from harness.protocols import Link
from tests.devices.links import End, Wires


def made(wires: Any) -> LabLink:
    return LabLink("fibre", LabLink.Config(link="fibre"), wires)


def test_it_hands_shapes_on_and_clears_to_be_safe() -> None:
    end = End()

    async def main() -> None:
        link = made(Wires(end=end))
        assert isinstance(link, Link)
        await link.open()
        at = await link.shape(LinkShape(latency_s=0.1))
        assert at.earliest_ns <= clock.now_ns()
        await link.make_safe()
        await link.undo("clear")
        assert end.shapes == [LinkShape(latency_s=0.1), CLEAR, CLEAR]
        with pytest.raises(DeviceError, match="fibre: cannot undo by 'on'"):
            await link.undo("on")
        await link.aclose()

    clock.run(main)


def test_a_relay_loses_connections_and_cannot_shuffle_what_has_no_packets() -> None:
    async def main() -> None:
        link = made(Wires(end=End()))
        assert (link.loses, await link.carrier()) == ("connections", None)
        with pytest.raises(UsageError, match="'fibre' cannot do 'reorder': a relay carries a stream of bytes"):
            await link.shape(LinkShape(reorder_ratio=0.1))

    clock.run(main)


def test_a_cable_has_a_carrier_and_loses_packets() -> None:
    async def main() -> None:
        link = made(Wires("netns", end=End()))
        assert (link.loses, await link.carrier()) == ("packets", True)
        await link.shape(LinkShape(is_down=True))
        assert await link.carrier() is False
        assert "reset" in link.cannot

    clock.run(main)


def test_what_it_can_be_asked_is_known_before_the_lab_runs() -> None:
    link = made(Wires())
    assert link.sees == {"trips", "packets"}
    assert set(link.cannot) == {"duplicate", "reorder"}


@pytest.mark.parametrize("wires", [Wires(lab=False)])
def test_a_link_that_no_lab_plays_is_a_usage_error(wires: Any) -> None:
    with pytest.raises(UsageError, match="there is no link 'fibre' in a lab"):
        made(wires)
