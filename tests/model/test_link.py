"""
What a burst of packets shows.
"""

from __future__ import annotations

import pytest

from harness.model.link import Burst, Came


def burst(*came: tuple[int, bool], sent: int = 5, every_ns: int = 1) -> Burst:
    echoes = (Came(number, is_whole, index * every_ns) for index, (number, is_whole) in enumerate(came))
    return Burst(sent, 500, 0, tuple(echoes))


def test_a_number_that_was_damaged_neither_overtakes_nor_doubles() -> None:
    seen = burst((0, True), (2**31 + 1, False), (2, True), (3, True), (3, False))
    assert (seen.overtaken, seen.doubled, seen.damaged, seen.lost) == (0, 0, 2, 0)


def test_what_comes_late_or_twice_is_counted() -> None:
    seen = burst((0, True), (2, True), (1, True), (2, True), (2, True))
    assert (seen.overtaken, seen.doubled, seen.damaged, seen.lost) == (1, 2, 0, 2)


def test_a_rate_leaves_out_what_a_bucket_let_through_at_once() -> None:
    at_ns = [0] * 10 + [index * 4_000_000 for index in range(1, 15)]
    seen = Burst(24, 500, 0, tuple(Came(number, True, at) for number, at in enumerate(at_ns)))
    assert seen.rate_bps == pytest.approx(1e6)
    assert burst((0, True)).rate_bps is None
