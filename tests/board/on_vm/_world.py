"""
The outside of `machine.py` in MicroPython itself: the time is a number that a script moves, and nothing is allocated.
"""

import utime
from array import array

import machine

_TIMERS = 4

now = 0
# By GPIO: how often it was driven, and to which level at last.
drives = array("i", [0] * 32)
levels = array("i", [-1] * 32)
_due = array("i", [0] * _TIMERS)
_period = array("i", [0] * _TIMERS)
_is_set = bytearray(_TIMERS)


def ticks_us():
    return now


def drive(gpio, level):
    drives[gpio] += 1
    levels[gpio] = level


def pwm(gpio, _hz, duty):
    levels[gpio] = duty


def timer(number, us, is_periodic):
    _is_set[number] = us >= 0
    _due[number] = utime.ticks_add(now, max(0, us))
    _period[number] = us if is_periodic else 0


def random():
    return 7


def reset():
    raise SystemExit


def identity():
    return "5eed000000000000"


def pass_us(us):
    """
    Lets the time pass, and the timers call at their times.
    """
    global now
    end = utime.ticks_add(now, us)
    while True:
        number = -1
        for i in range(_TIMERS):
            if _is_set[i] and utime.ticks_diff(_due[i], end) <= 0:
                if number < 0 or utime.ticks_diff(_due[i], _due[number]) < 0:
                    number = i
        if number < 0:
            break
        if utime.ticks_diff(_due[number], now) > 0:
            now = _due[number]
        if _period[number]:
            _due[number] = utime.ticks_add(_due[number], _period[number])
        else:
            _is_set[number] = 0
        machine.fire(number)
    now = end
