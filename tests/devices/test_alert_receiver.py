"""
The `alert_receiver`: real posts over real sockets, each with an instant that holds its coming.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

from harness import clock
from harness.devices.alert_receiver import AlertReceiver
from harness.errors import DeviceError, UsageError
from harness.model.instant import Instant
from harness.protocols import AlertSource, Taker

MS = 10**6


def notification(name: str = "DutDown", *, status: str = "firing", key: str = "c4d3") -> dict[str, Any]:
    alert = {"status": status, "labels": {"alertname": name}, "fingerprint": key}
    return {"version": "4", "status": status, "alerts": [alert]}


def received(main: Callable[[AlertReceiver, str], Awaitable[None]], listen: str = "127.0.0.1:0") -> None:
    """
    A receiver that is open, and its URL.
    """

    async def run() -> None:
        receiver = AlertReceiver("pager", AlertReceiver.Config(listen=listen), None)  # type: ignore[arg-type]
        assert isinstance(receiver, AlertSource)
        assert isinstance(receiver, Taker)
        await receiver.open()
        try:
            host, port = receiver.address or ("", 0)
            with anyio.fail_after(20):
                await main(receiver, f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/")
        finally:
            await receiver.aclose()

    clock.run(run)


# Not used, and yet made anew for every client that is given none: 20 ms.
TLS = ssl.create_default_context()


async def post(url: str, body: Any, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, verify=TLS) as http:
        return await http.post(url, json=body, **options)


def test_what_is_posted_is_heard_between_its_sending_and_its_being_taken() -> None:
    async def main(receiver: AlertReceiver, url: str) -> None:
        for number in range(20):
            before_ns = clock.now_ns()
            answer = await post(url, notification(key=str(number)))
            after_ns = clock.now_ns()
            assert answer.status_code == 200
            await receiver.more(number)
            count, (heard,) = receiver.since(number)
            assert (count, heard.alert.name, heard.alert.is_firing) == (number + 1, "DutDown", True)
            assert heard.at.earliest_ns <= after_ns
            assert before_ns <= heard.at.latest_ns <= after_ns
            assert heard.at.width_ns < 2000 * MS

    received(main)


def test_what_waits_while_nobody_looks_is_not_dated_after_that() -> None:
    """
    The interpreter is kept busy by this thread, so that the receiver's is kept waiting while a post lies in the kernel.
    """

    async def main(receiver: AlertReceiver, url: str) -> None:
        body = json.dumps(notification()).encode()
        head = f"POST / HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        for number in range(5):
            with socket.create_connection(receiver.address or ("", 0)) as client:
                before_ns = clock.now_ns()
                client.sendall(head + body)
                sent_ns = clock.now_ns()
                while clock.now_ns() < sent_ns + 50 * MS:
                    pass
                await receiver.more(number)
            _, (heard,) = receiver.since(number)
            assert heard.at.earliest_ns <= sent_ns
            assert before_ns <= heard.at.latest_ns

    received(main)


def test_many_at_once_are_all_heard_and_dated_rightly() -> None:
    async def main(receiver: AlertReceiver, url: str) -> None:
        sent: dict[str, tuple[int, int]] = {}

        async def send(key: str) -> None:
            before_ns = clock.now_ns()
            await post(url, notification(key=key))
            sent[key] = before_ns, clock.now_ns()

        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(send, str(number))
        await receiver.more(29)
        _, heard = receiver.since(0)
        assert {one.alert.key for one in heard} == set(sent)
        for one in heard:
            before_ns, after_ns = sent[one.alert.key]
            assert one.at.earliest_ns <= after_ns
            assert before_ns <= one.at.latest_ns <= after_ns

    received(main)


def test_a_slow_sender_keeps_nobody_waiting() -> None:
    async def main(receiver: AlertReceiver, url: str) -> None:
        with socket.create_connection(receiver.address or ("", 0)) as slow:
            slow.sendall(b"POST / HTTP/1.0\r\nContent-Length: 1000\r\n\r\n{")
            assert (await post(url, notification())).status_code == 200
        await receiver.more(0)

    received(main)


def test_those_that_fire_are_told_by_when_they_began() -> None:
    async def main(receiver: AlertReceiver, url: str) -> None:
        for number, (key, status) in enumerate([("a", "firing"), ("b", "firing"), ("a", "firing"), ("b", "resolved")]):
            await post(url, notification(key=key, status=status))
            await receiver.more(number)
        count, standing = receiver.standing()
        first = receiver.since(0)[1][0]
        assert (count, list(standing)) == (4, [first])

    received(main)


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 400), (b"not JSON", 400), (b"{}", 400), (b'{"version": "4", "alerts": [{"status": "?"}]}', 400)],
)
def test_what_is_no_notification_is_refused_and_not_heard(content: bytes, status: int) -> None:
    async def main(receiver: AlertReceiver, url: str) -> None:
        async with httpx.AsyncClient(trust_env=False, verify=TLS) as http:
            assert (await http.post(url, content=content)).status_code == status
            assert (await http.get(url)).status_code == 501
        assert receiver.since(0) == (0, [])

    received(main)


def test_too_much_is_refused() -> None:
    async def main(receiver: AlertReceiver, url: str) -> None:
        with socket.create_connection(receiver.address or ("", 0)) as client:
            client.sendall(b"POST / HTTP/1.0\r\nContent-Length: 99999999\r\n\r\n")
            with anyio.fail_after(5):
                await anyio.wait_readable(client)
            assert b" 413 " in client.recv(1000)

    received(main)


def test_what_the_host_hands_over_is_heard_at_the_hosts_instant() -> None:
    async def main(receiver: AlertReceiver, url: str) -> None:
        assert receiver.address is None
        receiver.take(notification(), Instant(5, 9))
        _, (heard,) = receiver.since(0)
        assert heard.at == Instant(5, 9)
        with pytest.raises(ValueError, match="version"):
            receiver.take({}, Instant(5, 9))

    received(main, listen="")


def test_it_leaves_no_thread_and_no_socket_behind() -> None:
    addresses: list[tuple[str, int]] = []

    async def main(receiver: AlertReceiver, url: str) -> None:
        await post(url, notification())
        addresses.append(receiver.address or ("", 0))

    before = threading.active_count()
    received(main)
    assert threading.active_count() <= before + 1  # anyio keeps a worker for a while
    with socket.create_server(addresses[0]):
        pass


def test_an_address_that_is_taken_is_the_benchs_trouble() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:

        async def main(receiver: AlertReceiver, url: str) -> None: ...

        with pytest.raises(DeviceError, match="pager: cannot listen on"):
            received(main, listen=f"127.0.0.1:{taken.getsockname()[1]}")


def test_one_that_is_closed_has_nothing_to_tell() -> None:
    receiver = AlertReceiver("pager", AlertReceiver.Config(), None)  # type: ignore[arg-type]
    with pytest.raises(DeviceError, match="is not open"):
        receiver.since(0)


@pytest.mark.parametrize("listen", ["9099", "host:", ":9099", "host:99999", "host:x"])
def test_an_address_that_is_none_is_told(listen: str) -> None:
    with pytest.raises(UsageError, match="is no address"):
        AlertReceiver.Config(listen=listen)


def test_two_cannot_take_one_address() -> None:
    assert AlertReceiver.Config(listen="[::1]:9099").split() == ("::1", 9099)
    assert AlertReceiver.Config(listen="127.0.0.1:9099").resources() == ("address 127.0.0.1:9099",)
    assert AlertReceiver.Config().resources() == ()
