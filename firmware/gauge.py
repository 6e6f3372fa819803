"""
The fuel gauge that the DUT reads over I2C: a chip's registers, a cell's readings, and the lies about them.
"""

from bq27441 import BQ27441
from cell import Cell
from ina219 import INA219
from max17048 import MAX17040, MAX17048
from pisugar3 import PiSugar3
from protocol import Refused
from sbs import SBS
from words import WordPort

CHIPS = {1: MAX17048, 2: MAX17040, 3: BQ27441, 4: PiSugar3, 5: INA219, 6: SBS}

NONE = 0
STUCK = 1
JUMP = 2
DRIFT = 3
GARBAGE = 4
NACK = 5
NACK_DATA = 6

_RENEW_US = 100000
_SIZE = 256


class Gauge:
    """
    At most one gauge at a time.
    """

    def __init__(self, hal):
        self._hal = hal
        self._chip = None
        self._kind = 0
        self._address = 0
        self._mem = bytearray(_SIZE)
        # Where the readings are written before they are shown, and which registers they are.
        self._draft = bytearray(_SIZE)
        self._is_reading = bytearray(_SIZE)
        # What a full battery shows, where that follows from nothing else.
        self._full = bytearray(_SIZE)
        self._is_full = bytearray(_SIZE)
        self._is_calm = False
        self._target = None
        self._port = None
        self._cell = Cell()
        self._shown = Cell()
        self._fault = NONE
        self._a = 0
        self._b = 0
        self._since = 0
        self._is_stale = False
        self._renewed = 0
        self.reads = 0

    def start(self, kind, address, now):
        """
        Becomes a chip at its usual address, or at another one.
        """
        if kind not in CHIPS:
            raise ValueError("chips are 1 to %d" % max(CHIPS))
        if address > 0x77 or 0 < address < 0x08:
            raise ValueError("an address is 0x08 to 0x77, or 0 for the chip's own")
        self.stop()
        chip = _new(kind)
        self._hal.check_i2c_target(chip.IS_WORDS)
        self._chip = chip
        self._kind = kind
        self._address = address or chip.ADDRESS
        self._port = WordPort(chip, self._mem, self._written) if chip.IS_WORDS else None
        self._learn(chip)
        chip.reset(self._mem)
        self._fault = NONE
        self._renew(now)
        self._attach()

    def stop(self):
        """
        Leaves the bus: the address is no longer acknowledged.
        """
        self._detach()
        self._chip = None
        self._kind = 0
        self._fault = NONE

    def set(self, level, mv, ma, temperature, now):
        """
        The readings to report: 0.01 %, mV, mA, 0.1 degC.
        """
        if level > 10000:
            raise ValueError("a level is 0 to 10000 (0.01 %)")
        self._cell.set(level, mv, ma, temperature)
        self._renew(now)

    def fault(self, kind, a, b, now):
        """
        Starts to lie, or with `NONE` stops. STUCK: readings freeze. JUMP: level and voltage are off by `a` (0.01 %) and
        `b` (mV). DRIFT: they move by `a` and `b` a minute. GARBAGE: random registers, seeded by `a`. NACK: silence.
        """
        if kind == NACK_DATA:
            raise Refused("machine.I2CTarget acknowledges every data byte; NACK leaves the whole address silent")
        if kind > NACK_DATA:
            raise ValueError("gauge faults are 0 to %d" % NACK_DATA)
        if self._chip is None:
            raise Refused("no gauge is started")
        was = self._fault
        self._fault = kind
        self._a = a
        self._b = b
        self._since = now
        if kind == NACK:
            self._detach()
        else:
            if was == GARBAGE:
                self._chip.reset(self._mem)
            if was == NACK:
                self._attach()
            self._renew(now)

    def make_safe(self, now):
        """
        No lies, and a full battery: what a DUT bears without its host. `calm` has been there, if it was a trip.
        """
        self._is_calm = False
        self._cell.rest()
        if self._chip is not None and self._fault != NONE:
            self.fault(NONE, 0, 0, now)
        self._renew(now)

    def calm(self):
        """
        Shows a full battery at once, whatever the main loop does; it has the rest to do, by `make_safe`. A silent gauge
        stays silent until then. Hard interrupt.
        """
        self._is_calm = True
        for at in range(_SIZE):
            if self._is_full[at]:
                self._mem[at] = self._full[at]

    def tick(self, now):
        """
        Renews the registers when the controller wrote to them or when the fault moves them.
        """
        if self._chip is not None:
            moves = self._fault == DRIFT or self._fault == GARBAGE
            if self._is_stale or (moves and now - self._renewed >= _RENEW_US):
                self._renew(now)

    def read(self):
        """
        Chip, address, fault, the readings as shown, and how many reads the controller has finished.
        """
        cell = self._shown
        head = (self._kind, self._address, self._fault)
        return head + (cell.level, cell.mv, cell.ma, cell.temperature, self.reads)

    def peek(self, address, count):
        """
        Register bytes as the controller would read them.
        """
        return bytes(self._mem[address : address + count])

    def _renew(self, now):
        self._is_stale = False
        self._renewed = now
        if self._chip is None or self._fault == STUCK:
            return
        if self._fault == GARBAGE:
            for at in range(_SIZE):
                self._a = (self._a * 75 + 74) % 65537
                self._draft[at] = self._a >> 4 & 0xFF
            self._show(None)
            return
        self._shown.copy(self._cell)
        if self._fault == JUMP:
            self._shown.shift(self._a, self._b)
        elif self._fault == DRIFT:
            passed = now - self._since
            self._shown.shift(self._a * passed // 60000000, self._b * passed // 60000000)
        self._draft[:] = self._mem
        self._chip.render(self._draft, self._shown)
        self._show(self._is_reading)

    def _show(self, which):
        """
        Copies the draft into the registers, all or the given ones, word by word: a controller must not read half of
        one, and no interrupt waits for more than that.
        """
        for at in range(0, _SIZE, 2):
            if which is None or which[at] or which[at + 1]:
                state = self._hal.lock()
                # What the controller wrote meanwhile must not be undone: the next tick begins again.
                if not self._is_calm and not self._is_stale:
                    if which is None or which[at]:
                        self._mem[at] = self._draft[at]
                    if which is None or which[at + 1]:
                        self._mem[at + 1] = self._draft[at + 1]
                self._hal.unlock(state)

    def _learn(self, chip):
        """
        Finds which registers hold readings, and what a full battery shows there: those that a rendering changes in
        zeros or in ones are the readings, those that come out alike follow from the cell alone.
        """
        full = Cell()
        ones = bytearray(b"\xff" * _SIZE)
        for at in range(_SIZE):
            self._full[at] = 0
        chip.render(self._full, full)
        chip.render(ones, full)
        for at in range(_SIZE):
            self._is_full[at] = self._full[at] == ones[at]
            self._is_reading[at] = self._full[at] != 0 or ones[at] != 0xFF

    def _attach(self):
        if self._target is None:
            mem = None if self._port else self._mem
            self._target = self._hal.i2c_target(self._address, mem, self._serve)

    def _detach(self):
        if self._target is not None:
            self._target.deinit()
            self._target = None

    def _serve(self, target):
        flags = target.irq().flags()
        triggers = self._hal.triggers
        if self._port is not None:
            self._port.serve(target, flags, triggers)
        elif flags & triggers.IRQ_END_WRITE:
            self._written(target.memaddr)
        if flags & triggers.IRQ_END_READ:
            self.reads = (self.reads + 1) & 0xFFFFFF

    def _written(self, address):
        # Under garbage the chip keeps what it has: the next renewal overwrites it all the same.
        if self._chip is not None:
            self._chip.written(self._mem, address)
        self._is_stale = True


def _new(kind):
    return CHIPS[kind]()
