"""
A link that is cut.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import BenchError, DeviceError, NotProven, UsageError
from harness.faults.link_cut import LinkCut
from harness.model.link import LinkShape
from harness.model.undo import Undo
from tests.faults.links import TriedLink, carry_out, fault_of, in_a_loop


def test_its_effect_and_its_removal_are_seen_and_hold_the_truth() -> None:
    strike, effective, removed, link = carry_out(LinkCut, 3.0)
    (down_ns, asked), (up_ns, cleared) = link.strokes()
    assert (asked, cleared) == (("down",), ())
    assert up_ns - down_ns == pytest.approx(3e9)
    assert effective is not None
    assert effective.holds(down_ns)
    assert effective.width_ns < 400_000_000
    assert removed.holds(up_ns)
    assert strike.removal_commanded is not None
    assert strike.removal_commanded.holds(up_ns)


def test_a_cut_may_refuse() -> None:
    _, effective, _, link = carry_out(LinkCut, 1.0, refuses=True)
    assert link.strokes()[0][1] == ("down", "refuse")
    assert effective is not None


@pytest.mark.parametrize("after", [False, True])
def test_whichever_command_fails_it_is_up_in_the_end(after: bool) -> None:
    link = in_a_loop(lambda: TriedLink(1, after=after))
    with pytest.raises(DeviceError):
        carry_out(LinkCut, 1.0, link=link)
    assert link.calls >= 2
    assert not link.model.history._values[-1].asks
    link = in_a_loop(lambda: TriedLink(2, 3, after=after))
    carry_out(LinkCut, 1.0, link=link)
    assert not link.model.history._values[-1].asks


def test_a_cut_that_changes_nothing_is_not_proven() -> None:
    strike, effective, _, _ = carry_out(LinkCut, 1.0, link=in_a_loop(lambda: TriedLink(deaf=True)))
    assert effective is None
    assert "'fibre' was commanded, but a round trip took 0.6 ms" in strike.why_not()


def test_a_link_that_stays_down_is_not_removed() -> None:
    link = in_a_loop(lambda: TriedLink(defect="never_clears"))
    with pytest.raises(NotProven, match="fibre: the link was cleared, but nothing came back"):
        carry_out(LinkCut, 1.0, link=link)


def test_a_link_that_is_down_before_proves_nothing() -> None:
    class Down(TriedLink):
        async def round_trip(self) -> Any:
            self.model.shape(LinkShape(is_down=True))
            return await super().round_trip()

    with pytest.raises(NotProven, match="nothing came back across 'fibre' before anything was done"):
        carry_out(LinkCut, 1.0, link=in_a_loop(Down))


def test_a_lost_carrier_shows_it_at_once_where_nothing_can_be_sent() -> None:
    class Cable(TriedLink):
        sees = frozenset({"carrier"})

        async def carrier(self) -> bool:
            return self.is_clear

    _, effective, removed, link = carry_out(LinkCut, 1.0, link=in_a_loop(Cable))
    assert effective is not None
    assert effective.holds(link.strokes()[0][0])
    assert removed.holds(link.strokes()[1][0])


def test_what_undoes_it_and_what_it_strikes_is_known_before() -> None:
    def look() -> None:
        link = TriedLink()
        link.switches = ("tx", "rx")
        fault = fault_of(LinkCut, link, 2.0)
        assert fault.undo == (Undo(device="fibre", action="clear"),)
        assert fault.strikes == (("fibre", 2.0, 1), ("tx", 2.0, 1), ("rx", 2.0, 1))
        assert fault.plan() == [(0.0, "fibre down"), (2.0, "fibre up")]

    in_a_loop(look)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"for_s": None}, "for: missing"),
        ({"link": {"cannot": ("down",)}}, "'fibre' cannot do 'down': the rig file says so"),
        ({"sees": frozenset()}, "nobody could see the effect on 'fibre'"),
        ({"look_s": 0.0}, "look: must be more than 0"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_touched(change: dict[str, Any], told: str) -> None:
    keys = dict(change)

    def make() -> Any:
        link = TriedLink(**keys.pop("link", {}))
        link.sees = keys.pop("sees", link.sees)
        return fault_of(LinkCut, link, keys.pop("for_s", 1.0), **keys)

    with pytest.raises(UsageError, match=told):
        in_a_loop(make)


def test_a_failing_look_is_the_benchs_trouble() -> None:
    class Broken(TriedLink):
        sees = frozenset({"carrier"})

        async def carrier(self) -> bool:
            raise DeviceError("fibre", "the interface is gone")

    link = in_a_loop(Broken)
    with pytest.raises(BenchError, match="the interface is gone"):
        carry_out(LinkCut, 1.0, link=link)
    assert link.calls == 0
