"""
The `prometheus` probe: anything that a query finds is unwell, and a Prometheus in trouble is never an alert.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

from harness import clock
from harness.devices.http_service import HttpService
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


class Server:
    """
    A small Prometheus, that knows one series: `GET /api/v1/query` as its documentation has it.
    """

    def __init__(self) -> None:
        self.value = "1"
        knows = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = parse_qs(url.query).get("query", [""])[0]
                status, told = knows.answer(url.path, query)
                body = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *told: Any) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, path: str, query: str) -> tuple[int, Any]:
        if path != "/api/v1/query":
            return 404, "404 page not found"
        if query != DOWN:
            return 400, {"status": "error", "errorType": "bad_data", "error": f"parse error in {query}"}
        found = [SERIES] if self.value == "0" else []
        return 200, {"status": "success", "data": {"resultType": "vector", "result": found}}


class Here:
    def resolve(self, host: str, port: int) -> tuple[str, int]:
        return host, port


def test_over_http_it_is_quiet_until_the_series_says_that_it_is_down() -> None:
    server = Server()

    async def main() -> list[bool]:
        service = HttpService("prometheus", HttpService.Config(url=server.url), Here())  # type: ignore[arg-type]
        await service.open()
        probe = made(Prometheus, service, query=DOWN)
        told = [await probe.ask()]
        server.value = "0"
        told.append(await probe.ask())
        with pytest.raises(DeviceError, match="prometheus: 400: parse error"):
            await made(Prometheus, service, query="up ==").ask()
        await service.aclose()
        return told

    try:
        assert clock.run(main) == [True, False]
    finally:
        server.http.shutdown()
        server.http.server_close()
