"""
Serves word-per-register chips byte by byte: `I2CTarget`'s own memory would let neighbouring registers share a byte.

It stretches the clock for each call, which Raspberry Pi controllers bear badly: prefer byte-addressed chips there.
"""


class WordPort:
    """
    The pointer of a word-register chip. The first byte written selects the register, more are stored in it.
    """

    def __init__(self, chip, mem, written):
        self._chip = chip
        self._mem = mem
        self._written = written
        self._buffer = bytearray(1)
        self._register = 0
        self._taken = 0
        self._given = 0

    def serve(self, target, flags, triggers):
        """
        One interrupt of the target. Hard interrupt: no allocation. `triggers` is the class that names the flags.
        """
        if flags & triggers.IRQ_ADDR_MATCH_WRITE:
            self._taken = 0
        if flags & triggers.IRQ_ADDR_MATCH_READ:
            self._given = 0
        if flags & triggers.IRQ_WRITE_REQ:
            target.readinto(self._buffer)
            self._take(self._buffer[0])
        if flags & triggers.IRQ_READ_REQ:
            self._buffer[0] = self._give()
            target.write(self._buffer)
        if flags & triggers.IRQ_END_WRITE and self._taken > 1:
            self._written(self._register)

    def _take(self, byte):
        if self._taken == 0:
            self._register = byte
        elif self._taken <= 2 and self._register < self._chip.REGISTERS:
            self._mem[2 * self._register + self._taken - 1] = byte
        self._taken += 1

    def _give(self):
        at = self._given
        self._given += 1
        if self._register < self._chip.REGISTERS:
            return self._mem[2 * self._register + (at & 1)]
        for register, block in self._chip.BLOCKS:
            if register == self._register and at < len(block):
                return block[at]
        return 0xFF
