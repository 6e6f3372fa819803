"""
What the kernel draws is not the seed's, and that is said.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness.faults.link_cut import LinkCut
from harness.faults.link_latency import LinkLatency
from harness.faults.link_loss import LinkLoss
from harness.faults.link_shape import LinkShape
from harness.supervise.dice import dice
from tests.faults.links import TriedLink, fault_of, in_a_loop

TOLD = "fibre is not seeded: what becomes of which packet is the kernel's own dice"


def told(is_seeded: bool, kind: Any, for_s: float, **keys: Any) -> list[str]:
    link = TriedLink()
    link.is_seeded = is_seeded
    fault = fault_of(kind, link, for_s, **keys)
    bench: Any = SimpleNamespace(fault=lambda spec: fault)
    return list(dice(("the fault",), bench))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "keys", "is_drawn"),
    [
        (LinkLoss, {"ratio_ratio": 0.2}, True),
        (LinkLatency, {"least_s": 0.1, "most_s": 0.2}, True),
        (LinkLatency, {"least_s": 0.1, "most_s": 0.1}, False),
        (LinkShape, {"corrupt_ratio": 0.2}, True),
        (LinkShape, {"rate_bps": 64_000.0}, False),
        (LinkCut, {}, False),
    ],
)
def test_who_draws_is_said_where_something_is_drawn(kind: Any, keys: dict[str, float], is_drawn: bool) -> None:
    assert in_a_loop(lambda: told(False, kind, 1.0, **keys)) == [TOLD] * is_drawn
    assert in_a_loop(lambda: told(True, kind, 1.0, **keys)) == []
