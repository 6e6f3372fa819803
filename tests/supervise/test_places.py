"""
What a run is told of a rig's contacts before it begins.
"""

from __future__ import annotations

import pytest

from harness import clock
from harness.assemble import assembled
from harness.engine.odometer import Odometer
from harness.supervise.places import chatter_as_seen
from tests.benches import rig


@pytest.mark.parametrize(("seen_s", "chatters_s"), [(None, 0.002), (0.001, 0.002), (0.006, 0.006)])
def test_a_contact_chatters_for_as_long_as_it_was_seen_to_whatever_is_declared(
    seen_s: float | None, chatters_s: float
) -> None:
    strokes = Odometer(None)
    if seen_s is not None:
        strokes.chatters.note("mains", seen_s)

    async def main() -> float:
        async with assembled(rig(relay={"chatter_s": 0.002})) as bench:
            chatter_as_seen(bench, strokes)
            (switch,) = bench.switches()
            return switch.chatter_s

    assert clock.run(main, virtual=True) == chatters_s
