"""
What goes over the lab's socket comes out as it went in.
"""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.messages import Answer, Malformed, Request, digest
from harness.model.world import UnitSpec, WorldSpec

values = st.recursive(
    st.none() | st.integers(-(2**53), 2**53) | st.text() | st.booleans(), lambda inner: st.lists(inner), max_leaves=5
)
arguments = st.dictionaries(st.text().filter(lambda key: key not in ("id", "do")), values, max_size=4)


@given(st.integers(0), st.text(), arguments)
def test_a_request_is_read_as_it_was_sent(number: int, verb: str, args: dict[str, object]) -> None:
    line = Request(number, verb, args).line()
    assert line.count(b"\n") == 1
    assert Request.read(line) == Request(number, verb, args)


@given(st.integers(0), values)
def test_an_answer_is_read_as_it_was_sent(number: int, value: object) -> None:
    assert Answer.read(Answer(number, value).line()) == Answer(number, value)


def test_a_problem_keeps_its_errno() -> None:
    answer = Answer(7, error="No such device or address", errno=6)
    assert Answer.read(answer.line()) == answer


@pytest.mark.parametrize(
    "line", [b"\n", b"{", b"[]\n", b'{"id": 1}\n', b'{"do": "state"}\n', b'{"id": "1", "do": "x"}\n']
)
def test_what_is_no_request_is_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        Request.read(line)


def test_worlds_that_differ_have_another_digest() -> None:
    world = WorldSpec(units={"edge-node": UnitSpec()})
    assert digest(world) == digest(WorldSpec(units={"edge-node": UnitSpec()}))
    assert digest(world) != digest(dataclasses.replace(world, released_lines="strict"))
    assert digest(world) != digest(WorldSpec(units={"edge-node": UnitSpec(boot_s=4)}))
