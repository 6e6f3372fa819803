"""
The `serial_console`, on real ptys: bytes are dated rightly, and what is said before a port is opened again is kept.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from harness import clock
from harness.devices.serial_console import SerialConsole, _finder
from harness.errors import DeviceError, UsageError
from harness.lab.played_console import PlayedConsole
from harness.protocols import Console

MS = 10**6


class Wires:
    def serial_port(self, port: str) -> str:
        return port


def console(path: Path, **config: Any) -> SerialConsole:
    built = SerialConsole.Config(port=str(path), **{"lag_s": 0.0, **config})
    return SerialConsole("console", built, Wires())  # type: ignore[arg-type]


def listened(main: Callable[[SerialConsole], Awaitable[None]], path: Path, **config: Any) -> None:
    async def run() -> None:
        device = console(path, **config)
        await device.open()
        assert isinstance(device, Console)
        try:
            with anyio.fail_after(10):
                await main(device)
        finally:
            await device.aclose()

    clock.run(run)


async def said(device: SerialConsole, length: int, since: int = 0) -> bytes:
    """
    So many bytes, from a chunk on.
    """
    while True:
        number, chunks = device.since(since)
        data = b"".join(chunk.data for chunk in chunks)
        if len(data) >= length:
            return data
        await device.more(number)


@pytest.fixture
def uart(tmp_path: Path) -> Any:
    played = PlayedConsole(tmp_path / "tty", "uart")
    yield played
    played.close()


@pytest.fixture
def usb(tmp_path: Path) -> Any:
    played = PlayedConsole(tmp_path / "tty", "usb")
    yield played
    played.close()


def test_every_byte_came_within_its_chunks_instant(uart: PlayedConsole) -> None:
    async def main(device: SerialConsole) -> None:
        for number in range(20):
            before_ns = clock.now_ns()
            uart.say(b"line %02d\n" % number)
            after_ns = clock.now_ns()
            await device.more(number)
            _, (chunk,) = device.since(number)
            assert chunk.data == b"line %02d\n" % number
            assert chunk.at.earliest_ns <= after_ns
            assert before_ns <= chunk.at.latest_ns
            await anyio.sleep(0.002)

    listened(main, uart.path)


def test_what_waits_while_nobody_reads_is_not_dated_after_that(uart: PlayedConsole) -> None:
    async def main(device: SerialConsole) -> None:
        for number in range(5):
            uart.say(b"x")
            said_ns = clock.now_ns()
            while clock.now_ns() < said_ns + 40 * MS:
                pass
            await device.more(number)
            assert device.since(number)[1][0].at.earliest_ns <= said_ns

    listened(main, uart.path)


def test_an_adapter_that_keeps_a_byte_for_a_while_makes_the_instant_wider(uart: PlayedConsole) -> None:
    async def main(device: SerialConsole) -> None:
        uart.say(b"x")
        await device.more(0)
        assert device.since(0)[1][0].at.width_ns >= 16 * MS

    listened(main, uart.path, lag_s=0.016)


def test_what_was_said_before_it_was_opened_is_not_its_affair(uart: PlayedConsole) -> None:
    uart.say(b"long ago\n")

    async def main(device: SerialConsole) -> None:
        uart.say(b"now\n")
        assert await said(device, 4) == b"now\n"

    listened(main, uart.path)


def test_the_first_words_after_a_power_cut_are_kept(usb: PlayedConsole) -> None:
    """
    The port goes with the power; it comes back with bytes in it already, before anybody can have opened it.
    """
    usb.powered()

    async def main(device: SerialConsole) -> None:
        usb.say(b"one\n")
        assert await said(device, 4) == b"one\n"
        for boot in range(5):
            number = device.count
            usb.power_lost()
            assert not usb.path.exists()
            await anyio.sleep(0.03)
            lost_ns = clock.now_ns()
            usb.powered()
            usb.say(b"U-Boot 2024.01 #%d\n" % boot)
            assert await said(device, 18, number) == b"U-Boot 2024.01 #%d\n" % boot
            assert device.since(number)[1][0].at.latest_ns > lost_ns
        assert device.openings == 6

    listened(main, usb.path)


def test_a_port_that_may_be_missing_is_waited_for(usb: PlayedConsole) -> None:
    async def main(device: SerialConsole) -> None:
        assert device.openings == 0
        usb.powered()
        usb.say(b"here\n")
        assert await said(device, 5) == b"here\n"

    listened(main, usb.path, optional=True)


def test_a_port_that_must_be_there_and_is_not_is_the_benchs_trouble(tmp_path: Path) -> None:
    async def main(device: SerialConsole) -> None: ...

    with pytest.raises(DeviceError, match="console: there is no port"):
        listened(main, tmp_path / "tty")
    (tmp_path / "tty").write_text("a file is no port")
    with pytest.raises(DeviceError, match="console: cannot open"):
        listened(main, tmp_path / "tty")


def test_it_leaves_no_thread_and_no_descriptor_behind(uart: PlayedConsole) -> None:
    async def main(device: SerialConsole) -> None:
        uart.say(b"x")
        await device.more(0)

    listened(main, uart.path)
    threads, files = set(threading.enumerate()), len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        listened(main, uart.path)
    for thread in set(threading.enumerate()) - threads:
        thread.join(5)  # the event loop tells its workers to end, and does not wait until they have
        assert not thread.is_alive(), thread
    assert len(os.listdir("/proc/self/fd")) <= files


def test_one_that_is_closed_has_nothing_to_tell(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="is not open"):
        console(tmp_path / "tty").since(0)


def test_a_usb_device_is_found_by_its_serial_number(monkeypatch: pytest.MonkeyPatch) -> None:
    class Found:
        def __init__(self, device: str, serial_number: str | None) -> None:
            self.device, self.serial_number = device, serial_number

    ports = [Found("/dev/ttyUSB0", None), Found("/dev/ttyACM1", "E6614")]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: ports)
    assert _finder("usb:E6614")() == "/dev/ttyACM1"
    assert _finder("usb:other")() is None


@pytest.mark.parametrize(
    "config", [{"port": ""}, {"port": "usb:"}, {"port": "x", "baud": 0}, {"port": "x", "lag_s": -1}]
)
def test_a_port_that_is_none_is_told(config: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        SerialConsole.Config(**config)
    assert SerialConsole.Config(port="/dev/ttyUSB0").resources() == ("serial port /dev/ttyUSB0",)
