"""
The `http` probe: an answer is well by its status and its body.
"""

from __future__ import annotations

from typing import Any

import pytest

from harness import clock
from harness.probes.http import Http
from harness.protocols import HttpAnswer, NoAnswer
from tests.probes.services import Service, made


def asked(answer: HttpAnswer | None, **config: Any) -> tuple[bool, Service]:
    """
    What the probe makes of an answer.
    """
    service = Service(lambda *_: answer)
    return clock.run(made(Http, service, **config).ask, virtual=True), service


@pytest.mark.parametrize(
    ("answer", "config", "is_well"),
    [
        (HttpAnswer(200, b""), {}, True),
        (HttpAnswer(503, b""), {}, False),
        (HttpAnswer(204, b""), {"status": (200, 204)}, True),
        (HttpAnswer(200, b'{"status": "ok"}'), {"contains": '"ok"'}, True),
        (HttpAnswer(200, b'{"status": "booting"}'), {"contains": '"ok"'}, False),
        (HttpAnswer(500, b"ok"), {"contains": "ok"}, False),
        (HttpAnswer(200, "zurück".encode()), {"contains": "zurück"}, True),
    ],
)
def test_well_is_a_status_and_what_the_body_contains(answer: HttpAnswer, config: dict[str, Any], is_well: bool) -> None:
    assert asked(answer, **config)[0] is is_well
    assert made(Http, Service(lambda *_: None), **config).accepts(answer) is is_well


def test_it_asks_for_its_path_by_its_method() -> None:
    assert asked(HttpAnswer(200, b""))[1].asked == [("GET", "/health", b"")]
    assert asked(HttpAnswer(200, b""), method="HEAD", path="/up")[1].asked == [("HEAD", "/up", b"")]


def test_silence_is_unwell_and_told_as_it_is() -> None:
    with pytest.raises(NoAnswer):
        asked(None)
    assert not made(Http, Service(lambda *_: None)).accepts(None)


def test_it_measures_nothing() -> None:
    assert made(Http, Service(lambda *_: None)).measured() == {}
    assert Http.measures == ()
