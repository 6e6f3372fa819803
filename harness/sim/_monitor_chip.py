"""
What the twins of TI's power monitors have in common: registers, an ADC that goes its own way, and what may be wrong.
"""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from random import Random
from typing import ClassVar

from ..clock import NS_PER_S, now_ns, source
from ..model.world import ChipSpec
from ._cycle import Cycle, Slot
from .rail import Rail

# How many times what it is a shunt has that any current saturates, how long a chip goes on that will hang, and how
# many transactions one answers that sometimes does not.
_OPEN_SHUNT = 1000.0
_HANGS_AFTER_NS = NS_PER_S
_ANSWERS = (20, 80)


class MonitorChip(ABC):
    """
    One chip on its rails. It converts by itself, by its own clock; its registers hold the last completed conversion.

    What happened since the last transaction is worked out at the next one, so that an idle chip costs nothing.
    """

    channels = 1
    """How many rails it can watch."""

    supply_min_v = 2.7
    """Below this a chip that is fed by the rail it watches loses its registers, in volts."""

    power_on: ClassVar[Mapping[int, int]]
    """Its registers, and what is in them at power-on; those that are always 0 need not be listed."""

    writable: ClassVar[Mapping[int, int]]
    """Which bits of which registers can be written."""

    widths: ClassVar[Mapping[int, int]] = {}
    """How many bytes a register has, where it is not two."""

    calibration: int | None = None
    """The register that scales the current, if there is one."""

    window: tuple[int, int] | None
    """From the start to the end of the conversion that the registers hold (nanoseconds); None when they hold none."""

    def __init__(self, spec: ChipSpec, rails: Sequence[Rail | None], rng: Random) -> None:
        self.spec = spec
        self._rails = rails
        self._rng = rng
        self._clock = rng.uniform(1 - spec.clock_ratio, 1 + spec.clock_ratio)
        self._gain = {"reversed": -1.0, "overflow": _OPEN_SHUNT}.get(spec.defect, 1.0)
        self._is_swapped = spec.defect == "little_endian"
        self._answers = rng.randint(*_ANSWERS) if spec.defect == "nack" else 0
        self._now_ns = source()
        self._seen_ns = self._now_ns()
        self._power_on(self._seen_ns)

    # --- what a chip does in its own way ---

    @abstractmethod
    def _cycle(self) -> Cycle:
        """
        What it converts, as its configuration says.
        """

    @abstractmethod
    def _store(self, slot: Slot, value: float) -> None:
        """
        Puts what was converted into its register: volts on the bus, or amperes through the shunt.
        """

    @abstractmethod
    def _conclude(self) -> None:
        """
        Does what follows a conversion: the current by the calibration, power, flags.
        """

    @abstractmethod
    def _was_read(self, register: int) -> None:
        """
        Clears what reading a register clears.
        """

    @abstractmethod
    def _was_written(self, register: int, value: int, before: int) -> None:
        """
        Does what writing a value to a register starts; `before` is what was in it.
        """

    # --- what all of them do ---

    def read(self, register: int, length: int) -> bytes:
        """
        Reads a register. Raises OSError when the chip does not acknowledge.
        """
        self._acknowledge()
        width = self.widths.get(register, 2)
        data = self._registers.get(register, 0).to_bytes(width, "little" if self._is_swapped else "big")
        self._was_read(register)
        # The pointer stays where it is: a longer read gives the same register again.
        return data if length == width else (data * (length // width + 1))[:length]

    def write(self, register: int, data: bytes) -> None:
        """
        Writes a register; what is not two bytes, or goes to a read-only register, is lost.

        Raises OSError when the chip does not acknowledge.
        """
        self._acknowledge()
        if len(data) != 2 or register not in self.writable:
            return
        value, mask = int.from_bytes(data, "little" if self._is_swapped else "big"), self.writable[register]
        if register == self.calibration and self.spec.defect == "saturated":
            value = mask
        before = self._registers[register]
        self._registers[register] = before & ~mask | value & mask
        self._was_written(register, value, before)

    def reset(self) -> None:
        """
        Loses every register's content, as at power-on.
        """
        self._power_on(now_ns())

    def catch_up(self) -> int:
        """
        Does what the chip did by itself until now. Returns from which moment on it still needs its rail's past.
        """
        at_ns, feed = now_ns(), self._rails[0]
        if self.spec.defect == "resets" and feed is not None:
            rises = [edge[0] for edge in feed.crossings(self.supply_min_v, self._seen_ns) if edge[1]]
            if rises:
                self._power_on(rises[-1])
        self._seen_ns = at_ns
        hangs_ns = self._on_ns + _HANGS_AFTER_NS
        hangs = self.spec.defect == "stale" and at_ns > hangs_ns
        self._convert(hangs_ns if hangs else at_ns)
        cycle = self._runs
        is_idle = hangs or not cycle.period_ns or (cycle.is_triggered and self._converted)
        # Else a conversion is under way, and has been from its start.
        return at_ns if is_idle else self._start_ns + self._converted * cycle.period_ns

    def _acknowledge(self) -> None:
        defect, feed = self.spec.defect, self._rails[0]
        if defect == "none":  # nothing happens but conversions
            self._seen_ns = self._now_ns()
            self._convert(self._seen_ns)
            return
        self.catch_up()
        is_dark = defect == "resets" and feed is not None and feed.voltage_v(now_ns()) < self.supply_min_v
        if defect == "nack":
            self._answers -= 1
            if self._answers < 0:
                self._answers = self._rng.randint(*_ANSWERS)
                is_dark = True
        if is_dark or defect == "dead":
            raise OSError(errno.EREMOTEIO, "Remote I/O error")

    def _power_on(self, at_ns: int) -> None:
        self._registers = dict.fromkeys(self.writable, 0) | dict(self.power_on)
        self._on_ns = at_ns
        self.window = None
        self._start(at_ns)

    def _start(self, at_ns: int) -> None:
        """
        Begins to convert as the configuration says; nothing is converted yet.
        """
        self._runs = Cycle() if self.spec.defect == "sleeping" else self._cycle()
        self._start_ns = at_ns
        self._converted = 0

    def _convert(self, until_ns: int) -> None:
        cycle = self._runs
        period_ns = cycle.period_ns
        completed = (until_ns - self._start_ns) // period_ns if period_ns else 0
        if cycle.is_triggered:
            completed = min(completed, 1)
        if completed <= self._converted:
            return
        self._converted = completed
        end_ns = self._start_ns + completed * period_ns
        self.window = (end_ns - period_ns, end_ns)
        for index, slot in enumerate(cycle.slots):
            self._store(slot, self._mean(index, slot))
        self._conclude()

    def _mean(self, index: int, slot: Slot) -> float:
        """
        Volts on the bus, or amperes through the shunt, as they come to the ADC.
        """
        rail = self._rails[slot.channel] if slot.channel < len(self._rails) else None
        if rail is None:
            return 0.0
        assert self.window is not None
        if not slot.is_bus:
            return self._gain * self._runs.mean(index, self.window, rail.mean_a)
        if self.spec.defect == "upstream":
            return rail.spec.supply_v
        return self._runs.mean(index, self.window, rail.mean_v)


def clipped(value: float, bits: int) -> int:
    """
    A value in two's complement of so many bits, at its end where it is beyond it; still with its sign.
    """
    return max(-1 << (bits - 1), min((1 << (bits - 1)) - 1, round(value)))


def signed(word: int, bits: int = 16) -> int:
    """
    A register's content in two's complement.
    """
    return word - (1 << bits) if word >> (bits - 1) else word
