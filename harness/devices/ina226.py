"""
The INA226 power monitor: a rail's voltage and current over I2C.

Sources: Texas Instruments, INA226 datasheet (SBOS547B), section 6.5 (electrical characteristics) and 7.6 (registers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import anyio

from ..clock import NS_PER_S, now_ns
from ..errors import DeviceError
from ..model.instant import Instant
from ..model.reading import Flag, Reading
from ..protocols import Wiring
from ._io import Blocking

_CONFIGURATION, _SHUNT, _BUS, _CALIBRATION, _MASK_ENABLE = 0x00, 0x01, 0x02, 0x05, 0x06
_MANUFACTURER_ID, _DIE_ID = 0xFE, 0xFF
_TI, _DIE, _DIE_REVISION = 0x5449, 0x2260, 0x000F

# Configuration register (00h): averages and conversion times by their codes; bit 14 reads as 1; both, continuously.
_AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
_CONVERSIONS_S = (140e-6, 204e-6, 332e-6, 588e-6, 1.1e-3, 2.116e-3, 4.156e-3, 8.244e-3)
_FIXED, _CONTINUOUS = 0x4000, 0b111

# Mask/Enable register (06h). CNVR is ours: a chip that was reset has lost it. CVRF is cleared by being read.
_CNVR, _CVRF, _OVF = 1 << 10, 1 << 3, 1 << 2

_BUS_LSB_V, _SHUNT_LSB_V = 1.25e-3, 2.5e-6
_SHUNT_MAX_V = 0.08192
_FULL_SCALE = (0x7FFF, -0x8000)
_CALIBRATION_MAX = 0x7FFF

# Section 6.5: a conversion takes at most 10 % longer than its name says.
_SLOWEST = 1.1
# A chip that converts sets CVRF within one period of its being cleared.
_STALE_PERIODS = 3
_POLLS_PER_PERIOD = 4


class INA226:
    """
    Reads each conversion once, with the interval in which it was averaged.

    Current is taken from the shunt's own register, which needs no calibration: a chip that lost its calibration reads
    0 A in its current register. A chip that was reset is flagged on every reading until `reinitialise`.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Where the chip is, its shunt, and how it converts.

        `conversion` is rounded to the nearest time the chip knows; `average` conversions make one reading. Without a
        `max_current` it is what the chip's ±81.92 mV allow.
        """

        bus: int = 1
        address: int = 0x40
        shunt_ohm: float = 0.1
        max_current_a: float | None = None
        conversion_s: float = 1.1e-3
        average: int = 1

        def __post_init__(self) -> None:
            if self.bus < 0:
                raise ValueError("bus must be a number from 0 up, as in /dev/i2c-1")
            # Datasheet, section 7.5: the pins A1 and A0 choose among 16 addresses.
            if not 0x40 <= self.address <= 0x4F:
                raise ValueError(f"address {self.address:#04x} is none of the INA226's; it has 0x40 to 0x4f")
            if self.shunt_ohm <= 0:
                raise ValueError("shunt must be more than 0")
            if self.average not in _AVERAGES:
                raise ValueError(f"average must be one of {', '.join(map(str, _AVERAGES))}")
            most_a = _SHUNT_MAX_V / self.shunt_ohm
            if self.max_current_a is not None and not 0 < self.max_current_a <= most_a:
                problem = f"max_current must be more than 0 and at most {most_a:.4g} A (±81.92 mV over the shunt)"
                raise ValueError(problem)

        def resources(self) -> tuple[str, ...]:
            """
            The address that it occupies.
            """
            return (f"I2C bus {self.bus} address {self.address:#04x}",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name = name
        self.config = config
        self._wiring = wiring
        self._blocking = Blocking(name)
        self._chip: Any = None
        self._code = min(range(8), key=lambda code: abs(_CONVERSIONS_S[code] - config.conversion_s))
        # Shunt and bus are converted one after the other, each `average` times.
        self.period_s = 2 * _CONVERSIONS_S[self._code] * config.average * _SLOWEST
        self._period_ns = round(self.period_s * NS_PER_S)
        self._cleared_ns = 0
        self._latest: Reading | None = None
        self._was_reset = False

    async def open(self) -> None:
        """
        Finds the chip and sets it up. Raises DeviceError when it is absent, or another part.
        """
        await self._blocking.call(self._open)

    async def aclose(self) -> None:
        """
        Lets go of the chip, which goes on converting; its bus belongs to the wiring.
        """
        self._chip = None

    async def reinitialise(self) -> None:
        """
        Sets the chip up again after a reset was flagged. Raises DeviceError.
        """
        await self._blocking.call(self._set_up)

    async def read(self) -> Reading:
        """
        The rail's next conversion. Waits for one that was not read yet; flags a chip that makes none.

        Raises DeviceError when the meter is not open, never for a chip that does not answer.
        """
        if self._chip is None:
            raise DeviceError(self.name, "is not open")
        called_ns = now_ns()
        while True:
            try:
                reading = await self._blocking.call(self._sample)
            except (OSError, DeviceError):
                # Adapters say ENXIO, EREMOTEIO, EIO or ETIMEDOUT, or hang: no number to go by.
                return self._flagged(Flag.NACK, called_ns)
            if reading is not None:
                return reading
            # Another task may have taken the conversion that this one waits for: it serves both.
            if self._latest is not None and self._latest.at.latest_ns > called_ns:
                return self._latest
            if now_ns() - called_ns > _STALE_PERIODS * self._period_ns:
                return self._flagged(Flag.STALE, called_ns)
            await anyio.sleep(self.period_s / _POLLS_PER_PERIOD)

    def _open(self) -> None:
        bus, address = self.config.bus, self.config.address
        self._chip = self._wiring.i2c_bus(bus)
        try:
            maker, die = self._get(_MANUFACTURER_ID), self._get(_DIE_ID)
        except OSError as error:
            raise DeviceError(
                self.name,
                f"no chip answers at address {address:#04x} of I2C bus {bus} ({error.strerror}); "
                f"look for it with `i2cdetect -y {bus}`, check its wiring, supply and address jumpers",
            ) from error
        if maker != _TI or die & ~_DIE_REVISION != _DIE:
            raise DeviceError(
                self.name,
                f"the chip at address {address:#04x} of I2C bus {bus} is no INA226: it says maker {maker:#06x}, "
                f"die {die:#06x}; check `bus` and `address`",
            )
        self._set_up()

    def _set_up(self) -> None:
        config = self.config
        settings = _FIXED | _AVERAGES.index(config.average) << 9 | self._code << 6 | self._code << 3 | _CONTINUOUS
        max_a = config.max_current_a or _SHUNT_MAX_V / config.shunt_ohm
        # Equations 1 and 2 of the datasheet: the current register's LSB is a 32768th of the greatest current.
        calibration = min(_CALIBRATION_MAX, int(0.00512 * 32768 / (max_a * config.shunt_ohm)))
        try:
            self._cleared_ns = now_ns()
            for register, word in ((_CONFIGURATION, settings), (_CALIBRATION, calibration), (_MASK_ENABLE, _CNVR)):
                self._put(register, word)
            kept = self._get(_CONFIGURATION), self._get(_CALIBRATION)
        except OSError as error:
            raise DeviceError(self.name, f"stopped answering while it was set up ({error.strerror})") from error
        if kept != (settings, calibration):
            raise DeviceError(
                self.name, f"did not keep its settings: {kept[0]:#06x}, {kept[1]:#06x}; is its supply firm?"
            )
        self._latest = None
        self._was_reset = False

    def _sample(self) -> Reading | None:
        """
        The conversion that was not read yet, or None. Raises OSError.
        """
        polled_ns = now_ns()
        mask = self._get(_MASK_ENABLE)
        if self._was_reset or not mask & _CNVR:
            self._was_reset = True
            return self._flagged(Flag.RESET, polled_ns)
        # This conversion was completed after the last one was seen, and is the last that was completed.
        seen_ns, self._cleared_ns = self._cleared_ns, polled_ns
        if not mask & _CVRF:
            return None
        asked_ns = now_ns()
        bus, shunt = self._get(_BUS), _signed(self._get(_SHUNT))
        earliest_ns = max(seen_ns, asked_ns - self._period_ns) - self._period_ns
        at = Instant(earliest_ns, now_ns())
        if mask & _OVF or bus >= _FULL_SCALE[0] or shunt in _FULL_SCALE:
            self._latest = Reading(at, Flag.OVERFLOW)
        else:
            current_a = shunt * _SHUNT_LSB_V / self.config.shunt_ohm
            self._latest = Reading(at, Flag.OK, bus * _BUS_LSB_V, current_a)
        return self._latest

    def _flagged(self, flag: Flag, since_ns: int) -> Reading:
        return Reading(Instant(since_ns, now_ns()), flag)

    def _get(self, register: int) -> int:
        return _swapped(self._chip.read_word_data(self.config.address, register))

    def _put(self, register: int, word: int) -> None:
        self._chip.write_word_data(self.config.address, register, _swapped(word))


def _swapped(word: int) -> int:
    """
    SMBus sends the least significant byte first, the chip the most significant.
    """
    return (word & 0xFF) << 8 | word >> 8


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word
