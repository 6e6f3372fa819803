"""
`main.py` as it is, on the standard input and output of its port. Prints how often the watchdog was fed: while all was
well, after the hard timer had stopped, and while it ran again.
"""

import _world
import machine

_STOPS_US, _AGAIN_US = 400000, 800000

_fed = [0, 0, 0]
_is_passing = False


def _ticks_us():
    """
    Every look at the clock takes 100 us, in which timers may call.
    """
    global _is_passing
    if not _is_passing:
        _is_passing = True
        _world._is_set[0] = not _STOPS_US <= _world.now < _AGAIN_US
        _world.pass_us(100)
        _is_passing = False
    return _world.now


class _WDT:
    def __init__(self, *, timeout):
        self.timeout = timeout

    def feed(self):
        _fed[(_world.now >= _STOPS_US) + (_world.now >= _AGAIN_US)] += 1


machine.WDT = _WDT
machine.level_in(14, 0)
_world.ticks_us = _ticks_us

import main  # the loop: it ends with its input

print()
print("fed", _fed[0], _fed[1], _fed[2], "output", _world.levels[2])
