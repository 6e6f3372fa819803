"""
The INA226 power monitor, register by register.

Sources: Texas Instruments, INA226 datasheet (SBOS547B), sections 6.5 (electrical characteristics), 7.4 (functional
modes) and 7.6 (register maps).
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from random import Random

from ..clock import now_ns
from ..model.world import ChipSpec
from .rail import Rail

# The register pointer's addresses.
CONFIGURATION, SHUNT, BUS, POWER, CURRENT, CALIBRATION, MASK_ENABLE, ALERT_LIMIT = range(8)
MANUFACTURER_ID, DIE_ID = 0xFE, 0xFF
_IDS = {MANUFACTURER_ID: 0x5449, DIE_ID: 0x2260}
_WRITABLE = {CONFIGURATION: 0xFFFF, CALIBRATION: 0x7FFF, MASK_ENABLE: 0xFC03, ALERT_LIMIT: 0xFFFF}

# Configuration register (00h): averages, conversion times in nanoseconds, power-on content.
_RST = 0x8000
_POWER_ON = 0x4127
_AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
_CONVERSION_NS = (140_000, 204_000, 332_000, 588_000, 1_100_000, 2_116_000, 4_156_000, 8_244_000)

# Mask/Enable register (06h).
_AFF, _CVRF, _OVF = 1 << 4, 1 << 3, 1 << 2
_SOL, _SUL, _BOL, _BUL, _POL = (1 << bit for bit in (15, 14, 13, 12, 11))

_SHUNT_LSB_V = 2.5e-6
_BUS_LSB_V = 1.25e-3
_SUPPLY_MIN_V = 2.7


class INA226:
    """
    One chip on a rail. It converts by itself, by its own clock; its registers hold the last completed conversion.

    What happened since the last transaction is worked out at the next one, so that an idle chip costs nothing.
    """

    window: tuple[int, int] | None
    """From the start to the end of the conversion that the registers hold (nanoseconds); None when they hold none."""

    def __init__(self, spec: ChipSpec, rail: Rail, rng: Random) -> None:
        self._spec = spec
        self._rail = rail
        self._clock = rng.uniform(1 - spec.clock_ratio, 1 + spec.clock_ratio)
        self._seen_ns = now_ns()
        self._power_on(self._seen_ns)

    def read(self, register: int, length: int) -> bytes:
        """
        Reads a register. Raises OSError when the chip does not acknowledge.
        """
        self._acknowledge()
        value = _IDS.get(register, self._registers.get(register, 0))
        if register == MASK_ENABLE:
            # Reading this register clears the conversion ready flag.
            self._registers[MASK_ENABLE] &= ~_CVRF
        # The pointer stays where it is: a longer read gives the same register again.
        return (value.to_bytes(2, "big") * (length // 2 + 1))[:length]

    def write(self, register: int, data: bytes) -> None:
        """
        Writes a register; what is not two bytes, or goes to a read-only register, is lost.

        Raises OSError when the chip does not acknowledge.
        """
        self._acknowledge()
        if len(data) != 2 or register not in _WRITABLE:
            return
        value = int.from_bytes(data, "big")
        if register == CONFIGURATION and value & _RST:
            self._power_on(now_ns())
            return
        kept = self._registers[register] & ~_WRITABLE[register] & 0xFFFF
        self._registers[register] = kept | value & _WRITABLE[register]
        if register == CONFIGURATION:
            # A write to the configuration starts anew, and clears the conversion ready flag, but for a power-down.
            self._start(now_ns())
            if value & 0b011:
                self._registers[MASK_ENABLE] &= ~_CVRF

    def reset(self) -> None:
        """
        Loses every register's content, as at power-on.
        """
        self._power_on(now_ns())

    def catch_up(self) -> int:
        """
        Does what the chip did by itself until now. Returns from which moment on it still needs its rail's past.
        """
        at_ns = now_ns()
        if self._spec.defect == "resets":
            rises = [edge[0] for edge in self._rail.crossings(_SUPPLY_MIN_V, self._seen_ns) if edge[1]]
            if rises:
                self._power_on(rises[-1])
        self._seen_ns = at_ns
        period_ns = self._averages * (self._shunt_ns + self._bus_ns)
        self._convert(at_ns, period_ns)
        is_idle = not period_ns or (self._is_triggered and self._converted)
        # Else a conversion is under way, and has been from its start.
        return at_ns if is_idle else self._start_ns + self._converted * period_ns

    def _acknowledge(self) -> None:
        if self._spec.defect == "dead":
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        self.catch_up()
        if self._spec.defect == "resets" and self._rail.voltage_v(now_ns()) < _SUPPLY_MIN_V:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")

    def _power_on(self, at_ns: int) -> None:
        self._registers = dict.fromkeys(range(8), 0)
        self._registers[CONFIGURATION] = _POWER_ON
        self.window = None
        self._start(at_ns)

    def _start(self, at_ns: int) -> None:
        """
        Begins to convert as the configuration says; nothing is converted yet.
        """
        config = self._registers[CONFIGURATION]
        mode = 0 if self._spec.defect == "sleeping" else config & 0b111
        self._averages = _AVERAGES[config >> 9 & 0b111]
        self._shunt_ns = round(_CONVERSION_NS[config >> 3 & 0b111] * self._clock) if mode & 0b001 else 0
        self._bus_ns = round(_CONVERSION_NS[config >> 6 & 0b111] * self._clock) if mode & 0b010 else 0
        self._is_triggered = not mode & 0b100
        self._start_ns = at_ns
        self._converted = 0

    def _convert(self, at_ns: int, period_ns: int) -> None:
        completed = (at_ns - self._start_ns) // period_ns if period_ns else 0
        if self._is_triggered:
            completed = min(completed, 1)
        if completed <= self._converted:
            return
        self._converted = completed
        end_ns = self._start_ns + completed * period_ns
        self.window = (end_ns - period_ns, end_ns)
        if self._shunt_ns:
            shunt_v = self._mean(self._rail.mean_a, 0, self._shunt_ns) * self._spec.shunt_ohm
            self._registers[SHUNT] = _clipped(shunt_v / _SHUNT_LSB_V, -0x8000) & 0xFFFF
        if self._bus_ns:
            bus_v = self._mean(self._rail.mean_v, self._shunt_ns, self._bus_ns)
            self._registers[BUS] = _clipped(bus_v / _BUS_LSB_V, 0)
        self._multiply()

    def _mean(self, mean: Callable[[int, int], float], offset_ns: int, length_ns: int) -> float:
        """
        The average over the turns of one input; shunt and bus take turns, once for each average.
        """
        assert self.window is not None
        turns = range(self.window[0] + offset_ns, self.window[1], self._shunt_ns + self._bus_ns)
        return sum(mean(turn, turn + length_ns) for turn in turns) / len(turns)

    def _multiply(self) -> None:
        """
        Current, power and the flags, from what was converted.
        """
        registers = self._registers
        current = _signed(registers[SHUNT]) * registers[CALIBRATION] // 2048
        power = abs(current) * registers[BUS] // 20_000
        overflows = not -0x8000 <= current <= 0x7FFF or power > 0xFFFF
        registers[CURRENT] = current & 0xFFFF
        registers[POWER] = power & 0xFFFF
        flags = registers[MASK_ENABLE] & ~(_AFF | _OVF) | _CVRF
        registers[MASK_ENABLE] = flags | (_OVF if overflows else 0) | (_AFF if self._alerts() else 0)

    def _alerts(self) -> bool:
        """
        Whether the enabled alert function (the highest bit wins) is past its limit.
        """
        mask, limit = self._registers[MASK_ENABLE], self._registers[ALERT_LIMIT]
        shunt, bus, power = _signed(self._registers[SHUNT]), self._registers[BUS], self._registers[POWER]
        tests = (
            (_SOL, shunt > _signed(limit)),
            (_SUL, shunt < _signed(limit)),
            (_BOL, bus > limit),
            (_BUL, bus < limit),
            (_POL, power > limit),
        )
        return next((past for function, past in tests if mask & function), False)


def _clipped(value: float, lowest: int) -> int:
    return max(lowest, min(0x7FFF, round(value)))


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word
