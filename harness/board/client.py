"""
What the board can be asked, typed. Times on the board are its ticks: microseconds since it started, 64 bits.

`Board` talks through any `Channel`: a `Link` on a serial port, or an `InProcessBoard`.
"""

from __future__ import annotations

import time
from contextlib import suppress

from . import protocol
from .answers import AnalogReading, Cause, Chip, Edge, Exchange, GaugeFault, GaugeReading, Identity, State, Status
from .channel import Channel
from .failures import BoardLost, BoardSilent, FirmwareMismatch
from .unsolicited import BoardEvent, read_event

HELLO_TIMEOUT_S = 3.0


class Board:
    """
    One board behind a channel. Every method may raise `BoardLost`, `BoardSilent`, `BoardRebooted`, and `RequestRefused`
    when the board says no.
    """

    def __init__(self, channel: Channel, *, timeout_s: float = 1.0) -> None:
        self._channel = channel
        self._timeout_s = timeout_s

    def hello(self, timeout_s: float = HELLO_TIMEOUT_S) -> Identity:
        """
        Greets the board until it answers, and trusts this start of it from now on.

        Raises:
            FirmwareMismatch: it speaks another protocol.
        """
        mine = protocol.checksum()
        tries = max(1, round(timeout_s / 0.25))
        for attempt in range(tries):
            self._channel.flush()
            try:
                reply = self._channel.request(
                    "hello", protocol.pack("hello", mine), timeout_s=timeout_s / tries, is_hello=True
                )
                break
            except BoardSilent:
                if attempt == tries - 1:
                    raise
        (theirs, boot_id, ticks_us, state), text = protocol.unpack("IIQB*", reply.payload)
        firmware, machine, unique_id, wiring = (*text.decode("utf-8", "replace").split("\0"), "", "", "")[:4]
        if theirs != mine:
            raise FirmwareMismatch(
                f"firmware {firmware} speaks protocol {theirs:08x}, this host {mine:08x}; run: crashbench board flash"
            )
        self._channel.trust(boot_id)
        return Identity(
            firmware=firmware,
            machine=machine,
            unique_id=unique_id,
            boot_id=boot_id,
            ticks_us=ticks_us,
            state=State(state),
            wiring=wiring,
        )

    def echo(self, payload: bytes) -> bytes:
        """
        The same bytes, from the board and back.
        """
        return self._channel.request("echo", payload, timeout_s=self._timeout_s).payload

    def sum(self, a: int, b: int) -> int:
        """
        `a + b` (32-bit, signed, wrapping), computed on the board.
        """
        return self._ask("sum", a, b)[0]

    def clock(self) -> Exchange:
        """
        One clock exchange; also feeds the dead-man.
        """
        reply = self._channel.request("clock", timeout_s=self._timeout_s)
        (ticks_us, boot_id), _ = protocol.unpack("QI", reply.payload)
        self._channel.saw_boot(boot_id)
        return Exchange(sent_ns=reply.sent_ns, ticks_us=ticks_us, received_ns=reply.received_ns, boot_id=boot_id)

    def status(self) -> Status:
        """
        The board's own account.
        """
        state, cause, limit_ms, tripped, levels, stop, bad, edges, lost, heap = self._ask("status")
        return Status(
            state=State(state),
            cause=Cause(cause),
            limit_ms=limit_ms,
            tripped_at_us=tripped,
            levels=levels,
            is_stopped=bool(stop),
            bad_frames=bad,
            edges=edges,
            edges_lost=lost,
            heap_used=heap,
        )

    def arm(self, limit_ms: int) -> None:
        """
        Lets the outputs move until no frame was heard for `limit_ms` (20 to 60000). Refused while the e-stop is open.
        """
        self._ask("arm", limit_ms)

    def disarm(self) -> None:
        """
        Puts everything to safety: outputs, analog outputs, the gauge's lies.
        """
        self._ask("disarm")

    def write(self, output: int, level: int) -> int:
        """
        Drives an output and returns the ticks just after; a schedule on that output ends.
        """
        return self._ask("write", output, level)[0]

    def levels(self) -> tuple[int, int]:
        """
        Output and input levels, one bit each, the first one lowest.
        """
        outputs, inputs, _ = self._ask("read")
        return outputs, inputs

    def pulse(self, output: int, level: int, *, width_us: int, at_us: int = 0, gap_us: int = 0, count: int = 1) -> int:
        """
        Schedules `count` pulses to `level`, `gap_us` apart, from ticks `at_us` on (0: now); returns the first's ticks.
        """
        return self._ask("pulse", output, level, at_us, width_us, gap_us, count)[0]

    def scatter(
        self,
        output: int,
        level: int,
        *,
        widths_us: tuple[int, int],
        gaps_us: tuple[int, int],
        count: int,
        seed: int,
        at_us: int = 0,
    ) -> int:
        """
        Schedules a train whose widths and gaps are drawn on the board between their limits; `seed` is 0 to 65535.
        """
        return self._ask("scatter", output, level, at_us, *widths_us, *gaps_us, count, seed)[0]

    def anchor(
        self,
        output: int,
        level: int,
        *,
        line: int,
        edge: Edge,
        offset_us: int,
        width_us: int,
        nth: int = 1,
        gap_us: int = 0,
        count: int = 1,
    ) -> None:
        """
        Arms pulses that start `offset_us` after the `nth` of the given edges on input `line`.
        """
        self._ask("anchor", output, level, line, edge, nth, offset_us, width_us, gap_us, count)

    def cancel(self, output: int) -> None:
        """
        Forgets an output's schedule; its level stays.
        """
        self._ask("cancel", output)

    def watch(self, rising: int, falling: int) -> None:
        """
        Which input edges are reported: two masks, one bit per input. The board's own switchings always are.
        """
        self._ask("watch", rising, falling)

    def start_gauge(self, chip: Chip, address: int = 0) -> None:
        """
        Becomes a gauge on the DUT's I2C bus, at the chip's own address or at another.
        """
        self._ask("gauge_start", chip, address)

    def stop_gauge(self) -> None:
        """
        Leaves the DUT's I2C bus.
        """
        self._ask("gauge_stop")

    def set_gauge(
        self, *, level_percent: float, voltage_v: float, current_a: float = 0.0, temperature_c: float = 25.0
    ) -> None:
        """
        The readings to report: 0 to 100 %, 0 to 65.5 V, ±32.7 A (negative: discharging), degrees Celsius.
        """
        self._ask(
            "gauge_set",
            round(level_percent * 100),
            round(voltage_v * 1000),
            round(current_a * 1000),
            round(temperature_c * 10),
        )

    def fault_gauge(
        self, fault: GaugeFault, *, level_percent: float = 0.0, voltage_v: float = 0.0, seed: int = 1
    ) -> None:
        """
        Starts a lie, or ends it with `NONE`. For `JUMP` the two are offsets, for `DRIFT` offsets per minute.
        """
        if fault is GaugeFault.GARBAGE:
            self._ask("gauge_fault", fault, seed, 0)
        else:
            self._ask("gauge_fault", fault, round(level_percent * 100), round(voltage_v * 1000))

    def gauge(self) -> GaugeReading:
        """
        What the gauge shows now.
        """
        chip, address, fault, level, millivolt, milliampere, temperature, reads = self._ask("gauge_read")
        return GaugeReading(
            chip=Chip(chip) if chip else None,
            address=address,
            fault=GaugeFault(fault),
            level_percent=level / 100,
            voltage_v=millivolt / 1000,
            current_a=milliampere / 1000,
            temperature_c=temperature / 10,
            reads=reads,
        )

    def peek_gauge(self, register: int, count: int) -> bytes:
        """
        Register bytes as the DUT would read them; word registers lie at twice their number.
        """
        payload = protocol.pack("gauge_peek", register, count)
        return self._channel.request("gauge_peek", payload, timeout_s=self._timeout_s).payload

    def write_analog(self, channel: int, voltage_v: float) -> int:
        """
        Sets an analog output and returns its duty, 0 to 65535. Refused outside the calibrated range.
        """
        return self._ask("analog_write", channel, round(voltage_v * 1000))[0]

    def calibrate_analog(self, channel: int, points: list[tuple[int, float]]) -> None:
        """
        Calibration points of an analog output: (duty, volt), at least two.
        """
        self._ask("analog_points", channel, rest=_points(points))

    def read_adc(self, channel: int, samples: int = 16) -> AnalogReading:
        """
        Reads an analog input; `samples` is 1 to 1000.
        """
        mean, least, greatest, millivolt, ticks_us = self._ask("adc_read", channel, samples)
        return AnalogReading(mean=mean, least=least, greatest=greatest, voltage_v=millivolt / 1000, ticks_us=ticks_us)

    def calibrate_adc(self, channel: int, points: list[tuple[int, float]]) -> None:
        """
        Calibration points of an analog input: (raw, volt at the rail), at least two.
        """
        self._ask("adc_points", channel, rest=_points(points))

    def restart(self, *, into_repl: bool = False) -> None:
        """
        Puts everything to safety and resets the board; in its REPL it stays for mpremote until the next reset.
        """
        # A port that goes down with the board may take the answer along.
        with suppress(BoardSilent, BoardLost):
            self._ask("repl" if into_repl else "reset")

    def event(self, timeout_s: float) -> BoardEvent | None:
        """
        The oldest unsolicited event, or None if none comes within `timeout_s`.
        """
        message = self._channel.event(timeout_s)
        return None if message is None else read_event(message)

    def events_until(self, wanted: type[BoardEvent], timeout_s: float) -> list[BoardEvent]:
        """
        Events up to the first `wanted` one, which is the last in the list.

        Raises:
            BoardSilent: it did not come in time.
        """
        seen: list[BoardEvent] = []
        deadline_ns = time.monotonic_ns() + round(timeout_s * 1e9)
        while (left_ns := deadline_ns - time.monotonic_ns()) > 0:
            event = self.event(left_ns / 1e9)
            if event is None:
                break
            seen.append(event)
            if isinstance(event, wanted):
                return seen
        raise BoardSilent(f"no {wanted.__name__} within {timeout_s:g} s; saw {seen}")

    def _ask(self, name: str, *values: int, rest: bytes = b"") -> tuple[int, ...]:
        payload = protocol.pack(name, *values, rest=rest)
        reply = self._channel.request(name, payload, timeout_s=self._timeout_s)
        return protocol.unpack(protocol.OPS[name].reply, reply.payload)[0]


def _points(points: list[tuple[int, float]]) -> bytes:
    return b"".join(raw.to_bytes(2, "little") + round(volt * 1000).to_bytes(2, "little") for raw, volt in points)
