"""
Stamps edges in a ring: of the inputs, and of the board's own outputs, in one order. What does not fit is counted.
"""

from array import array

_RING = 512
_OWN = 0x80
_OLD_US = 1 << 28


class EdgeLog:
    """
    A ring of (counter, code), filled under interrupt: code bit 7 = an own output, bits 6..1 its index, bit 0 the level.
    """

    def __init__(self, hal):
        self._diff = hal.ticks_diff
        self._lock = hal.lock
        self._unlock = hal.unlock
        self._at = array("i", [0] * _RING)
        self._code = bytearray(_RING)
        self._head = 0
        self._used = 0
        self.lost = 0
        self.index = 0

    def __len__(self):
        return self._used

    def push(self, counter, code):
        """
        Adds one edge; a full ring counts it as lost instead. Safe in a hard interrupt.
        """
        state = self._lock()
        if self._used == _RING:
            self.lost += 1
        else:
            slot = self._head
            self._at[slot] = counter
            self._code[slot] = code
            self._head = (slot + 1) % _RING
            self._used += 1
        self._unlock(state)

    def own(self, counter, output, level):
        """
        Adds an edge of one of the board's outputs. Safe in a hard interrupt.
        """
        self.push(counter, _OWN | output << 1 | level)

    def take(self, most):
        """
        Up to `most` of the oldest edges as (counter, code), which leave the ring.
        """
        state = self._lock()
        count = min(most, self._used)
        first = (self._head - self._used) % _RING
        self._unlock(state)
        edges = [(self._at[(first + i) % _RING], self._code[(first + i) % _RING]) for i in range(count)]
        state = self._lock()
        self._used -= count
        self._unlock(state)
        self.index += count
        return edges

    def forget(self, counter):
        """
        Counts as lost what has waited so long that the counter could no longer date it.
        """
        while self._used and self._diff(counter, self._at[(self._head - self._used) % _RING]) > _OLD_US:
            self.take(1)
            # An interrupt counts, too.
            state = self._lock()
            self.lost += 1
            self._unlock(state)


class Input:
    """
    One input line: logs the edges that are watched and tells the pulses that hang on it.
    """

    def __init__(self, hal, gpio, index, log, pulses):
        self._ticks_us = hal.ticks_us
        self._pin = hal.input(gpio, False)
        self._index = index
        self._log = log
        self._pulses = pulses
        self.watches_rise = False
        self.watches_fall = False
        self._level = self._pin.value()
        # Which kinds of edges an interrupt is about, if the port tells; and the kind seen before its own one came.
        self._flags = hal.on_edge(self._pin, self._edge)
        self._is_kind = hal.edge_kinds
        self._seen = 0

    def level(self):
        """
        The level now.
        """
        return self._pin.value()

    def _edge(self, _pin):
        # Hard interrupt. Edges within one latency arrive as one call. Two leave the level as it was, three show both
        # kinds and another level; what is certain is logged, all with the one stamp.
        now = self._ticks_us()
        level = self._pin.value()
        told = 0 if self._flags is None else self._flags()
        if not told:
            if level == self._level:
                self._log_one(now, 1 - level)
        else:
            kinds = told & ~self._seen
            self._seen = 0
            if not kinds:
                return
            this = self._is_kind[level]
            if level == self._level:
                self._log_one(now, 1 - level)
            elif kinds & self._is_kind[1 - level]:
                self._log_one(now, level)
                self._log_one(now, 1 - level)
            if not kinds & this:
                self._seen = this
        self._level = level
        self._log_one(now, level)

    def _log_one(self, now, level):
        if self.watches_rise if level else self.watches_fall:
            self._log.push(now, self._index << 1 | level)
        if self._pulses.hangs:
            self._pulses.edge(self._index, level, now)


class Inputs:
    """
    All input lines.
    """

    def __init__(self, hal, gpios, log, pulses):
        self._lines = [Input(hal, gpio, i, log, pulses) for i, gpio in enumerate(gpios)]

    def __len__(self):
        return len(self._lines)

    def levels(self):
        """
        One bit per input, the first one lowest.
        """
        return sum(line.level() << i for i, line in enumerate(self._lines))

    def watch(self, rising, falling):
        """
        Which edges go into the log: two masks, one bit per input.
        """
        for i, line in enumerate(self._lines):
            line.watches_rise = bool(rising >> i & 1)
            line.watches_fall = bool(falling >> i & 1)
