"""
What a meter tells of a contact, beside the played contact's own times: the truth lies in every interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.assemble import assembled
from harness.audit.cut import Cut
from harness.audit.moves import Edge, closed, delivered, made, opened
from harness.audit.striker import Striker
from harness.engine.guard import Guard
from harness.engine.undo import UndoJournal
from harness.model.instant import Instant, Span
from harness.model.reading import Flag, Reading
from tests.benches import rig, world_behind

SEES_A = 0.05


@dataclass
class Struck:
    """
    A cut as its meter saw it, and the moments at which the contact really moved.
    """

    cut: Cut
    moves: list[int]

    @property
    def opening(self) -> list[int]:
        """
        The moves that the command off made.
        """
        return [move for move in self.moves if move <= self.closes_from_ns]

    @property
    def closing(self) -> list[int]:
        """
        The moves that the command on made.
        """
        return [move for move in self.moves if move > self.closes_from_ns]

    @property
    def closes_from_ns(self) -> int:
        """
        The command on.
        """
        return self.cut.on.latest_ns


def struck(off_s: float, seed: int, **values: Any) -> Struck:
    """
    One interruption of a played rig.
    """

    async def main() -> Struck:
        async with assembled(rig(**values), seed) as bench:
            meter, (switch,) = bench.meter_of("edge"), bench.switches()
            assert meter is not None
            # At a phase of the meter's conversions that no two cases share.
            await anyio.sleep(0.5 + seed * 1e-5)
            since_ns = clock.now_ns()
            striker = Striker(bench, Guard(bench.rig), UndoJournal(None), {"edge": meter}, frozenset({"edge"}))
            cut = await striker.pulse(switch, off_s)
            return Struck(cut, world_behind(switch).rails["main"].strokes(since_ns))

    return clock.run(main, virtual=True)


CONTACTS = st.fixed_dictionaries(
    {
        "operate_s": st.floats(0.0, 0.03),
        "release_s": st.floats(0.0, 0.03),
        "bounce_s": st.sampled_from([0.0, 0.0005, 0.002]),
    }
)
UNITS = st.sampled_from([{}, {"boot_draw_a": 0.07, "run_draw_a": 0.07}, {"boot_draw_a": 0.7, "run_draw_a": 0.1}])


@given(CONTACTS, UNITS, st.floats(0.06, 0.3), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_contacts_moves_lie_in_their_intervals(
    contact: dict[str, float], unit: dict[str, float], off_s: float, seed: int
) -> None:
    seen = struck(off_s, seed, contact=contact, unit=unit)
    opening, closing = opened(seen.cut, "edge", SEES_A), closed(seen.cut, "edge", SEES_A)
    assert opening is not None
    assert closing is not None
    assert opening.began.holds(seen.opening[0])
    assert closing.began.holds(seen.closing[0])
    assert opening.ended is not None
    assert opening.ended.holds(seen.opening[-1])
    assert opening.bounce is not None
    assert opening.bounce.holds(seen.opening[-1] - seen.opening[0])
    making = made(seen.cut, "edge", SEES_A)
    assert making is not None
    assert making.began.holds(seen.closing[0])
    assert making.bounce is not None
    assert making.bounce.holds(seen.closing[-1] - seen.closing[0])


@pytest.mark.parametrize("early_ms", range(-2, 12, 2))
def test_a_dut_that_draws_less_just_before_its_cut_has_no_chattering_contact(early_ms: int) -> None:
    # It has booted a little before its contact opens, which takes 8 ms from the command.
    def boots(boot_s: float) -> Struck:
        return struck(0.1, 1, unit={"boot_s": boot_s, "boot_spread_ratio": 0.0}, contact={"bounce_s": 0.0})

    cut_s = boots(3.0).cut.off.earliest_ns / clock.NS_PER_S
    seen = boots(cut_s + 0.008 - early_ms / 1000)
    opening = opened(seen.cut, "edge", SEES_A)
    assert opening is not None
    assert opening.bounce is not None
    assert opening.bounce.low_ns == 0
    assert opening.began.holds(seen.opening[0])


@given(st.floats(0.005, 0.05), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_short_interruption_is_as_long_as_it_is_said_to_be(off_s: float, seed: int) -> None:
    quick = {"operate_s": 0.0005, "release_s": 0.0005, "bounce_s": 0.0, "spread_ratio": 0.0}
    seen = struck(off_s, seed, contact=quick)
    span = delivered(seen.cut, "edge", SEES_A)
    assert span is not None
    assert span.holds(seen.moves[1] - seen.moves[0])


def test_a_pulse_that_does_not_reach_the_contact_is_not_seen() -> None:
    seen = struck(0.005, 1)
    assert seen.moves == []
    assert opened(seen.cut, "edge", SEES_A) is None
    assert delivered(seen.cut, "edge", SEES_A) is None


def test_a_welded_contact_has_no_edges() -> None:
    seen = struck(0.1, 1, contact={"defect": "welded"})
    assert (opened(seen.cut, "edge", SEES_A), closed(seen.cut, "edge", SEES_A)) == (None, None)


def test_a_dut_that_draws_nothing_is_told_by_its_voltage() -> None:
    seen = struck(0.2, 3, unit={"boot_draw_a": 0.0, "run_draw_a": 0.0})
    opening, closing = opened(seen.cut, "edge", SEES_A), closed(seen.cut, "edge", SEES_A)
    assert opening is not None
    assert closing is not None
    # The rail leaves 90 % of its voltage a little after the contact has opened.
    assert opening.began.latest_ns >= seen.opening[0]
    assert closing.began.holds(seen.closing[0])


def test_without_readings_there_is_no_edge() -> None:
    at = Instant(0, 1)
    blind = Cut(off=at, on=Instant(5, 6), readings={"edge": (Reading(at, Flag.NACK),)})
    assert opened(blind, "edge", SEES_A) is closed(blind, "edge", SEES_A) is None
    assert opened(Cut(off=at, on=at, readings={}), "edge", SEES_A) is None


def test_a_contact_that_was_not_seen_to_rest_has_no_bounce() -> None:
    assert Edge(Instant(0, 1), None).bounce is None
    assert Edge(Instant(0, 4), Instant(2, 9)).bounce == Span(0, 9)
