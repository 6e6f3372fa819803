"""
A link that comes and goes.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness.errors import DeviceError, UsageError
from harness.faults.link_flap import LinkFlap
from tests.faults.links import S, TriedLink, carry_out, fault_of, in_a_loop


def rhythm(link: TriedLink) -> list[tuple[float, bool]]:
    """
    When (seconds from the first stroke) it was down, or not.
    """
    strokes = link.strokes()
    return [(round((at_ns - strokes[0][0]) / S, 3), bool(asks)) for at_ns, asks in strokes]


def test_it_goes_down_and_up_as_often_as_it_says() -> None:
    strike, effective, removed, link = carry_out(LinkFlap, times=3, down_s=0.5, up_s=0.25, answer_s=0.1)
    even = [(0, True), (0.5, False), (0.75, True), (1.25, False), (1.5, True), (2.0, False)]
    assert rhythm(link) == even
    assert effective is not None
    assert effective.holds(link.strokes()[0][0])
    assert removed.holds(link.strokes()[-1][0])
    assert strike.delivered == "3 interruptions in 2.000 s"  # type: ignore[attr-defined]


def test_a_loose_connector_is_drawn_from_the_seed() -> None:
    drawn = [rhythm(carry_out(LinkFlap, bursts=2, seed=seed, answer_s=0.05, look_s=0.01)[3]) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    gaps = [later - earlier for (earlier, _), (later, _) in zip(drawn[0], drawn[0][1:], strict=False)]
    assert gaps.count(1.0) == 1  # the rest between two bursts
    assert all(0.02 <= gap <= 0.3001 for gap in gaps if gap != 1.0)
    assert 4 <= sum(down for _, down in drawn[0]) <= 16


def test_what_it_would_do_is_what_it_does() -> None:
    fault = in_a_loop(lambda: fault_of(LinkFlap, TriedLink(), bursts=3, seed=5))
    link = carry_out(LinkFlap, bursts=3, seed=5)[3]
    planned = [(round(at_s, 3), told == "fibre down") for at_s, told in fault.plan()]
    assert rhythm(link) == planned
    assert fault.strikes[0][2] == sum(down for _, down in planned)


@pytest.mark.parametrize("call", range(1, 6))
def test_whichever_command_fails_it_is_up_in_the_end(call: int) -> None:
    link = in_a_loop(lambda: TriedLink(call))
    with pytest.raises(DeviceError, match="failed as asked"):
        carry_out(LinkFlap, link=link, times=3, down_s=0.1, up_s=0.1)
    assert link.model.history._values[-1].asks == ()


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"times": 0}, "times: must be at least 1"),
        ({"down_s": 0.0}, "down: must be more than 0"),
        ({"least": 5, "most": 4}, "least: must be at least 1, and not more than `most`"),
        ({"shortest_s": 1.0}, "shortest: must be more than 0, and not more than `longest`"),
        ({"for_s": 1.0}, "for: a flap's length follows"),
    ],
)
def test_an_impossible_flap_is_the_callers_mistake(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        in_a_loop(lambda: fault_of(LinkFlap, TriedLink(), **keys))
