"""
What every power monitor of TI's INA family has in common: conversions that are read once, each with its interval.
"""

from __future__ import annotations

import errno
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import anyio

from .. import clock
from ..clock import NS_PER_S, now_ns
from ..errors import DeviceError
from ..model.instant import Instant
from ..model.reading import Flag, Reading
from ..model.trace import Code, Sample, Scale
from ..protocols import Wiring
from ._io import Blocking
from ._kernel_driver import claimed
from ._words import swapped

if TYPE_CHECKING:
    from ._feed import Feed

# INA226 datasheet (SBOS547B), 6.5: a conversion takes at most 10 % longer than its name says. So do those of INA260 and
# INA3221; the INA228 family's oscillator is better than that.
_SLOWEST, _FASTEST = 1.1, 0.9

# UM10204, 3.1: what a read of two bytes takes on the bus. Four more bytes tell the chip which ones; each has nine
# clocks, and start, start again and stop one each.
WORD_CLOCKS = 48

# A chip that converts has a new conversion within one period of the last one's being read.
_STALE_PERIODS = 3
_POLLS_PER_PERIOD = 4
# What a sampler may take to hand a sample on: it looks after other meters of its bus too.
_FEED_S = 0.5

# The maker's identity in all that have one, and the bits of the die's that count its revisions.
_TI, _REVISION = 0x5449, 0x000F

# What a NamedTuple's own constructor calls, in half its time.
_new = tuple.__new__

_FLAGS = {Code[flag.name]: flag for flag in Flag}

# One conversation at a time on a bus: smbus2 sets the address in one system call and transfers in the next.
_turns: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class I2CPlace:
    """
    Where a chip is: the number of its bus (`/dev/i2c-N`) and its address.
    """

    bus: int = 1
    address: int = 0x40

    def resources(self) -> tuple[str, ...]:
        """
        The address that it occupies.
        """
        return (f"I2C bus {self.bus} address {self.address:#04x}",)


class Setting(NamedTuple):
    """
    A register, what is written to it, the bits of it that must read back the same, and those that are the chip's own:
    flags, which are written as they were read.

    A chip takes no notice of its flags' being written. A register file that keeps whatever it is given, such as the
    kernel's i2c-stub, goes on having a conversion ready.
    """

    register: int
    word: int
    kept: int = 0xFFFF
    flags: int = 0


Taken = tuple[int, int, Code]
"""What a chip's registers hold of one conversion: bus and current as signed integers, and whether they may be."""

OK = Code.OK
RESET: Taken = (0, 0, Code.RESET)
OVERFLOW: Taken = (0, 0, Code.OVERFLOW)


class Monitor(ABC):
    """
    Reads each conversion once, with the interval in which it was averaged.

    Current comes from the shunt's own register wherever a chip has one: a chip that lost its calibration reads 0 A in
    its current register. A chip that was reset is flagged on every reading until `reinitialise`.

    On a bus that is too slow, or busy, another conversion may be completed while one is fetched. The two registers may
    then be of either: both lie in the sample's interval, and the sample says that one is missing.

    While a sampler runs it alone polls the chip, and leaves what it took in `feed`, where `read` waits for it.
    """

    config: I2CPlace

    clocks = 4 * WORD_CLOCKS
    """How many clocks of its bus a conversion takes: to see that it is there, to fetch it, and once to see none."""

    def __init__(
        self,
        name: str,
        config: I2CPlace,
        wiring: Wiring,
        *,
        scale: Scale,
        conversion_s: float,
        slowest: float = _SLOWEST,
    ) -> None:
        self.name = name
        self.config = config
        self.scale = scale
        self.bus_number = config.bus
        self.feed: Feed | None = None
        self._wiring = wiring
        self._blocking = Blocking(name)
        self._bus: Any = None
        self._read_word: Any = None
        self._address = config.address
        self._turn = threading.Lock()
        self.seq = 0
        """The number of the conversion that was read last; who knows of missed ones counts them in."""
        self._now_ns = now_ns
        self._is_direct = False
        """Whether nothing blocks, as in virtual time."""
        self._seen_ns = 0
        self._latest: Sample | None = None
        self._was_reset = False
        self._pace(conversion_s, slowest)

    def _pace(self, conversion_s: float, slowest: float = _SLOWEST) -> None:
        """
        How long one conversion of shunt and bus takes by its name, and by how much its clock may be slower.
        """
        self.typical_s = conversion_s
        self.period_s = conversion_s * slowest
        self._period_ns = round(self.period_s * NS_PER_S)
        self._fastest_ns = round(conversion_s * _FASTEST * NS_PER_S)

    # --- what a chip does in its own way ---

    @abstractmethod
    def _identify(self) -> None:
        """
        Makes sure that the chip is the part that it should be. Raises DeviceError, OSError.
        """

    @abstractmethod
    def _settings(self) -> Sequence[Setting]:
        """
        What is written to set the chip up, in order.
        """

    @abstractmethod
    def _take(self) -> Taken | None:
        """
        The conversion that was not read yet, or None; clears the conversion-ready flag. Raises OSError.
        """

    def _is_ready(self) -> bool:
        """
        Whether there is a conversion that was not read yet; clears the conversion-ready flag. Raises OSError.

        False for a chip that cannot say so without losing it.
        """
        return False

    # --- what all of them do ---

    async def open(self) -> None:
        """
        Finds the chip and sets it up. Raises DeviceError when it is absent, or another part.
        """
        await self._blocking.call(self._open)

    async def aclose(self) -> None:
        """
        Lets go of the chip, which goes on converting; its bus belongs to the wiring.
        """
        self._bus = None

    async def reinitialise(self) -> None:
        """
        Sets the chip up again after a reset was flagged. Raises DeviceError.
        """
        self._must_be_open()
        await self._blocking.call(self._renew)

    async def read(self, after_ns: int | None = None) -> Reading:
        """
        The rail's next conversion. Waits for one that was not read yet; flags a chip that makes none.

        Raises DeviceError when the meter is not open, never for a chip that does not answer.
        """
        self._must_be_open()
        called_ns = self._now_ns()
        if self.feed is not None:
            return await self._fed(self.feed, called_ns if after_ns is None else after_ns)
        while True:
            try:
                sample = self.poll() if self._is_direct else await self._blocking.call(self.poll)
            except (OSError, DeviceError):
                # Adapters say ENXIO, EREMOTEIO, EIO or ETIMEDOUT, or hang: no number to go by.
                return _flagged(Flag.NACK, called_ns)
            if sample is not None and sample.latest_ns >= called_ns:
                return self.reading(sample)
            # Another task may have taken the conversion that this one waits for: it serves both.
            if self._latest is not None and self._latest.latest_ns > called_ns:
                return self.reading(self._latest)
            if self._now_ns() - called_ns > _STALE_PERIODS * self._period_ns:
                return _flagged(Flag.STALE, called_ns)
            await anyio.sleep(self.period_s / _POLLS_PER_PERIOD)

    def poll(self) -> Sample | None:
        """
        The conversion that was not read yet, or None when there is none; RESET for a chip that lost its set-up.

        Blocks for as long as the bus takes. Raises OSError when the chip does not acknowledge, DeviceError when the
        meter is not open.
        """
        if self._bus is None:
            self._must_be_open()
        with self._turn:
            return self._poll()

    def reading(self, sample: Sample) -> Reading:
        """
        A sample of this meter in volts and amperes; what is missing is told as stale.
        """
        at = Instant(sample.earliest_ns, sample.latest_ns)
        if sample.code != Code.OK:
            return Reading(at, _FLAGS.get(Code(sample.code), Flag.STALE))
        return Reading(at, Flag.OK, sample.bus * self.scale.bus_lsb_v, sample.current * self.scale.current_lsb_a)

    async def _fed(self, feed: Feed, after_ns: int) -> Reading:
        called_ns = now_ns()
        with anyio.move_on_after(_STALE_PERIODS * self.period_s + _FEED_S):
            return self.reading(await feed.next_after(after_ns))
        return _flagged(Flag.STALE, called_ns)

    def _poll(self) -> Sample | None:
        polled_ns = self._now_ns()
        taken = self._take()
        fetched_ns, missed = self._now_ns(), 0
        if fetched_ns - self._seen_ns > self._fastest_ns and taken is not None:
            fetched_ns, missed = self._followed(fetched_ns)
        return self._concluded(polled_ns, taken, fetched_ns, missed)

    def _followed(self, fetched_ns: int) -> tuple[int, int]:
        """
        Whether another conversion was completed since the one that was fetched at that moment was seen: when both of
        them were, at the latest, and how many more are seen now. Raises OSError.

        To be asked when the look before was so long ago that there may be one; mostly it was not.
        """
        return (self._now_ns(), 1) if self._is_ready() else (fetched_ns, 0)

    def _concluded(self, polled_ns: int, taken: Taken | None, latest_ns: int, missed: int) -> Sample | None:
        """
        What a look at the chip has shown that began at `polled_ns`, and left no conversion unseen.
        """
        if self._was_reset or taken is RESET:
            self._was_reset = True
            earliest_ns, taken, missed = polled_ns, RESET, 0
        else:
            # The next conversion to be seen is completed after this moment. The one seen now was completed after the
            # last such moment, and is the last that was completed.
            seen_ns, self._seen_ns = self._seen_ns, polled_ns
            if taken is None:
                return None
            within_ns = polled_ns - self._period_ns
            earliest_ns = (seen_ns if seen_ns > within_ns else within_ns) - self._period_ns
        bus, current, code = taken
        self.seq += 1
        self._latest = sample = _new(Sample, (self.seq, earliest_ns, latest_ns, bus, current, code, missed))
        return sample

    def _open(self) -> None:
        bus, address = self.config.bus, self.config.address
        self._now_ns, self._is_direct = clock.source(), clock.is_virtual()
        self._bus = self._wiring.i2c_bus(bus)
        self._read_word = self._bus.read_word_data
        self._turn = _turns.setdefault(self._bus, threading.Lock())
        try:
            with self._turn:
                self._identify()
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise DeviceError(self.name, claimed(bus, address)) from error
            raise DeviceError(
                self.name,
                f"no chip answers at address {address:#04x} of I2C bus {bus} ({error.strerror}); "
                f"look for it with `i2cdetect -y {bus}`, check its wiring, supply and address jumpers",
            ) from error
        self._renew()

    def _renew(self) -> None:
        with self._turn:
            try:
                self._set_up()
            except OSError as error:
                raise DeviceError(self.name, f"stopped answering while it was set up ({error.strerror})") from error
            self._latest = None
            self._was_reset = False

    def _set_up(self) -> None:
        settings = self._settings()
        self._seen_ns = now_ns()
        for register, word, _, flags in settings:
            self._put(register, word | self._get(register) & flags if flags else word)
        lost = self._lost(settings)
        if lost:
            raise DeviceError(self.name, f"did not keep its settings: {lost}; is its supply firm?")

    def _lost(self, settings: Sequence[Setting]) -> str:
        """
        The first register that has not what it was given; empty when all have. Raises OSError.
        """
        for register, word, kept, _ in settings:
            found = self._get(register)
            if found & kept != word & kept:
                return f"register {register:#04x} was given {word:#06x} and has {found:#06x}"
        return ""

    def _must_be_open(self) -> None:
        if self._bus is None:
            raise DeviceError(self.name, "is not open")

    def _get(self, register: int) -> int:
        word: int = self._read_word(self._address, register)
        return (word & 0xFF) << 8 | word >> 8  # `swapped`, without a call: this is the sampler's innermost line

    def _get_signed(self, register: int) -> int:
        word: int = self._read_word(self._address, register)
        return ((word & 0xFF ^ 0x80) - 0x80) << 8 | word >> 8  # `signed` of `_get`, as fast

    def _put(self, register: int, word: int) -> None:
        self._bus.write_word_data(self._address, register, swapped(word))

    def _must_be(self, die: int, maker_register: int, die_register: int) -> None:
        """
        Raises DeviceError for a chip that says another maker, or another die (whatever its revision); OSError.
        """
        self._must_be_made(maker_register)
        found = self._get(die_register)
        if found & ~_REVISION != die:
            raise self._refuse(f"it says maker {_TI:#06x}, die {found:#06x}")

    def _must_be_made(self, maker_register: int) -> None:
        """
        Raises DeviceError for a chip of another maker, or one whose bytes come in the wrong order; OSError.
        """
        maker = self._get(maker_register)
        if maker == swapped(_TI):
            raise self._refuse("its bytes come in the wrong order, as through an adapter that swaps them")
        if maker != _TI:
            raise self._refuse(f"it says maker {maker:#06x}")

    def _refuse(self, why: str) -> DeviceError:
        """
        The error for a chip that is another one than the rig says.
        """
        return DeviceError(
            self.name,
            f"the chip at address {self.config.address:#04x} of I2C bus {self.config.bus} is no "
            f"{type(self).__name__}: {why}; check `bus` and `address`",
        )


def _flagged(flag: Flag, since_ns: int) -> Reading:
    return Reading(Instant(since_ns, now_ns()), flag)
