"""
Widens the board's 30-bit microsecond counter, which wraps every 17.9 minutes, to 64 bits.
"""

MASK = (1 << 30) - 1


class Ticks:
    """
    Board ticks: the counter at the start, and on from there. Must see the counter more often than every 8.9 minutes.
    """

    def __init__(self, hal):
        self._diff = hal.ticks_diff
        self._read = hal.ticks_us
        self._last = hal.ticks_us()
        self._wide = self._last

    def now(self):
        """
        Board ticks now.
        """
        return self.see(self._read())

    def see(self, counter):
        """
        Moves on to `counter` and returns it in board ticks.
        """
        self._wide += self._diff(counter, self._last)
        self._last = counter
        return self._wide

    def widen(self, counter):
        """
        A counter value of the last or the next 8.9 minutes, in board ticks.
        """
        return self._wide + self._diff(counter, self._last)

    def counter(self, wide):
        """
        The counter value that stands for `wide`, which may be at most 8.9 minutes away.
        """
        return (self._last + wide - self._wide) & MASK
