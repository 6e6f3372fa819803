"""
A link on which the packet filter drops packets, in network namespaces of our own.
"""

from __future__ import annotations

import pytest

from harness import clock
from harness.devices.link_nft import LinkNft
from harness.errors import UsageError
from harness.model.link import LinkShape
from harness.netlink import nft
from harness.protocols import Link
from tests.devices.links import Wires, seen
from tests.netlink.spaces import ROOT, cable, end_of, path_of


@pytest.mark.lab
@ROOT
@pytest.mark.skipif("loss" in nft.cannot(), reason="this kernel has no nf_tables")
def test_its_rule_is_deleted_when_it_is_cleared_and_twice_is_no_error() -> None:
    async def main() -> None:
        with cable() as (one, _):
            link = LinkNft("eth", LinkNft.Config(interface="fibre", netns=path_of(one)), Wires(lab=False))
            assert isinstance(link, Link)
            await link.open()
            await link.shape(LinkShape(loss_ratio=0.5))
            assert not await seen(lambda: nft.is_clear(end_of(one)))
            await link.make_safe()
            await link.make_safe()
            assert await seen(lambda: nft.is_clear(end_of(one)))

    clock.run(main)


def test_it_drops_and_no_more() -> None:
    async def main() -> None:
        link = LinkNft("eth", LinkNft.Config(interface="nowhere0"), Wires(lab=False))
        with pytest.raises(
            UsageError, match="'eth' cannot do 'latency': a packet filter drops packets, and cannot keep"
        ):
            await link.shape(LinkShape(latency_s=0.1))
        assert link.loses == "packets"

    clock.run(main)
