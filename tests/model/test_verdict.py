"""
How verdicts combine.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.model.verdict import Verdict

verdicts = st.lists(st.sampled_from(Verdict))
# From best to worst.
ORDER = [Verdict.HELD, Verdict.INCONCLUSIVE, Verdict.DEVIATED]


def test_nothing_at_all_is_never_green() -> None:
    assert Verdict.worst([]) is Verdict.INCONCLUSIVE


@given(st.lists(verdicts.filter(bool), min_size=1))
def test_verdicts_combine_in_any_grouping(groups: list[list[Verdict]]) -> None:
    in_groups = Verdict.worst(Verdict.worst(group) for group in groups)
    at_once = Verdict.worst(verdict for group in groups for verdict in group)

    assert in_groups is at_once


@given(verdicts.filter(bool), st.randoms(use_true_random=False))
def test_verdicts_combine_in_any_order(given_order: list[Verdict], random: st.random.Random) -> None:
    shuffled = list(given_order)
    random.shuffle(shuffled)

    assert Verdict.worst(shuffled) is Verdict.worst(given_order)


@given(verdicts.filter(bool), st.sampled_from(Verdict))
def test_one_more_verdict_never_improves_the_whole(before: list[Verdict], more: Verdict) -> None:
    after = Verdict.worst([*before, more])

    assert ORDER.index(after) >= ORDER.index(Verdict.worst(before))
    assert ORDER.index(after) >= ORDER.index(more)
