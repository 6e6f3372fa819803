"""
A link that is narrow, or damages, doubles or shuffles.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness import clock
from harness.errors import NotProven, UsageError
from harness.faults.link_shape import LinkShape
from harness.model.link import Burst, Came
from tests.faults.links import S, TriedLink, carry_out, fault_of, in_a_loop


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"rate_bps": 256_000.0}, "packets came at 256 kbit/s"),
        ({"corrupt_ratio": 0.1}, "damaged"),
        ({"duplicate_ratio": 0.1}, "doubled"),
        ({"reorder_ratio": 0.1}, "overtaken"),
        ({"rate_bps": 1e6, "corrupt_ratio": 0.2}, "damaged"),
    ],
)
def test_bursts_show_its_effect_and_its_removal(keys: dict[str, float], told: str) -> None:
    strike, effective, removed, link = carry_out(LinkShape, 20.0, **keys)
    (shaped_ns, asked), (cleared_ns, _) = link.strokes()
    assert set(asked) == {name.rsplit("_", 1)[0] for name in keys}
    assert effective is not None, strike.why_not()
    assert effective.holds(shaped_ns)
    assert removed.holds(cleared_ns)
    assert told in strike.delivered  # type: ignore[attr-defined]


class Bucket(TriedLink):
    """
    Lets so many packets through at once, each time, before it is narrow.
    """

    at_once = 33

    async def burst(self, count: int, size: int, within_s: float) -> Burst:
        shape, began_ns = self.model.shape_now, clock.now_ns()
        each_ns = round(8 * size / shape.rate_bps * S) if shape.rate_bps else 0
        came = [Came(n, True, began_ns + n + max(0, n - self.at_once) * each_ns) for n in range(count)]
        await anyio.sleep(within_s)
        return Burst(count, size, began_ns, tuple(came))


def test_a_longer_burst_looks_past_what_a_bucket_lets_through_at_once() -> None:
    strike, effective, removed, link = carry_out(LinkShape, 20.0, link=in_a_loop(Bucket), rate_bps=256_000.0)
    assert effective is not None, strike.why_not()
    assert strike.delivered == "packets came at 256 kbit/s"  # type: ignore[attr-defined]
    assert removed.holds(link.strokes()[1][0])


def test_a_shape_that_nobody_notices_is_not_proven() -> None:
    link = in_a_loop(lambda: TriedLink(deaf=True))
    strike, effective, _, _ = carry_out(LinkShape, 2.0, link=link, duplicate_ratio=0.2)
    assert effective is None
    assert "doubled 0 of" in strike.why_not()


def test_a_link_that_stays_narrow_is_not_removed() -> None:
    link = in_a_loop(lambda: TriedLink(defect="never_clears"))
    with pytest.raises(NotProven, match="fibre: the link was cleared, but packets came at 256 kbit/s"):
        carry_out(LinkShape, 10.0, link=link, rate_bps=256_000.0)


def test_what_it_would_do_is_told() -> None:
    fault = in_a_loop(lambda: fault_of(LinkShape, TriedLink(), 5.0, rate_bps=64_000.0, reorder_ratio=0.25))
    assert fault.plan() == [(0.0, "fibre: at most 64 kbit/s, reorder 25 %"), (5.0, "fibre as it was")]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, "nothing would be done"),
        ({"rate_bps": -1.0}, "rate: must not be negative"),
        ({"corrupt_ratio": 1.1}, "corrupt: must be from 0 % to 100 %"),
    ],
)
def test_an_impossible_shape_is_the_callers_mistake(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        in_a_loop(lambda: fault_of(LinkShape, TriedLink(), 1.0, **keys))


def test_a_link_across_which_no_packets_can_be_sent_is_refused() -> None:
    def make() -> Any:
        link = TriedLink()
        link.sees = frozenset({"trips"})
        return fault_of(LinkShape, link, 1.0, corrupt_ratio=0.1)

    with pytest.raises(UsageError, match="so that it can be measured by packets"):
        in_a_loop(make)
