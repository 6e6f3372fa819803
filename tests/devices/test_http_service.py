"""
What a DUT's HTTP service says, and every way in which it may say nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from harness import clock
from harness.config.build import build
from harness.devices.http_service import HttpService
from harness.errors import DeviceError, UsageError
from harness.protocols import HttpAnswer, NoAnswer
from harness.protocols import HttpService as HttpServiceProtocol

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Dut:
    """
    A server that says the same bytes to whoever connects, and keeps what it was asked; also the wiring to it.
    """

    rig: Any = None
    pin_factory = i2c_bus = unit = None

    def __init__(self, says: bytes | None) -> None:
        self.says = says
        self.asked: list[bytes] = []
        self.resolved: list[tuple[str, int]] = []
        self.port = 0

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        self.resolved.append((host, port))
        return "127.0.0.1", self.port

    async def answer(self, stream: SocketStream) -> None:
        async with stream:
            self.asked.append(await stream.receive())
            if self.says is None:
                await anyio.sleep_forever()
            elif self.says:
                await stream.send(self.says)


@asynccontextmanager
async def service(dut: Dut, url: str = "http://edge-node:8080") -> AsyncIterator[HttpService]:
    wiring: Any = dut
    device = HttpService("web", HttpService.Config(url=url), wiring)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        dut.port = listener.extra(SocketAttribute.local_port)
        tasks.start_soon(listener.serve, dut.answer)
        await device.open()
        yield device
        await device.aclose()
        tasks.cancel_scope.cancel()


def test_a_request_is_answered_over_a_connection_of_its_own() -> None:
    async def main() -> None:
        dut = Dut(OK)
        async with service(dut, "http://edge-node:8080/api") as web:
            assert isinstance(web, HttpServiceProtocol)
            assert await web.request("POST", "/records", b"x") == HttpAnswer(200, b"hi")
            assert await web.request("GET", "/health") == HttpAnswer(200, b"hi")
        assert dut.resolved == [("edge-node", 8080)]
        assert [asked.split(b"\r\n")[0] for asked in dut.asked] == [
            b"POST /api/records HTTP/1.1",
            b"GET /api/health HTTP/1.1",
        ]
        assert b"host: edge-node:8080" in dut.asked[0].lower()

    clock.run(main)


@pytest.mark.parametrize("says", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"])
def test_what_is_no_whole_answer_is_no_answer(says: bytes) -> None:
    async def main() -> None:
        async with service(Dut(says)) as web:
            with pytest.raises(NoAnswer, match="GET /health: "):
                await web.request("GET", "/health")

    clock.run(main)


def test_a_refused_connection_is_no_answer() -> None:
    async def main() -> None:
        dut = Dut(OK)
        async with service(dut):
            pass
        wiring: Any = dut
        device = HttpService("web", HttpService.Config(url="http://edge-node:8080"), wiring)
        await device.open()
        with pytest.raises(NoAnswer):
            await device.request("GET", "/health")
        await device.aclose()

    clock.run(main)


def test_a_redirect_is_an_answer_and_a_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with service(Dut(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")) as web:
            assert await web.request("GET", "/health") == HttpAnswer(302, b"")

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    clock.run(main)


def test_the_callers_deadline_ends_a_request() -> None:
    async def main() -> None:
        async with service(Dut(None)) as web:
            with anyio.move_on_after(0.02) as limit:
                await web.request("GET", "/health")
            assert limit.cancelled_caught

    clock.run(main)


def test_it_must_be_open_to_be_asked() -> None:
    async def main() -> None:
        wiring: Any = Dut(OK)
        with pytest.raises(DeviceError, match="web: is not open"):
            await HttpService("web", HttpService.Config(url="http://edge-node"), wiring).request("GET", "/")

    clock.run(main)


@pytest.mark.parametrize("url", ["edge-node:8080", "ftp://edge-node", "http://", "http://edge-node/?a=1", "http://a:b"])
def test_what_is_no_http_url_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="url: "):
        build(HttpService.Config, {"url": url})
