"""
What a part of the bench can be asked: to feed a DUT or to starve it, to measure it, to lie to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from ..model.instant import Instant
from ..model.reading import Reading
from ..model.train import Train


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

    async def read(self, after_ns: int | None = None) -> Reading:
        """
        The rail now: fresh, or flagged. Never raises for a chip that does not answer: the flag says so.

        Of a meter that is sampled anyway, the first reading that was complete after `after_ns` (nanoseconds, by default
        the call), so that whoever asks with the last one's end misses none; any other makes a new one.
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


@runtime_checkable
class TrainLine(ResetLine, Protocol):
    """
    A reset line that can make several pulses, and wait for edges of its own inputs, without the host in between.
    """

    async def train(self, train: Train, within_s: float) -> tuple[Instant, Instant]:
        """
        Makes the pulses, the first within `within_s` if they wait for an edge. Returns when the first one began and
        when the last one ended. Raises DeviceError.
        """
