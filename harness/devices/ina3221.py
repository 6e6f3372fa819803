"""
The INA3221 power monitor: three rails with one chip. Each of its channels is a device of its own.

Sources: Texas Instruments, INA3221 datasheet (SBOS576B), sections 7.5 (electrical characteristics), 8.4.2 (channels,
averaging and conversion times) and 8.6.2 (registers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from ..clock import now_ns
from ..errors import UsageError
from ..model.trace import Sample, Scale
from ..protocols import Wiring
from ._ina_checks import check_place, check_shunt
from ._ina_timing import check_average, pair_s, timing_bits
from ._monitor import OK, OVERFLOW, RESET, WORD_CLOCKS, I2CPlace, Monitor, Setting, Taken
from ._words import signed

# Channel n has its shunt's voltage at 2n - 1 and its bus voltage at 2n; bit 15 - n of the configuration enables it.
_CONFIGURATION, _MASK_ENABLE = 0x00, 0x0F
_MANUFACTURER_ID, _DIE_ID, _DIE = 0xFE, 0xFF, 0x3220

# Mask/Enable (0Fh). SCC1 is ours: it lets channel 1 into a sum that nobody asks for, and a chip that was reset has
# lost it. CVRF says that every enabled channel was converted; reading this register clears it.
_SCC1, _CVRF = 1 << 14, 1 << 0
_FLAGS = 0x03FF

# Thirteen bits with their sign, in bits 15 to 3.
_SHIFT, _BITS = 3, 13
_ENDS = (0x0FFF, -0x1000)
_BUS_LSB_V, _SHUNT_LSB_V = 8e-3, 40e-6


class _Chip:
    """
    One chip: the devices that are its channels.
    """

    def __init__(self) -> None:
        self.channels: dict[int, INA3221] = {}


# By wiring, bus and address. A chip is held by its channels alone, and they hold the wiring: its id is not used again
# while the chip is known.
_chips: WeakValueDictionary[tuple[int, int, int], _Chip] = WeakValueDictionary()


class INA3221(Monitor):
    """
    Up to 26 V in steps of 8 mV; ±163.8 mV over the shunt in steps of 40 µV.

    One flag says that all channels were converted, and is gone when it was read: whoever sees it reads every channel,
    and leaves the others theirs. The chip is set up once, for all channels of the rig.
    """

    config: Config

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(I2CPlace):
        """
        Where the chip is, which of its channels (1 to 3) this is, the channel's shunt, and how the chip converts.

        `conversion` is rounded to the nearest time the chip knows; `average` conversions make one reading. Both must
        be the same for all channels of a chip.
        """

        channel: int = 1
        shunt_ohm: float = 0.1
        conversion_s: float = 1.1e-3
        average: int = 1

        def __post_init__(self) -> None:
            check_place("INA3221", self.bus, self.address, last=0x43)
            if self.channel not in (1, 2, 3):
                raise ValueError("channel must be 1, 2 or 3")
            check_shunt(self.shunt_ohm)
            check_average(self.average)

        def resources(self) -> tuple[str, ...]:
            """
            The channel that it occupies.
            """
            return (f"I2C bus {self.bus} address {self.address:#04x} channel {self.channel}",)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        scale = Scale(_BUS_LSB_V, _SHUNT_LSB_V / config.shunt_ohm)
        super().__init__(name, config, wiring, scale=scale, conversion_s=pair_s(config.conversion_s, config.average))
        self._left: Sample | None = None
        self._chip = _chips.setdefault((id(wiring), config.bus, config.address), _Chip())
        self._join(self._chip.channels)

    def _join(self, channels: dict[int, INA3221]) -> None:
        """
        Becomes one of the chip's channels. Raises UsageError where two would have it convert in two ways.
        """
        for other in channels.values():
            if other._timing() != self._timing():
                problem = f"'{other.name}' is a channel of the same chip, and has another conversion or average"
                raise UsageError(f"{problem}; give both the same")
        channels[self.config.channel] = self
        # The channels are converted one after the other: a conversion of all takes so much longer.
        for channel in channels.values():
            channel._pace(len(channels) * pair_s(self.config.conversion_s, self.config.average))
            channel.clocks = 2 * WORD_CLOCKS + 2 * WORD_CLOCKS // len(channels)  # the flag is read for all

    def _identify(self) -> None:
        self._must_be(_DIE, _MANUFACTURER_ID, _DIE_ID)

    def _timing(self) -> int:
        return timing_bits(self.config.conversion_s, self.config.average)

    def _settings(self) -> Sequence[Setting]:
        enabled = sum(1 << (15 - channel) for channel in self._chip.channels)
        return Setting(_CONFIGURATION, enabled | self._timing()), Setting(_MASK_ENABLE, _SCC1, kept=_SCC1, flags=_FLAGS)

    def _set_up(self) -> None:
        self._left = None
        self._seen_ns = now_ns()
        # Another channel's device may have done it already: writing again would end what it waits for.
        if self._lost(self._settings()):
            super()._set_up()

    def _poll(self) -> Sample | None:
        if self._left is None:
            self._look()
        left, self._left = self._left, None
        return left

    def _look(self) -> None:
        """
        Leaves each open channel what a look at the chip has shown of it. Raises OSError.
        """
        polled_ns = self._now_ns()
        flags = self._get(_MASK_ENABLE)
        channels = [channel for channel in self._chip.channels.values() if channel._bus is not None]
        taken = [channel._told(flags) for channel in channels]
        fetched_ns, missed = self._now_ns(), 0
        if fetched_ns - self._seen_ns > self._fastest_ns and flags & _CVRF:
            fetched_ns, missed = self._followed(fetched_ns)
        for channel, told in zip(channels, taken, strict=True):
            channel._left = channel._concluded(polled_ns, told, fetched_ns, missed) or channel._left

    def _take(self) -> Taken | None:
        return self._told(self._get(_MASK_ENABLE))

    def _told(self, flags: int) -> Taken | None:
        if not flags & _SCC1:
            return RESET
        return self._fetch() if flags & _CVRF else None

    def _fetch(self) -> Taken:
        channel = self.config.channel
        bus, shunt = self._value(2 * channel), self._value(2 * channel - 1)
        return OVERFLOW if bus in _ENDS or shunt in _ENDS else (bus, shunt, OK)

    def _is_ready(self) -> bool:
        return bool(self._get(_MASK_ENABLE) & _CVRF)

    def _value(self, register: int) -> int:
        return signed(self._get(register) >> _SHIFT, _BITS)
