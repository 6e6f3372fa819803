"""
A link that is late.
"""

from __future__ import annotations

import pytest

from harness.errors import NotProven, UsageError
from harness.faults.link_latency import LinkLatency
from harness.model.instant import Span
from tests.faults.links import TriedLink, carry_out, fault_of, in_a_loop


def test_its_effect_and_its_removal_show_in_the_round_trip() -> None:
    strike, effective, removed, link = carry_out(LinkLatency, 10.0, least_s=0.15, most_s=0.25)
    (late_ns, asked), (cleared_ns, _) = link.strokes()
    assert asked == ("latency", "jitter")
    assert effective is not None
    assert effective.holds(late_ns)
    assert removed.holds(cleared_ns)
    least, most = (int(word) for word in strike.delivered.split()[3:6:2])  # type: ignore[attr-defined]
    assert 150 <= least <= most <= 252


def test_by_default_it_is_the_missions() -> None:
    fault = in_a_loop(lambda: fault_of(LinkLatency, TriedLink(), 10.0))
    assert fault.plan() == [(0.0, "fibre late by 100 … 1000 ms"), (10.0, "fibre as it was")]


def test_a_latency_that_nobody_notices_is_not_proven() -> None:
    strike, effective, _, _ = carry_out(LinkLatency, 5.0, link=in_a_loop(lambda: TriedLink(deaf=True)))
    assert effective is None
    assert "a round trip took 0.6 ms" in strike.why_not()


def test_a_link_that_stays_late_is_not_removed() -> None:
    with pytest.raises(NotProven, match=r"fibre: the link was cleared, but a round trip took \d{3}\.\d ms"):
        carry_out(LinkLatency, 5.0, link=in_a_loop(lambda: TriedLink(defect="never_clears")))


def test_a_link_that_is_late_at_times_cannot_show_it() -> None:
    class Hiccups(TriedLink):
        trips = 0

        async def round_trip(self) -> Span:
            self.trips += 1
            return Span(0, 100_000_000 if self.trips % 3 == 0 else 1_000_000)

    link = in_a_loop(Hiccups)
    with pytest.raises(NotProven, match="before anything was done: 20 ms more would not show"):
        carry_out(LinkLatency, 1.0, link=link, least_s=0.02, most_s=0.02)
    assert link.calls == 0


@pytest.mark.parametrize("keys", [{"least_s": 0.0}, {"least_s": 2.0, "most_s": 1.0}])
def test_an_impossible_latency_is_the_callers_mistake(keys: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="least: must be more than 0, and not more than `most`"):
        in_a_loop(lambda: fault_of(LinkLatency, TriedLink(), 1.0, **keys))


def test_a_link_that_cannot_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match="'fibre' cannot do 'latency': the rig file says so"):
        in_a_loop(lambda: fault_of(LinkLatency, TriedLink(cannot=("latency",)), 1.0))
