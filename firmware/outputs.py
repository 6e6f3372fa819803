"""
Outputs with a declared safe level and a dead-man: without a frame from the host for its limit, a hard timer puts every
output to safety, whatever the main loop does. Only an explicit `arm` lets them move again.
"""

from protocol import Refused

SAFE = 0
ARMED = 1
TRIPPED = 2

BOOT = 0
DEADMAN = 1
ESTOP = 2
HOST = 3

LIMIT_MIN_MS = 20
LIMIT_MAX_MS = 60000


class Outputs:
    """
    The output pins, and the one state that says whether they may leave their safe levels.
    """

    def __init__(self, hal, table, log):
        self._hal = hal
        self._ticks_us = hal.ticks_us
        self._diff = hal.ticks_diff
        self._log = log
        self._safe = bytes([level for _, level in table])
        self._pins = [hal.output(gpio, level) for gpio, level in table]
        self._levels = bytearray(self._safe)
        self._heard = hal.ticks_us()
        self._limit_us = 0
        self._halt = None
        self.state = SAFE
        self.cause = BOOT
        self.tripped_at = 0
        self.levels_before = 0
        self.is_news = False
        self.beats = 0

    def __len__(self):
        return len(self._pins)

    @property
    def limit_ms(self):
        """
        The dead-man's limit, 0 before the first arming.
        """
        return self._limit_us // 1000

    def on_trip(self, halt):
        """
        Calls `halt()` whenever the outputs go to safety. It runs in a hard interrupt: no allocation.
        """
        self._halt = halt

    def levels(self):
        """
        One bit per output, the first one lowest.
        """
        levels = 0
        for i in range(len(self._levels)):
            levels |= self._levels[i] << i
        return levels

    def hear(self, counter):
        """
        Notes that the host was heard at `counter`.
        """
        self._heard = counter

    def trips_in_us(self):
        """
        How long the host may still be silent before the dead-man trips; None while not armed.
        """
        if self.state != ARMED:
            return None
        return self._limit_us - self._diff(self._ticks_us(), self._heard)

    def arm(self, limit_ms):
        """
        Lets the outputs move; the dead-man trips when the host is silent for `limit_ms`.
        """
        if not LIMIT_MIN_MS <= limit_ms <= LIMIT_MAX_MS:
            raise ValueError("limit must be %d to %d ms" % (LIMIT_MIN_MS, LIMIT_MAX_MS))
        self._limit_us = limit_ms * 1000
        self._heard = self._ticks_us()
        self.state = ARMED

    def check(self, output, level=0):
        """
        Refuses what may not be driven now.
        """
        if output >= len(self._pins):
            raise ValueError("there are %d outputs" % len(self._pins))
        if level > 1:
            raise ValueError("a level is 0 or 1")
        if self.state != ARMED:
            raise Refused("not armed")

    def drive(self, output, level):
        """
        Drives an output and returns the counter just after. Safe in a hard interrupt; does nothing unless armed.
        """
        state = self._hal.lock()
        try:
            now = self._ticks_us()
            if self.state == ARMED and self._levels[output] != level:
                self._pins[output].value(level)
                now = self._ticks_us()
                self._levels[output] = level
                self._log.own(now, output, level)
        finally:
            self._hal.unlock(state)
        return now

    def rest(self, output):
        """
        Drives one output to its safe level. Safe in a hard interrupt; does nothing unless armed.
        """
        self.drive(output, self._safe[output])

    def trip(self, cause):
        """
        Puts every output to its safe level; if they were armed, says why. Safe in a hard interrupt.
        """
        state = self._hal.lock()
        try:
            if self.state == ARMED:
                self.levels_before = self.levels()
                self.state = SAFE if cause == HOST else TRIPPED
                self.cause = cause
                self.tripped_at = self._ticks_us()
                self.is_news = True
            for i in range(len(self._pins)):
                self._pins[i].value(self._safe[i])
                if self._levels[i] != self._safe[i]:
                    self._levels[i] = self._safe[i]
                    self._log.own(self._ticks_us(), i, self._safe[i])
            if self._halt is not None:
                self._halt()
        finally:
            self._hal.unlock(state)

    def beat(self, _timer=None):
        """
        The dead-man's look at the clock, by a hard timer; the watchdog wants to see it beat.
        """
        self.beats = (self.beats + 1) & 0xFFFF
        self.look()

    def look(self):
        """
        Trips if the host has been silent for too long. Safe in a hard interrupt.
        """
        if self.state == ARMED and self._diff(self._ticks_us(), self._heard) > self._limit_us:
            self.trip(DEADMAN)
