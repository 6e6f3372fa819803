"""
A replayed credential: good for the first time, and to be refused for the second.
"""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.errors import DeviceError, NotProven, UsageError
from harness.faults.replayed_credential import ReplayedCredential
from tests.faults.batteries import Cast, carried_out, play, spec_of
from tests.faults.nodes import WALL_S, Node


def fault_of(node: Node, **keys: Any) -> ReplayedCredential:
    spec = spec_of(ReplayedCredential, role="api", **{"key": "key", **keys})
    return ReplayedCredential(spec, Cast(api=node, shell=node))


@pytest.mark.parametrize(("accepts", "told"), [(False, "refused: 403"), (True, "taken: 200")])
def test_the_second_use_is_the_attack(accepts: bool, told: str) -> None:
    async def main() -> None:
        node = Node()
        node.accepts = accepts
        strike, effective, _ = await carried_out(fault_of(node), anyio.sleep_forever)
        assert strike.delivered == f"the replayed credential was {told}"  # type: ignore[attr-defined]
        assert effective == strike.commanded
        first, second = node.posted
        assert first == second
        assert first[0] == "/session"
        assert first[1]["timestamp"] == WALL_S

    play(main)


def test_a_credential_that_is_not_even_good_once_shows_nothing() -> None:
    async def main() -> None:
        node = Node()
        fault = fault_of(node)
        node.seen.add(fault._nonce)
        with pytest.raises(NotProven, match="answered with 403 for the first time"):
            await carried_out(fault, anyio.sleep_forever)

    play(main)


def test_without_the_key_it_is_the_benchs_trouble() -> None:
    async def main() -> None:
        node = Node()
        with pytest.raises(DeviceError, match="cat nothing ended with 1"):
            await carried_out(fault_of(node, key="nothing"), anyio.sleep_forever)
        node.is_unreachable = True
        with pytest.raises(NotProven, match="cat key was not answered: no route to host"):
            await carried_out(fault_of(node), anyio.sleep_forever)

    play(main)


def test_it_is_planned_as_one_and_leaves_nothing_to_undo() -> None:
    fault = fault_of(Node())
    assert fault.plan() == [(0.0, "node: a credential to /session, and the same again")]
    assert fault.undo == ()
    with pytest.raises(UsageError, match="must be a file's path"):
        ReplayedCredential.Config(key="")
