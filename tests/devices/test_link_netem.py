"""
A link that the kernel's emulator makes bad, or would on a kernel that has it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import clock
from harness.devices.link_netem import LinkNetem
from harness.errors import UsageError
from harness.model.link import LinkShape
from harness.netlink import able, netem
from harness.protocols import Link
from tests.devices.links import Wires, seen
from tests.netlink.spaces import ROOT, cable, end_of, path_of

LACKS = "latency" in netem.cannot()


@pytest.mark.lab
@ROOT
@pytest.mark.skipif("rate" in netem.cannot(), reason="this kernel has no sch_tbf")
def test_its_disciplines_are_deleted_when_it_is_cleared() -> None:
    async def main() -> None:
        with cable() as (one, _):
            link = LinkNetem("eth", LinkNetem.Config(interface="fibre", netns=path_of(one)), Wires(lab=False))
            assert isinstance(link, Link)
            await link.open()
            for shape in [LinkShape(rate_bps=1e6), *([] if LACKS else [LinkShape(latency_s=0.1, jitter_s=0.05)])]:
                await link.shape(shape)
                assert not await seen(lambda: netem.is_clear(end_of(one)))
            await link.undo("clear")
            assert await seen(lambda: netem.is_clear(end_of(one)))

    clock.run(main)


@pytest.mark.skipif(not LACKS, reason="this kernel has sch_netem")
def test_a_kernel_that_has_no_netem_is_known_before_anything_is_touched() -> None:
    async def main() -> None:
        link = LinkNetem("eth", LinkNetem.Config(interface="nowhere0"), Wires(lab=False))
        with pytest.raises(UsageError, match="'eth' cannot do 'latency': this kernel has no sch_netem"):
            await link.shape(LinkShape(latency_s=0.1))

    clock.run(main)


@pytest.mark.skipif(Path("/sys/module/sch_netem").exists(), reason="this kernel has sch_netem loaded")
@pytest.mark.parametrize(
    ("options", "modules", "expected"),
    [
        ({"CONFIG_NET_SCH_NETEM": "y"}, frozenset(), False),
        ({"CONFIG_NET_SCH_NETEM": "m"}, frozenset({"sch_netem"}), False),
        ({"CONFIG_NET_SCH_NETEM": "m"}, frozenset({"veth"}), True),
        ({"CONFIG_NET_SCH_NETEM": "n"}, frozenset(), True),
        ({}, frozenset({"veth"}), True),
        ({}, frozenset(), False),
    ],
)
def test_what_the_kernel_says_of_itself_is_believed(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], modules: frozenset[str], expected: bool
) -> None:
    monkeypatch.setattr(able, "_options", lambda: options)
    monkeypatch.setattr(able, "_modules", lambda: modules)
    assert able.without("sch_netem", "CONFIG_NET_SCH_NETEM") is expected
