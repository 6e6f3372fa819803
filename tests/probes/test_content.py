"""
The `content` probe: the right bytes, and how often others were served for them.
"""

from __future__ import annotations

import hashlib

import pytest

from harness import clock
from harness.errors import UsageError
from harness.probes.content import Content
from harness.protocols import Arming, HttpAnswer, NoAnswer
from tests.probes.services import Service, made


class Shelf:
    """
    A DUT that serves what it has; None is silence.
    """

    def __init__(self, body: bytes | None = b"right", status: int = 200) -> None:
        self.body, self.status = body, status

    def __call__(self, method: str, path: str, body: bytes) -> HttpAnswer | None:
        assert (method, path) == ("GET", "/content/a")
        return None if self.body is None else HttpAnswer(self.status, self.body)


def probe_of(shelf: Shelf, sha256: str = "") -> Content:
    probe: Content = made(Content, Service(shelf), path="/content/a", sha256=sha256)
    assert isinstance(probe, Arming)
    return probe


def ask(probe: Content) -> bool:
    return clock.run(probe.ask, virtual=True)


def test_what_was_served_before_is_right_and_anything_else_is_counted() -> None:
    shelf = Shelf()
    probe = probe_of(shelf)
    assert ask(probe)
    shelf.body = b"newer, but before anything was done"
    assert ask(probe)
    probe.arm()
    assert ask(probe)
    shelf.body = b"poison"
    assert not ask(probe)
    assert not ask(probe)
    assert probe.measured() == {"wrong_contents": 2}
    shelf.body = b"newer, but before anything was done"
    assert ask(probe)
    assert probe.measured() == {"wrong_contents": 2}


def test_what_is_right_may_be_said_beforehand() -> None:
    shelf = Shelf(b"wrong")
    probe = probe_of(shelf, hashlib.sha256(b"right").hexdigest())
    assert not ask(probe)
    probe.arm()
    assert probe.measured() == {"wrong_contents": 0}
    shelf.body = b"right"
    assert ask(probe)


def test_nothing_at_all_is_unwell_but_not_wrong() -> None:
    shelf = Shelf(status=503)
    probe = probe_of(shelf)
    assert not ask(probe)
    shelf.body = None
    with pytest.raises(NoAnswer):
        ask(probe)
    assert probe.measured() == {"wrong_contents": 0}


def test_a_sample_is_judged_by_what_is_known() -> None:
    probe = probe_of(Shelf())
    assert probe.accepts(HttpAnswer(200, b"anything"))
    ask(probe)
    assert probe.accepts(HttpAnswer(200, b"right"))
    assert not probe.accepts(HttpAnswer(200, b"other"))
    assert not probe.accepts(HttpAnswer(404, b"right"))
    assert not probe.accepts(None)


@pytest.mark.parametrize("sha256", ["abc", "X" * 64])
def test_what_is_no_hash_is_refused(sha256: str) -> None:
    with pytest.raises(UsageError, match="64 hex digits"):
        Content.Config(path="/", sha256=sha256)
