"""
The `health_field` probe: one field of what the DUT says of itself.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness import clock
from harness.errors import UsageError
from harness.probes.health_field import HealthField
from harness.protocols import HttpAnswer, NoAnswer
from tests.probes.services import Service, made

HEALTH = {
    "uplink": "lte",
    "alerts": ["UplinkLost"],
    "percent": 40,
    "ok": True,
    "breakers": {"origin": "open"},
    "battery_v": None,
}


def told(answer: HttpAnswer | None, **config: Any) -> bool:
    return bool(clock.run(made(HealthField, Service(lambda *_: answer), **config).ask, virtual=True))


@pytest.mark.parametrize(
    ("config", "is_well"),
    [
        ({"field": "uplink", "equals": ("lte",)}, True),
        ({"field": "uplink", "equals": ("fibre", "lte")}, True),
        ({"field": "uplink", "equals": ("fibre",)}, False),
        ({"field": "uplink", "not_equals": ("fibre",)}, True),
        ({"field": "uplink", "not_equals": ("lte",)}, False),
        ({"field": "alerts", "has": ("UplinkLost",)}, True),
        ({"field": "alerts", "has_not": ("UplinkLost",)}, False),
        ({"field": "alerts", "has_not": ("Other",)}, True),
        ({"field": "percent", "min": 40, "max": 60}, True),
        ({"field": "percent", "min": 41}, False),
        ({"field": "percent", "max": 39}, False),
        ({"field": "uplink", "min": 0}, False),
        ({"field": "ok", "equals": (True,)}, True),
        ({"field": "ok", "equals": (1,)}, False),
        ({"field": "ok", "min": 0}, False),
        ({"field": "breakers.origin", "equals": ("open",)}, True),
        ({"field": "breakers", "has": ("origin",)}, True),
    ],
)
def test_well_is_a_value_as_it_should_be(config: dict[str, Any], is_well: bool) -> None:
    answer = HttpAnswer(200, json.dumps(HEALTH).encode())
    assert told(answer, **config) is is_well
    assert made(HealthField, Service(lambda *_: None), **config).accepts(answer) is is_well


def test_a_degraded_dut_that_answers_503_still_says_so() -> None:
    assert not told(HttpAnswer(503, b'{"status": "degraded"}'), field="status", equals=("ok",))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"uplink": null}', b'{"uplink": '])
def test_no_such_field_is_no_answer(body: bytes) -> None:
    with pytest.raises(NoAnswer, match="no `uplink`"):
        told(HttpAnswer(200, body), field="uplink", equals=("lte",))
    assert not made(HealthField, Service(lambda *_: None), field="uplink", equals=("lte",)).accepts(
        HttpAnswer(200, body)
    )


def test_silence_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        told(None, field="uplink", equals=("lte",))
    assert not made(HealthField, Service(lambda *_: None), field="uplink", equals=("lte",)).accepts(None)


def test_what_is_well_must_be_said() -> None:
    with pytest.raises(UsageError, match="say what is well"):
        HealthField.Config(field="uplink")
    assert made(HealthField, Service(lambda *_: None), field="uplink", min=0).measured() == {}
