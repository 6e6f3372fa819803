"""
Widens the board's 30-bit microsecond counter, which wraps every 17.9 minutes, to 64 bits.
"""

MASK = (1 << 30) - 1

# Half of the counter's period. No sum below leaves 31 bits, so that none is allocated: hard interrupts use them.
_HALF = 1 << 29


def add(counter, wait):
    """
    The counter value `wait` us after `counter`; `wait` is from 0 to 2**29 - 1.
    """
    late = counter - _HALF + wait - _HALF
    return late if late >= 0 else late + _HALF + _HALF


def diff(later, earlier):
    """
    The us from one counter value to another, from -2**29 to 2**29 - 1.
    """
    passed = later - earlier
    if passed >= _HALF:
        return passed - _HALF - _HALF
    if passed < -_HALF:
        return passed + _HALF + _HALF
    return passed


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
