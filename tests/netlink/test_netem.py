"""
What netem and tbf do to real packets, between two namespaces of our own: on every kernel that has them.
"""

from __future__ import annotations

import statistics
from typing import Any

import pytest

from harness import clock
from harness.devices.link_netem import LinkNetem
from harness.errors import BenchError, DeviceError
from harness.model.link import CLEAR, LinkShape
from harness.netlink import netem
from harness.netlink.interface import Interface
from harness.netlink.namespaces import Namespace
from tests.devices.links import Wires
from tests.netlink.echoes import Send, echoed
from tests.netlink.spaces import ROOT, cable, end_of, path_of

pytestmark = [pytest.mark.lab, ROOT]

CANNOT = netem.cannot()
NETEM = pytest.mark.skipif("latency" in CANNOT, reason=CANNOT.get("latency", ""))
TBF = pytest.mark.skipif("rate" in CANNOT, reason=CANNOT.get("rate", ""))


def qdiscs(end: Interface) -> list[tuple[str, int]]:
    with end.opened() as (ipr, index):
        return [(found.get_attr("TCA_KIND"), found["handle"] >> 16) for found in ipr.get_qdiscs(index)]


def taken_over(space: Namespace) -> None:
    """
    Somebody's own token bucket on the interface there.
    """
    with end_of(space).opened() as (ipr, index):
        ipr.tc("add", "tbf", index, 0x10000, rate=1_000_000, burst=4000, limit=20_000)


def rates_bps(send: Send, bursts: int) -> list[float]:
    """
    What so many bursts measured.
    """
    shown = [send(24).rate_bps for _ in range(bursts)]
    assert all(shown)
    return [rate for rate in shown if rate]


@TBF
@pytest.mark.parametrize(("rate_bps", "bursts"), [(64e3, 3), (128e3, 3), (1e6, 9)])
def test_a_rate_is_measured_as_it_was_asked_for(rate_bps: float, bursts: int) -> None:
    with cable() as (one, two), echoed(one, two) as send:
        netem.shape(end_of(two), LinkShape(rate_bps=rate_bps))
        # 42 bytes of each packet are headers.
        assert 0.85 < statistics.median(rates_bps(send, bursts)) / (rate_bps * 500 / 542) < 1.1


@TBF
def test_a_jumbo_frame_passes_a_bucket() -> None:
    with cable() as (one, two), echoed(one, two) as send:
        for end in (end_of(one), end_of(two)):
            with end.opened() as (ipr, index):
                ipr.link("set", index=index, mtu=9000)
        netem.shape(end_of(two), LinkShape(rate_bps=4e6))
        assert len(send(8, 8900).came) == 8


@TBF
def test_what_somebody_else_set_up_is_neither_replaced_nor_deleted() -> None:
    async def opened(config: Any) -> None:
        await LinkNetem("eth", config, Wires(lab=False)).open()

    with cable() as (one, _):
        end = end_of(one)
        assert netem.theirs(end) == ""
        taken_over(one)
        for clear in (lambda: netem.clear(end), lambda: netem.clear(end)):
            clear()
            assert qdiscs(end) == [("tbf", 1)]
        assert (netem.is_clear(end), netem.theirs(end)) == (True, "tbf 1:")
        with pytest.raises(BenchError, match="it has a queueing discipline of its own, which ours would replace"):
            netem.shape(end, LinkShape(rate_bps=1e6))
        config = LinkNetem.Config(interface="fibre", netns=path_of(one))
        with pytest.raises(DeviceError, match=r"eth: fibre has a queueing discipline of its own \(tbf 1:\)"):
            clock.run(opened, config)
        assert qdiscs(end) == [("tbf", 1)]


@TBF
def test_what_the_kernel_cannot_be_told_is_said() -> None:
    with cable() as (one, _):
        with pytest.raises(BenchError, match="fibre: cannot be shaped: a packet would be kept back for more than"):
            netem.shape(end_of(one), LinkShape(rate_bps=8))
        assert netem.is_clear(end_of(one))


@NETEM
def test_a_latency_is_added_to_the_way_out() -> None:
    with cable() as (one, two), echoed(one, two) as send:
        netem.shape(end_of(one), LinkShape(latency_s=0.1, jitter_s=0.02))
        burst = send(50)
        late_ms = [(echo.at_ns - burst.sent_ns) / 1e6 for echo in burst.came]
        assert len(late_ms) == 50
        assert min(late_ms) >= 79
        assert max(late_ms) < 200
        assert max(late_ms) - min(late_ms) > 10


@NETEM
@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        (LinkShape(loss_ratio=0.2), lambda burst: 1 - len(burst.came) / burst.sent),
        (LinkShape(corrupt_ratio=0.2), lambda burst: burst.damaged / burst.sent),
        (LinkShape(duplicate_ratio=0.2), lambda burst: burst.doubled / burst.sent),
        # One that overtakes is not late itself: those that it passed are.
        (LinkShape(reorder_ratio=0.2), lambda burst: 0.2 if burst.overtaken else 0.0),
    ],
    ids=["loss", "corrupt", "duplicate", "reorder"],
)
def test_a_share_is_struck(shape: LinkShape, seen: Any) -> None:
    with cable() as (one, two), echoed(one, two) as send:
        netem.shape(end_of(two), shape)
        struck = [seen(send(100)) for _ in range(4)]
        assert 0.12 < sum(struck) / 4 < 0.28  # 400 packets: 4 sigma, and what hit a header is lost
        netem.shape(end_of(two), CLEAR)
        whole = send(100)
        assert (len(whole.came), whole.damaged, whole.doubled, whole.overtaken) == (100, 0, 0, 0)


@NETEM
def test_a_cut_lets_nothing_pass_and_leaves_nothing() -> None:
    with cable() as (one, two), echoed(one, two) as send:
        netem.shape(end_of(one), LinkShape(is_down=True))
        assert send(20).came == ()
        assert not netem.is_clear(end_of(one))
        netem.clear(end_of(one))
        assert len(send(20).came) == 20
        assert netem.is_clear(end_of(one))


@NETEM
def test_nothing_of_one_shape_is_kept_in_the_next() -> None:
    with cable() as (one, two), echoed(one, two) as send:
        netem.shape(end_of(one), LinkShape(latency_s=0.01, corrupt_ratio=1.0, rate_bps=1e6))
        assert send(20).damaged > 10
        netem.shape(end_of(one), LinkShape(latency_s=0.01))
        assert send(20).damaged == 0
        assert [kind for kind, _ in qdiscs(end_of(one))] == ["netem"]


@NETEM
@TBF
def test_a_rate_and_a_latency_go_together() -> None:
    with cable() as (one, two), echoed(one, two) as send:
        netem.shape(end_of(two), LinkShape(latency_s=0.05, rate_bps=256e3))
        assert 0.85 < statistics.median(rates_bps(send, 5)) / (256e3 * 500 / 542) < 1.1
        burst = send(1)
        assert burst.came[0].at_ns - burst.sent_ns > 49_000_000


@NETEM
def test_somebody_elses_netem_is_left_alone_too() -> None:
    with cable() as (one, _):
        with end_of(one).opened() as (ipr, index):
            ipr.tc("add", "netem", index, 0x80010000, delay=1000)
        netem.clear(end_of(one))
        assert qdiscs(end_of(one)) == [("netem", 0x8001)]
        assert netem.theirs(end_of(one)) == "netem 8001:"
