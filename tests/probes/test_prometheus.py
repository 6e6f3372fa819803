"""
The `prometheus` probe: anything that a query finds is unwell, and a Prometheus in trouble is never an alert.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from harness import clock
from harness.errors import DeviceError, UsageError
from harness.probes.prometheus import Prometheus
from harness.protocols import HttpAnswer
from tests.probes.services import Service, made

DOWN = 'up{job="edge"} == 0'


def result(kind: str, value: Any) -> HttpAnswer:
    """
    A result as the documentation of the HTTP API has it.
    """
    return HttpAnswer(200, json.dumps({"status": "success", "data": {"resultType": kind, "result": value}}).encode())


def asked(answer: HttpAnswer | None) -> bool:
    return bool(clock.run(made(Prometheus, Service(lambda *_: answer), query=DOWN).ask, virtual=True))


SERIES = {"metric": {"__name__": "up", "job": "edge"}, "value": [1435781451.781, "0"]}


@pytest.mark.parametrize(
    ("answer", "is_quiet"),
    [
        (result("vector", []), True),
        (result("vector", [SERIES]), False),
        (result("matrix", []), True),
        (result("matrix", [{"metric": {}, "values": [[1, "0"]]}]), False),
        (result("scalar", [1435781451.781, "0"]), True),
        (result("scalar", [1435781451.781, "NaN"]), True),
        (result("scalar", [1435781451.781, "1"]), False),
    ],
)
def test_whatever_a_query_finds_is_wrong(answer: HttpAnswer, is_quiet: bool) -> None:
    assert asked(answer) is is_quiet
    assert made(Prometheus, Service(lambda *_: None), query=DOWN).accepts(answer) is is_quiet


def test_it_asks_the_documented_endpoint() -> None:
    service = Service(lambda *_: result("vector", []))
    clock.run(made(Prometheus, service, query=DOWN).ask, virtual=True)
    method, path, _ = service.asked[0]
    assert (method, urlsplit(path).path, parse_qs(urlsplit(path).query)) == ("GET", "/api/v1/query", {"query": [DOWN]})


@pytest.mark.parametrize(
    "answer",
    [
        None,
        HttpAnswer(503, b"<html>"),
        HttpAnswer(400, b'{"status": "error", "errorType": "bad_data", "error": "parse error"}'),
        HttpAnswer(200, b"[]"),
        HttpAnswer(200, b'{"status": "success"}'),
        result("string", [1435781451.781, "up"]),
        result("scalar", "x"),
    ],
)
def test_a_prometheus_in_trouble_is_the_benchs_trouble(answer: HttpAnswer | None) -> None:
    with pytest.raises(DeviceError, match="health: "):
        asked(answer)


def test_one_that_hangs_is_blamed_before_the_dut_is() -> None:
    service: Any = Service(lambda *_: None)
    service.request = lambda *_: anyio.sleep_forever()

    async def main() -> None:
        with anyio.fail_after(1.0):  # the engine's own deadline
            await made(Prometheus, service, query=DOWN).ask()

    with pytest.raises(DeviceError, match=r"did not answer within 0\.9 s"):
        clock.run(main, virtual=True)


def test_a_query_must_ask_something() -> None:
    with pytest.raises(UsageError):
        Prometheus.Config(query=" ")
    assert made(Prometheus, Service(lambda *_: None), query=DOWN).measured() == {}
