"""
Scheduled switching: single pulses, trains, seeded random trains, and pulses that hang on an edge of an input. A
one-shot timer fires them, not the main loop. One program per output; each knows only its next switching.

Under a hard interrupt nothing may be allocated, so times are the 30-bit counter, moved on by the HAL's `ticks_add`, and
every sum and product stays below 2**30. Interrupts are masked for one switching at a time, never for a whole train.
"""

from array import array

from protocol import Refused

RISING = 1
FALLING = 2

# The counter can tell before from after for 2**29 us; half of that leaves room for a main loop that comes late.
HORIZON_US = 1 << 28

# Twice what an interrupt may wait in place (`HAL.spin_us`): closer switchings would all be made inside one.
TRAIN_MIN_US = 100

# All trains together may take half of the processor, by what a switching was measured to cost on this board.
_SHARE_MAX = 500  # in 1/1000

# Rounds that one interrupt may make before it lets others in, and how soon it then comes back.
_ROUNDS_MAX = 4
_BREATHER_US = 1

# A program whose next switching is overdue by more is dropped: what it would still do is not what was asked for.
LATE_MAX_US = 100000

# Switchings in one measurement of their cost; the least of so many measurements counts.
_MEASURED, _MEASUREMENTS = 4, 3


def draw(seed):
    """
    The random train's next seed, 0 to 65536: a linear congruential step, cheap and free of allocation.
    """
    return (seed * 75 + 74) % 65537


def spread(low, span, seed):
    """
    A value from `low` to `low + span`, in 16384 steps, by the seed.
    """
    part = seed >> 2
    return low + (span >> 14) * part + ((span & 0x3FFF) * part >> 14)


class Pulses:
    """
    The programs of all outputs.
    """

    def __init__(self, hal, outputs):
        count = len(outputs)
        self._hal = hal
        self._ticks_us = hal.ticks_us
        self._diff = hal.ticks_diff
        self._add = hal.ticks_add
        self._outputs = outputs
        self._spin_us = hal.spin_us
        self._at = array("i", [0] * count)
        self._left = array("i", [0] * count)
        self._made = array("i", [0] * count)
        self._late = array("i", [0] * count)
        self._level = bytearray(count)
        self._width = array("i", [0] * count)
        self._width_span = array("i", [0] * count)
        self._gap = array("i", [0] * count)
        self._gap_span = array("i", [0] * count)
        self._seed = array("i", [0] * count)
        self._is_done = bytearray(count)
        self._input = array("i", [-1] * count)
        self._edge = bytearray(count)
        self._nth = array("i", [0] * count)
        self._offset = array("i", [0] * count)
        self._far = [-1] * count
        self._far_left = array("i", [0] * count)
        self._fire = self.fire
        self.hangs = 0
        self.step_us = self._measure()
        hal.alarm_calls(self._fire)

    def load(self, output, level, width, gap, count, spans=(0, 0), seed=0):
        """
        Prepares a program of `count` pulses to `level`; times in us. `start` or `hang` sets it going.
        """
        self._outputs.check(output, level)
        longest = max(width + spans[0], gap + spans[1])
        if count < 1 or count > HORIZON_US or width < 1 or longest >= HORIZON_US or min(spans) < 0:
            raise ValueError("needs 1 us <= width, width and gap < %d us, 1 <= count" % HORIZON_US)
        if count > 1:
            least = self._train_min(output)
            if min(width, gap) < least:
                raise ValueError("a train needs width and gap of at least %d us" % least)
        self.cancel(output)
        self._level[output] = level
        self._width[output] = width
        self._gap[output] = gap
        self._width_span[output], self._gap_span[output] = spans
        self._seed[output] = seed
        self._made[output] = self._late[output] = 0
        self._is_done[output] = 0
        self._far_left[output] = 2 * count

    def start(self, output, at, ticks):
        """
        Starts the loaded program at board ticks `at` (0: now) and returns its start.
        """
        now = ticks.now()
        if at == 0:
            at = now
        if at < now:
            self.cancel(output)
            raise Refused("start is %d us in the past" % (now - at))
        self._far[output] = at
        self.tick(ticks)
        return at

    def hang(self, output, line, edge, nth, offset):
        """
        Starts the loaded program `offset` us after the `nth` of the given edges on input `line`.
        """
        if edge not in (RISING, FALLING, RISING | FALLING) or nth < 1 or offset >= HORIZON_US:
            self.cancel(output)
            raise ValueError("needs an edge (1, 2 or 3), nth >= 1, offset < %d us" % HORIZON_US)
        state = self._hal.lock()
        self._edge[output] = edge
        self._nth[output] = nth
        self._offset[output] = offset
        self._input[output] = line
        self.hangs += 1
        self._hal.unlock(state)

    def cancel(self, output):
        """
        Forgets an output's program; the output stays as it is.
        """
        state = self._hal.lock()
        self._left[output] = 0
        self._far_left[output] = 0
        self._far[output] = -1
        if self._input[output] >= 0:
            self._input[output] = -1
            self.hangs -= 1
        self._hal.unlock(state)

    def halt(self):
        """
        Forgets every program. Safe in a hard interrupt.
        """
        for i in range(len(self._left)):
            self._left[i] = 0
            self._far_left[i] = 0
            self._far[i] = -1
            self._input[i] = -1
        self.hangs = 0

    def tick(self, ticks):
        """
        Hands to the timer what is due within the horizon.
        """
        now = ticks.now()
        for i in range(len(self._far)):
            if self._far[i] >= 0 and self._far[i] - now < HORIZON_US:
                self._begin(i, ticks.counter(self._far[i]))
                self._far[i] = -1

    def finished(self):
        """
        The outputs whose programs ended since the last call, as (output, switchings, latest lateness in us).
        """
        done = []
        for i in range(len(self._is_done)):
            if self._is_done[i]:
                self._is_done[i] = 0
                done.append((i, self._made[i], self._late[i]))
        return done

    def edge(self, line, level, counter):
        """
        An edge was seen on an input. Hard interrupt.
        """
        kind = RISING if level else FALLING
        for i in range(len(self._input)):
            if self._input[i] == line and self._edge[i] & kind:
                self._nth[i] -= 1
                if self._nth[i] == 0:
                    self._input[i] = -1
                    self.hangs -= 1
                    self._begin(i, self._add(counter, self._offset[i]))

    def fire(self, _timer=None):
        """
        Switches what is due and sets the timer for the next. Hard interrupt, or called with a new program. It looks
        after the dead-man in every round, since it may keep that one's timer waiting.
        """
        for _ in range(_ROUNDS_MAX):
            self._round()
            if self._sleeps():
                return
        self._hal.alarm(_BREATHER_US)

    def _begin(self, output, counter):
        state = self._hal.lock()
        self._at[output] = counter
        self._left[output] = self._far_left[output]
        self._hal.unlock(state)
        self.fire()

    def _round(self):
        self._outputs.look()
        for i in range(len(self._left)):
            if self._left[i]:
                self._serve(i)

    def _serve(self, i):
        state = self._hal.lock()
        try:
            # Between the look at it and the lock an interrupt may have ended or moved the program.
            if self._left[i] and self._diff(self._at[i], self._ticks_us()) <= 0:
                self._step(i)
        finally:
            self._hal.unlock(state)

    def _sleeps(self):
        """
        Whether the next switching is far enough for the timer, which is then set.
        """
        state = self._hal.lock()
        try:
            soonest = HORIZON_US
            for i in range(len(self._left)):
                if self._left[i]:
                    wait = self._diff(self._at[i], self._ticks_us())
                    if wait < soonest:
                        soonest = wait
            if soonest <= self._spin_us:
                return False
            if soonest < HORIZON_US:
                self._hal.alarm(soonest)
            return True
        finally:
            self._hal.unlock(state)

    def _step(self, i):
        due = self._at[i]
        is_start = self._left[i] & 1 == 0
        now = self._outputs.drive(i, self._level[i] if is_start else 1 - self._level[i])
        late = self._diff(now, due)
        if late > self._late[i]:
            self._late[i] = late
        self._made[i] += 1
        self._left[i] -= 1
        if self._left[i] == 0:
            self._is_done[i] = 1
            return
        self._seed[i] = draw(self._seed[i])
        if is_start:
            wait = spread(self._width[i], self._width_span[i], self._seed[i])
        else:
            wait = spread(self._gap[i], self._gap_span[i], self._seed[i])
        self._at[i] = self._add(due, wait)
        if late - wait > LATE_MAX_US:
            self._left[i] = 0
            self._is_done[i] = 1
            self._outputs.rest(i)

    def _train_min(self, output):
        """
        The least width and gap of a train on `output`, beside the trains that are already on the others.
        """
        share = 0
        for i in range(len(self._left)):
            if i != output and self._far_left[i] > 2 and (self._left[i] or self._far[i] >= 0 or self._input[i] >= 0):
                share += self.step_us * 1000 // min(self._width[i], self._gap[i])
        return max(TRAIN_MIN_US, self.step_us * 1000 // max(1, _SHARE_MAX - share))

    def _measure(self):
        """
        What one switching costs on this board in us, found while nothing is armed, so that no pin moves.
        """
        least = HORIZON_US
        for _ in range(_MEASUREMENTS):
            began = self._ticks_us()
            self._at[0] = began
            self._left[0] = 2 * _MEASURED
            for _ in range(_MEASURED):
                # Width and gap are 0 yet: it stays due.
                self._round()
                self._sleeps()
            least = min(least, self._diff(self._ticks_us(), began))
        self.halt()
        return -(-least // _MEASURED)
