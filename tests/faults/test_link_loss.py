"""
A link that loses a share of what it carries.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import NotProven, UsageError
from harness.faults._share import Share
from harness.faults.link_loss import LinkLoss
from tests.faults.links import TriedLink, carry_out, fault_of, in_a_loop


@pytest.mark.parametrize("ratio", [0.05, 0.1, 0.2])
def test_the_measured_loss_shows_it_with_a_bound(ratio: float) -> None:
    for seed in range(5):
        strike, effective, removed, link = carry_out(LinkLoss, 120.0, ratio_ratio=ratio, seed=seed)
        (lossy_ns, asked), (cleared_ns, _) = link.strokes()
        assert asked == ("loss",)
        assert effective is not None, strike.why_not()
        assert effective.holds(lossy_ns)
        assert removed.holds(cleared_ns)
        assert "with 95 % confidence) round trips were lost" in strike.delivered  # type: ignore[attr-defined]


def test_a_loss_of_connections_is_named_as_that() -> None:
    class Relay(TriedLink):
        loses = "connections"

    strike = carry_out(LinkLoss, 60.0, ratio_ratio=0.2, link=in_a_loop(Relay))[0]
    assert strike.delivered.endswith("; of connections, not of packets")  # type: ignore[attr-defined]
    fault = in_a_loop(lambda: fault_of(LinkLoss, Relay(), 60.0))
    assert fault.plan()[0] == (0.0, "fibre loses 10 % of its connections")


def test_no_loss_is_not_proven() -> None:
    strike, effective, _, _ = carry_out(LinkLoss, 5.0, link=in_a_loop(lambda: TriedLink(deaf=True)))
    assert effective is None
    assert "0 of" in strike.why_not()


def test_a_link_that_goes_on_losing_is_not_removed() -> None:
    with pytest.raises(NotProven, match="fibre: the link was cleared"):
        carry_out(LinkLoss, 30.0, link=in_a_loop(lambda: TriedLink(defect="never_clears")), ratio_ratio=0.5)


@pytest.mark.parametrize("ratio", [0.0, 1.0, 1.5])
def test_an_impossible_share_is_the_callers_mistake(ratio: float) -> None:
    with pytest.raises(UsageError, match="ratio: must be at least 1 %"):
        in_a_loop(lambda: fault_of(LinkLoss, TriedLink(), 1.0, ratio_ratio=ratio))


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.01, 0.99))
def test_more_of_it_never_shows_less(struck: int, more: int, ratio: float) -> None:
    asked = struck + more + 1
    if Share(ratio, asked, struck).is_shown:
        assert Share(ratio, asked, struck + 1).is_shown


@given(st.floats(0.01, 0.99))
def test_none_of_so_many_is_an_accident_of_one_in_twenty(ratio: float) -> None:
    enough = Share(ratio).enough
    assert (1 - ratio) ** enough <= 0.05 + 1e-9
    assert enough == 1 or (1 - ratio) ** (enough - 1) > 0.05 - 1e-9
