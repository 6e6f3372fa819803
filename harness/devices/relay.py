"""
A mechanical relay on a GPIO line, through any of gpiozero's pin factories.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from gpiozero import OutputDevice

from ..clock import now_ns
from ..errors import CrashbenchError, DeviceError, Refused
from ..model.instant import Instant
from ..model.rig import Released
from ..protocols import Wiring
from ._io import Blocking

T = TypeVar("T")


class Relay:
    """
    Feeds a DUT through a contact. On a normally closed one (`nc`) a bench without power leaves the DUT fed.

    Closing it does not move the line, where the pin factory allows that: `gpiochip`, `lab` and `sim` do; gpiozero's
    own switch a closed line to input, so that it falls to its pull, as some kernels do with every line that is let go.
    There only a released relay stays as it is: one that must be energised for its safe level cannot be opened.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        How the relay is wired, and what it can do; the defaults are of the common 5 V boards with SRD-05VDC relays.

        `safe` is where the DUT is left when nobody cares for it. `min_pulse` is its shortest honest interruption.
        """

        pin: int
        contact: Literal["nc", "no"] = "nc"
        active_low: bool = True
        safe: Literal["on", "off"] = "on"
        # Hobbyists measured 7 ms to 12 ms from the edge to the contact; a data sheet says 10 ms at most.
        operate_s: float = 0.015
        chatter_s: float = 0.002
        min_on_s: float = 0.0
        min_off_s: float = 0.0
        min_pulse_s: float = 0.020
        # Songle SRD data sheet: 30 operations a minute and 100 000 in all, at rated load.
        cycles_per_hour: int = 1800
        contact_life: int = 100_000

        def __post_init__(self) -> None:
            if self.pin < 0:
                raise ValueError("pin must be a line's number, from 0 up")
            times = (self.operate_s, self.chatter_s, self.min_on_s, self.min_off_s, self.min_pulse_s)
            if min(times) < 0:
                raise ValueError("operate, chatter, min_on, min_off and min_pulse must not be negative")
            if min(self.cycles_per_hour, self.contact_life) < 1:
                raise ValueError("cycles_per_hour and contact_life must be at least 1")

        def resources(self) -> tuple[str, ...]:
            """
            The line that it occupies.
            """
            return (f"pin {self.pin}",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name = name
        self.config = config
        self.operate_s = config.operate_s
        self.chatter_s = config.chatter_s
        self.min_on_s = config.min_on_s
        self.min_off_s = config.min_off_s
        self.min_pulse_s = config.min_pulse_s
        self.cycles_per_hour = config.cycles_per_hour
        self.contact_life = config.contact_life
        self.is_held = self._energised(config.safe == "on")
        """Whether its coil is energised at its safe level, so that opening it is a stroke."""
        self._wiring = wiring
        self._blocking = Blocking(name)
        self._output: OutputDevice | None = None
        self._released_lines: Released = "unknown"

    @property
    def stays_on(self) -> bool:
        """
        Whether it still feeds when nobody drives its line any more.
        """
        return self._stays(True)

    @property
    def stays_off(self) -> bool:
        """
        Whether it still starves when nobody drives its line any more.
        """
        return self._stays(False)

    async def open(self) -> None:
        """
        Takes the line, straight at its safe level. Raises DeviceError when it cannot be had, Refused when that level
        would end with this program.
        """
        await self._blocking.call(self._try, "cannot be opened", self._open)

    async def aclose(self) -> None:
        """
        Lets go of the line as it is.
        """
        if self._output is not None:
            await self._blocking.call(self._try, "cannot be closed", self._output.close)
            self._output = None

    async def on(self) -> Instant:
        """
        Feeds the DUT. Raises DeviceError.
        """
        return await self._blocking.call(self._try, "cannot be switched on", self._write, True)

    async def off(self) -> Instant:
        """
        Starves the DUT. Raises DeviceError.
        """
        return await self._blocking.call(self._try, "cannot be switched off", self._write, False)

    async def is_on(self) -> bool | None:
        """
        Whether the line is at the level that feeds the DUT; None while the relay is not open, or cannot be read.
        """
        if self._output is None:
            return None
        try:
            return await self._blocking.call(self._try, "cannot be read", self._read)
        except DeviceError:
            return None

    async def is_wired(self) -> bool | None:
        """
        Whether anything hangs on its line: one that nothing holds goes where it is pulled. The coil is released for a
        moment. None where the line's pull cannot be set.
        """
        try:
            return await self._blocking.call(self._try, "cannot be sensed", self._sense)
        except DeviceError:
            return None

    def why_not_left(self, released_lines: Released) -> str:
        """
        Why nobody could leave it at its safe level, on lines that do that when they are let go; empty when one can.
        """
        if released_lines == "persist" or not self.is_held:
            return ""
        falls = {
            "strict": "falls to its pull here as soon as no program drives it",
            "unknown": "may fall to its pull as soon as no program drives it (once you have seen that it does not, say "
            '`released_lines = "persist"` in [gpio])',
        }
        state, other = ("starved", "nc") if self.config.safe == "on" else ("fed", "no")
        return (
            f"pin {self.config.pin} {falls[released_lines]}, and would leave the DUT {state}; wire the other "
            f'contact of the relay, and say `contact = "{other}"`'
        )

    async def make_safe(self) -> None:
        """
        Goes to the safe state. Raises DeviceError.
        """
        await (self.on() if self.config.safe == "on" else self.off())

    async def undo(self, action: str) -> None:
        """
        Does `on` or `off`. Raises DeviceError, also for an action that a relay does not know.
        """
        if action not in ("on", "off"):
            raise DeviceError(self.name, f"cannot undo by '{action}': a relay knows 'on' and 'off'")
        await (self.on() if action == "on" else self.off())

    def _open(self) -> None:
        factory = self._wiring.pin_factory()
        # Who does not say is taken for one of gpiozero's own, which make an input of a line that is closed.
        self._released_lines = getattr(factory, "released_lines", "strict")
        if why_not := self.why_not_left(self._released_lines):
            raise Refused(f"{self.name}: {why_not}")
        self._output = OutputDevice(
            self.config.pin,
            active_high=not self.config.active_low,
            initial_value=self._energised(self.config.safe == "on"),
            pin_factory=factory,
        )
        self._check(self.config.safe == "on")

    def _sense(self) -> bool:
        pin, level = self._opened().pin, self._opened().pin.state
        try:
            pin.function = "input"
            followed = []
            for pull, goes_to in (("up", 1), ("down", 0)):
                pin.pull = pull
                followed.append(int(pin.state) == goes_to)
            pin.pull = "floating"
        finally:
            pin.output_with_state(level)
        return not all(followed)

    def _write(self, on: bool) -> Instant:
        output = self._opened()
        called_ns = now_ns()
        output.value = self._energised(on)
        returned_ns = now_ns()
        self._check(on)
        return Instant(called_ns, returned_ns)

    def _check(self, on: bool) -> None:
        if self._read() != on:
            level = "low" if self._energised(on) == self.config.active_low else "high"
            raise DeviceError(self.name, f"pin {self.config.pin} was driven {level}, and does not read so")

    def _read(self) -> bool:
        return self._energised(True) == bool(self._opened().value)

    def _energised(self, on: bool) -> bool:
        """
        Whether the coil is energised while the DUT is fed (`on`) or starved.
        """
        return on == (self.config.contact == "no")

    def _stays(self, on: bool) -> bool:
        return self._released_lines == "persist" or not self._energised(on)

    def _opened(self) -> OutputDevice:
        if self._output is None:
            raise DeviceError(self.name, "is not open")
        return self._output

    def _try(self, problem: str, call: Callable[..., T], *args: bool) -> T:
        """
        What `call(*args)` returns. Raises DeviceError for whatever a pin library raises.
        """
        try:
            return call(*args)
        except CrashbenchError:
            raise
        except Exception as error:  # each pin library has exceptions of its own, without a common base
            raise DeviceError(self.name, f"pin {self.config.pin} {problem}: {error}") from error
