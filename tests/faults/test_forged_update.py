"""
A forged update: the next counter, a signature that nobody made, and whatever the DUT answers.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.errors import NotProven, UsageError
from harness.faults.forged_update import ForgedUpdate
from tests.faults.batteries import Cast, carried_out, play, spec_of
from tests.faults.nodes import Node


def fault_of(node: Node, for_s: float | None = None, **keys: Any) -> ForgedUpdate:
    return ForgedUpdate(spec_of(ForgedUpdate, role="api", for_s=for_s, **keys), Cast(api=node))


@pytest.mark.parametrize(("accepts", "told"), [(False, "refused: 403"), (True, "taken: 200")])
def test_it_is_proven_by_the_answer_whatever_that_is(accepts: bool, told: str) -> None:
    async def main() -> None:
        node = Node()
        node.accepts = accepts
        strike, effective, removed = await carried_out(fault_of(node), anyio.sleep_forever)
        assert effective == strike.commanded
        assert removed == strike.removal_commanded
        assert strike.delivered == f"the forged update was {told}"  # type: ignore[attr-defined]

    play(main)


def test_only_its_signature_is_wrong() -> None:
    async def main() -> None:
        node = Node()
        await carried_out(fault_of(node), anyio.sleep_forever)
        ((path, told),) = node.posted
        assert path == "/update"
        assert told["counter"] == node.installed + 1
        assert len(str(told["signature"])) == 64

    play(main)


def test_a_dut_that_does_not_say_what_it_has_installed_is_not_attacked() -> None:
    async def main() -> None:
        node = Node()
        with pytest.raises(NotProven, match="no number as `release`"):
            await carried_out(fault_of(node, field="release"), anyio.sleep_forever)
        node.is_silent = True
        with pytest.raises(NotProven, match="connection refused"):
            await carried_out(fault_of(node), anyio.sleep_forever)
        assert node.posted == []

    play(main)


def test_an_attack_that_is_not_answered_proves_nothing() -> None:
    async def main() -> None:
        node = Node()
        fault = fault_of(node)

        async def fall_silent() -> None:
            await anyio.sleep(0.502)
            node.is_silent = True

        strike, effective, _ = await carried_out(fault, fall_silent)
        assert effective is None
        assert strike.why_not() == "the forged update was sent, but not answered: connection refused"

    play(main)


def test_it_is_over_at_once_and_leaves_nothing_to_undo() -> None:
    fault = fault_of(Node())
    assert fault.plan() == [(0.0, "node: a forged update to /update")]
    assert fault.undo == ()
    with pytest.raises(UsageError, match="leave it out"):
        fault_of(Node(), for_s=1.0)
    with pytest.raises(UsageError, match="more than 0"):
        ForgedUpdate.Config(answer_s=0)
