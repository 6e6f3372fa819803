"""
The stand-ins' HTTP: whole answers or errors, and never longer than the limit.
"""

from __future__ import annotations

import asyncio
from argparse import ArgumentTypeError
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest

from tests.edge_node.playing import free_port, module

pytestmark = pytest.mark.lab

web: Any = module("web")

Conversation = Callable[[str], Awaitable[Any]]


def at_a_server(conversation: Conversation) -> Any:
    """
    What comes of talking to a server that tells the fields `a` and `b` of what it is given.
    """

    async def main() -> Any:
        async def answer(request: Any) -> Any:
            if request.path == "/failing":
                raise {"POST": TimeoutError, "GET": OSError}[request.method]("for a reason")
            if request.method == "GET":
                return web.Response.of([request.path, request.rest])
            return web.Response.of(request.fields(a=str, b=int))

        listen = f"127.0.0.1:{free_port()}"
        async with await web.serve(listen, answer):
            return await conversation(listen)

    return asyncio.run(main())


async def said(listen: str, *pieces: bytes) -> bytes:
    host, _, port = listen.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)  # noqa: TID251 - so that they arrive as pieces
        return await reader.read()
    finally:
        writer.close()


def test_what_was_asked_is_answered() -> None:
    async def both(listen: str) -> list[bytes]:
        url = f"http://{listen}/some/wh%C3%A4t?else"
        return [
            await web.ask(url, limit_s=5),
            await web.ask(url, b'{"a": "x", "b": 1}', limit_s=5),
        ]

    assert at_a_server(both) == [b'["/some/wh%C3%A4t", "wh\\u00e4t"]\n', b'["x", 1]\n']


@pytest.mark.parametrize(
    ("method", "path", "taken"),
    [
        ("GET", "/a", "/a"),
        ("GET", "/a/", "/a/"),
        ("GET", "/a/b/c?d", "/a/"),
        ("POST", "/a", None),
        ("GET", "/a%2Fb", None),
        ("GET", "/b/a", None),
        ("GET", "/", None),
    ],
)
def test_a_route_is_by_method_and_path_or_what_the_path_begins_with(method: str, path: str, taken: str | None) -> None:
    request = web.Request(method, path.partition("?")[0], b"", {})
    if taken is None:
        with pytest.raises(web.Problem, match=f"there is no {method} {path}"):
            web.routed({("GET", "/a"): "exact", ("GET", "/a/"): "behind"}, request)
    else:
        assert web.routed({("GET", "/a"): "exact", ("GET", "/a/"): "behind"}, request)[0] == taken


@pytest.mark.parametrize(
    ("path", "rest"), [("/a", ""), ("/a/", ""), ("/a/b", "b"), ("/a/b/c", "b/c"), ("/a/b%2Fc", "b/c")]
)
def test_the_rest_is_what_stands_behind_the_first_part(path: str, rest: str) -> None:
    assert web.Request("GET", path, b"", {}).rest == rest


@pytest.mark.parametrize(("method", "status"), [("GET", 503), ("POST", 504)])
def test_what_cannot_be_answered_is_told_as_that(method: str, status: int) -> None:
    async def failing(listen: str) -> bytes:
        return await said(listen, f"{method} /failing HTTP/1.1\r\n\r\n".encode())

    answer = at_a_server(failing)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.endswith(b'{"error": "for a reason"}\n')


def test_a_request_may_come_in_pieces() -> None:
    whole = b'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18\r\n\r\n{"a": "x", "b": 1}'

    async def in_pieces(listen: str) -> bytes:
        return await said(listen, *(whole[at : at + 7] for at in range(0, len(whole), 7)))

    assert at_a_server(in_pieces).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", HTTPStatus.BAD_REQUEST),
        (b"POST / HTTP/1.1\r\nContent-Length: some\r\n\r\n", HTTPStatus.BAD_REQUEST),
        (b'POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\n{"a": "x", "b": true}', HTTPStatus.BAD_REQUEST),
        (b"POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n" + bytes(70000), HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    ],
)
def test_what_is_no_request_is_told_so(request_: bytes, status: HTTPStatus) -> None:
    async def once(listen: str) -> bytes:
        return await said(listen, request_)

    assert at_a_server(once).startswith(f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode())


def test_an_answer_that_is_not_well_is_an_error() -> None:
    async def refused(listen: str) -> None:
        with pytest.raises(ConnectionError, match=r"answered b'HTTP/1\.1 400 Bad Request"):
            await web.ask(f"http://{listen}/", b"{}", limit_s=5)

    at_a_server(refused)


def test_half_an_answer_is_an_error() -> None:
    async def main() -> None:
        async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhalf")
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(dying, "127.0.0.1", 0) as server:
            with pytest.raises(ConnectionError, match="4 bytes of 12"):
                await web.ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", limit_s=5)

    asyncio.run(main())


def test_who_does_not_answer_is_waited_for_no_longer_than_that() -> None:
    async def main() -> None:
        gone = asyncio.Event()

        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            await writer.wait_closed()
            gone.set()

        async with await asyncio.start_server(mute, "127.0.0.1", 0) as server:
            with pytest.raises(TimeoutError):
                await web.ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", limit_s=0.05)
            await gone.wait()

    asyncio.run(main())


@pytest.mark.parametrize("text", ["host", "host:", ":80", "host:port", "host:80/", "a b:80"])
def test_what_has_no_host_or_no_port_is_no_address(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="an address is HOST:PORT"):
        web.address(text)


@pytest.mark.parametrize("text", ["host:80", "https://host/", "ftp://host/", "http://", "http://host:port/"])
def test_what_cannot_be_asked_is_no_url(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="a URL is http://HOST"):
        web.http_url(text)
