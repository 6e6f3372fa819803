"""
The control: nothing is done, for as long as it takes.
"""

from __future__ import annotations

import anyio
import pytest

from harness import clock
from harness.errors import UsageError
from harness.faults.noop import Noop
from harness.model.instant import Instant
from tests.faults.batteries import S, carried_out, play, spec_of
from tests.faults.supplies import supplied


def test_it_lasts_and_touches_nothing() -> None:
    async def main() -> None:
        roles, switch = supplied()
        began_ns = clock.now_ns() + S // 2  # where `carried_out` begins
        strike, effective, removed = await carried_out(Noop(spec_of(Noop, "", for_s=3.0), roles), anyio.sleep_forever)
        assert strike.commanded == effective == Instant.exactly(began_ns)
        assert strike.removal_commanded == removed == Instant.exactly(began_ns + 3 * S)
        assert switch.strokes == []
        assert strike.hold_up is None
        assert strike.why_not() == "nothing was done"

    play(main)


def test_it_announces_that_nothing_is_done() -> None:
    fault = Noop(spec_of(Noop, "", for_s=3.0), supplied()[0])
    assert fault.plan() == [(0.0, "nothing, for 3 s")]
    assert (fault.undo, fault.strikes, fault.levels_v, fault.expects_loss) == ((), (), (0.0, 0.0), False)


def test_it_must_be_told_for_how_long() -> None:
    with pytest.raises(UsageError, match="for: missing"):
        Noop(spec_of(Noop, ""), supplied()[0])
