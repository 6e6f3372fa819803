"""
A cable with relays in it.
"""

from __future__ import annotations

import pytest

from harness import clock
from harness.devices.link_relays import LinkRelays
from harness.errors import DeviceError, UsageError
from harness.model.link import LinkShape
from harness.protocols import Link
from tests.devices.links import Wires
from tests.faults.supplies import Switch


def made(**devices: object) -> LinkRelays:
    return LinkRelays("cable", LinkRelays.Config(relays=("tx", "rx")), Wires(lab=False, **devices))  # type: ignore[arg-type]


def test_both_are_struck_as_one() -> None:
    async def main() -> None:
        tx, rx = Switch(), Switch()
        link = made(tx=tx, rx=rx)
        assert isinstance(link, Link)
        assert link.switches == ("tx", "rx")
        await link.open()
        await link.shape(LinkShape(is_down=True))
        await link.clear()
        assert [on for _, on in tx.strokes] == [on for _, on in rx.strokes] == [False, True]

    clock.run(main, virtual=True)


@pytest.mark.parametrize("fails", ["tx", "rx"])
def test_one_that_fails_does_not_keep_the_other_from_closing(fails: str) -> None:
    async def main() -> None:
        relays = {"tx": Switch(*([1] if fails == "tx" else [])), "rx": Switch(*([1] if fails == "rx" else []))}
        link = made(**relays)
        with pytest.raises(DeviceError, match="cable: mains"):
            await link.make_safe()
        other = relays["rx" if fails == "tx" else "tx"]
        assert [on for _, on in other.strokes] == [True]
        await link.make_safe()

    clock.run(main, virtual=True)


def test_it_can_be_open_or_closed_and_no_more() -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match="'cable' cannot do 'loss': a contact is open or closed"):
            await made(tx=Switch(), rx=Switch()).shape(LinkShape(loss_ratio=0.1))

    clock.run(main, virtual=True)


def test_what_is_no_relay_is_a_usage_error() -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match="relays: 'rx' is no relay"):
            await made(tx=Switch(), rx=object()).open()
        with pytest.raises(UsageError, match="relays: must be one or more"):
            LinkRelays.Config(relays=("tx", "tx"))

    clock.run(main, virtual=True)
