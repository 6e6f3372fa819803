"""
What a device, a fault and a probe can be asked. Faults and probes ask these, and never know which device answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from .model.event import Event
from .model.instant import Instant, Span
from .model.reading import Reading
from .model.rig import DutSpec, RigSpec
from .model.undo import Undo

Listener = Callable[[Event], None]
T = TypeVar("T")


class NoAnswer(Exception):
    """
    The DUT did not answer, or not in a way that can be understood: data about the DUT, never an error of the bench.
    """


# --- devices ---------------------------------------------------------------------------------------------------------


@runtime_checkable
class Device(Protocol):
    """
    A part of the bench. Opened before it is used and closed after; opening alone changes nothing on the DUT.
    """

    name: str

    async def open(self) -> None:
        """
        Takes hold of the part, at its safe level. Raises DeviceError when it is not there.
        """

    async def aclose(self) -> None:
        """
        Lets go of it, without moving an output.
        """


@runtime_checkable
class Output(Device, Protocol):
    """
    A device that can hurt the DUT, and so has a safe state.
    """

    async def make_safe(self) -> None:
        """
        Puts every output to its safe level. Raises DeviceError when that did not work.
        """

    async def undo(self, action: str) -> None:
        """
        Carries out the `action` of an `Undo` record. Raises DeviceError.
        """


@runtime_checkable
class PowerSwitch(Output, Protocol):
    """
    Feeds a DUT, or starves it.
    """

    chatter_s: float
    """How long its contact may chatter after a stroke, at most, in seconds."""

    min_on_s: float
    """The least it must feed before it may be cut, in seconds."""

    min_off_s: float
    """The least it must starve before it may be fed again, in seconds; a restore does not wait for it."""

    min_pulse_s: float
    """The shortest interruption that it can make honestly, in seconds."""

    cycles_per_hour: int
    """How often it may be cycled in an hour."""

    async def on(self) -> Instant:
        """
        Feeds the DUT. Returns the instant from call to return. Raises DeviceError.
        """

    async def off(self) -> Instant:
        """
        Starves the DUT. Returns the instant from call to return. Raises DeviceError.
        """

    async def is_on(self) -> bool | None:
        """
        What the switch's own output says; None is not known.
        """


@runtime_checkable
class PowerMeter(Device, Protocol):
    """
    Measures a rail.
    """

    period_s: float
    """How long one reading takes to become fresh, in seconds."""

    async def read(self) -> Reading:
        """
        The rail now: fresh, or flagged. Never raises for a chip that does not answer: the flag says so.
        """


@runtime_checkable
class PulseSwitch(PowerSwitch, Protocol):
    """
    A power switch that can time an interruption by itself, in hardware.
    """

    async def interrupt(self, off_s: float) -> tuple[Instant, Instant]:
        """
        Starves the DUT for `off_s` seconds and feeds it again, without the host in between. Returns when it went off
        and when on. Raises DeviceError.
        """


@runtime_checkable
class Battery(Output, Protocol):
    """
    A battery that the DUT believes in: a fuel gauge on its I2C bus, or a voltage on its ADC. Safe is full and honest.
    """

    cannot: Mapping[str, str]
    """The lies that it cannot tell, each with the reason."""

    async def set_level(self, percent: float) -> Instant:
        """
        Shows the DUT a state of charge (percent). Raises DeviceError.
        """

    async def misbehave(self, fault: str, *, level_percent: float | None = None, seed: int = 0) -> Instant:
        """
        Makes the gauge lie: `stuck`, `jump`, `drift`, `garbage`, `nack`, or `none`. Raises UsageError for a lie that
        this gauge cannot tell, with the reason; DeviceError.
        """


@runtime_checkable
class ResetLine(Output, Protocol):
    """
    A DUT's reset input. Safe is released.
    """

    min_pulse_s: float
    """The shortest pulse that it can make, in seconds."""

    async def pulse(self, width_s: float) -> tuple[Instant, Instant]:
        """
        Holds the DUT in reset for `width_s` seconds. Returns when it was pulled and when released. Raises DeviceError.
        """


class HttpAnswer(NamedTuple):
    """
    An HTTP status and body.
    """

    status: int
    body: bytes


@runtime_checkable
class HttpService(Device, Protocol):
    """
    A service of the DUT that speaks HTTP.
    """

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """
        One request over a fresh connection. Raises NoAnswer. The caller sets the deadline.
        """


@runtime_checkable
class TcpService(Device, Protocol):
    """
    A service of the DUT that accepts TCP connections.
    """

    async def connect(self) -> None:
        """
        Connects and hangs up. Raises NoAnswer. The caller sets the deadline.
        """


# --- what assembles them ---------------------------------------------------------------------------------------------


class Wiring(Protocol):
    """
    What a device may ask of the rig it is built into.
    """

    rig: RigSpec

    def pin_factory(self) -> Any:
        """
        The rig's gpiozero pin factory. Raises UsageError when the rig names none, BenchError when it cannot be had.
        """

    def i2c_bus(self, number: int) -> Any:
        """
        An smbus2-shaped bus. Raises UsageError when the rig names no driver, BenchError when it cannot be had.
        """

    def device(self, name: str) -> Any:
        """
        Another device of the rig, for one that is a part of it. Raises UsageError, naming the nearest there is.
        """

    def serial_port(self, port: str) -> str:
        """
        The path to open for a serial port: as given on hardware, the played board's pty in the lab.
        """

    def board(self, name: str) -> Any:
        """
        The channel to a board that is played in virtual time. Raises UsageError elsewhere.
        """

    def resolve(self, host: str, port: int) -> tuple[str, int]:
        """
        Where to connect for a DUT's host and port: the same on hardware, the played unit's address in the lab.
        """

    def unit(self, host: str) -> Any:
        """
        The model of a DUT in virtual time. Raises UsageError elsewhere.
        """


class Roles(Protocol):
    """
    Whom a drill's role names mean on this rig.
    """

    def get(self, role: str, protocol: type[T]) -> T:
        """
        The device in `role`. Raises UsageError when there is none, or when it is not a `protocol`.
        """

    def dut(self, role: str) -> DutSpec:
        """
        The DUT that `role` belongs to.
        """

    def sibling(self, role: str, name: str) -> str:
        """
        The role `name` of the same DUT as `role`.
        """


# --- faults and probes -----------------------------------------------------------------------------------------------


class Strike(Protocol):
    """
    A fault that is being done to the DUT.
    """

    commanded: Instant
    """When it was commanded."""

    removal_commanded: Instant | None
    """When its removal was commanded; set on leaving."""

    hold_up: Span | None
    """From the rail's leaving 90 % to its brown-out, where a meter saw both."""

    async def effective(self) -> Instant:
        """
        Waits until a sensor has shown the effect; ends only by that, or by being cancelled.
        """

    def why_not(self) -> str:
        """
        What was seen instead, when the effect was not shown in time.
        """

    async def last(self) -> None:
        """
        Lets the fault last as long as it was asked to.
        """

    async def removed(self) -> Instant:
        """
        After leaving: waits until a sensor has shown that it is gone. Raises NotProven when it never will.
        """


class Fault(Protocol):
    """
    Something that can be done to a DUT, and undone. Built as `Kind(spec, roles)`.
    """

    expects_loss: bool
    """Whether the steady state is expected to be lost."""

    undo: tuple[Undo, ...]
    """What undoes it, known before anything is done."""

    strikes: tuple[tuple[str, float, int], ...]
    """For the guard: device, the shortest off-time in seconds, number of strokes."""

    levels_v: tuple[float, float]
    """The rail's levels (volts) below which it is effective and above which it is removed; zeros for no rail."""

    def plan(self) -> list[tuple[float, str]]:
        """
        What it would switch, for a dry run: seconds after its start, and a sentence.
        """

    def inject(self) -> AbstractAsyncContextManager[Strike]:
        """
        Entering injects, leaving restores, insisting, whatever happens in between.
        """


class Probe(Protocol):
    """
    One question about the DUT. Built as `Kind(spec, roles)`.
    """

    async def ask(self) -> bool:
        """
        Asks once; True is well. Raises NoAnswer, which is unwell. The engine sets the deadline.
        """

    def accepts(self, sample: Any) -> bool:
        """
        Whether one sample of what it watches (an HttpAnswer, a Reading, None for silence) is well.
        """

    def measured(self) -> dict[str, float]:
        """
        What criteria may name, as it stands now: name to number.
        """
