"""
The contact: where it rests, and how it gets there.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.world import ContactSpec
from harness.sim.contact import Contact

NS_PER_S = 10**9


@pytest.mark.parametrize(
    ("contact", "active_low", "level", "closed"),
    [
        ("nc", True, 1, True),
        ("nc", True, 0, False),
        ("nc", False, 0, True),
        ("nc", False, 1, False),
        ("no", True, 1, False),
        ("no", True, 0, True),
        ("no", False, 0, False),
        ("no", False, 1, True),
    ],
)
def test_a_level_closes_or_opens_by_contact_and_polarity(
    contact: str, active_low: bool, level: int, closed: bool
) -> None:
    relay = Contact(ContactSpec(pin=1, contact=contact, active_low=active_low), Random(1))  # type: ignore[arg-type]
    assert relay.rests_closed(relay.energised_by(level)) is closed


@pytest.mark.parametrize("active_low", [True, False])
def test_a_floating_line_releases_the_relay(active_low: bool) -> None:
    relay = Contact(ContactSpec(pin=1, active_low=active_low), Random(1))
    assert not relay.energised_by(relay.pull)


@given(
    seed=st.integers(0, 10**6),
    contact=st.sampled_from(["nc", "no"]),
    energised=st.booleans(),
    bounce_s=st.sampled_from([0.0, 3e-9, 0.001, 0.01]),
    spread=st.floats(0, 0.9),
)
def test_a_stroke_chatters_for_at_most_its_bounce_and_ends_where_it_was_going(
    seed: int, contact: str, energised: bool, bounce_s: float, spread: float
) -> None:
    spec = ContactSpec(pin=1, contact=contact, bounce_s=bounce_s, spread_ratio=spread)  # type: ignore[arg-type]
    relay = Contact(spec, Random(seed))
    target = relay.rests_closed(energised)
    strokes = relay.stroke(energised, 1000, not target)
    moments = [at_ns for at_ns, _ in strokes]
    typical_ns = (spec.operate_s if energised else spec.release_s) * NS_PER_S
    assert typical_ns * (1 - spread) - 1 <= moments[0] - 1000 <= typical_ns * (1 + spread) + 1
    assert moments[-1] - moments[0] <= bounce_s * NS_PER_S
    assert all(first < second for first, second in pairwise(moments))
    assert [closed for _, closed in strokes] == [target, *[not target, target] * (len(strokes) // 2)]


def test_strokes_differ_and_a_seed_repeats_them() -> None:
    def strokes(seed: int) -> list[list[tuple[int, bool]]]:
        relay = Contact(ContactSpec(pin=1), Random(seed))
        return [relay.stroke(True, 0, True) for _ in range(5)]

    assert strokes(1) == strokes(1)
    assert len({stroke[0][0] for stroke in strokes(1)}) == 5
    assert strokes(1) != strokes(2)


def test_a_contact_that_is_where_it_should_be_does_not_move() -> None:
    assert Contact(ContactSpec(pin=1), Random(1)).stroke(False, 0, True) == []


@pytest.mark.parametrize("energised", [True, False])
@pytest.mark.parametrize("contact", ["nc", "no"])
def test_a_welded_contact_never_opens_and_an_open_one_never_closes(contact: str, energised: bool) -> None:
    for defect, closed in (("welded", True), ("open", False)):
        spec = ContactSpec(pin=1, contact=contact, defect=defect)  # type: ignore[arg-type]
        assert Contact(spec, Random(1)).rests_closed(energised) is closed
