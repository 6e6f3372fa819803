"""
The hardware, as the rest of the firmware asks for it. Everything comes from `machine`, `time` and `os`: on a board
theirs, in CI the ones of the virtual board.
"""

import gc
import os
import struct
import sys
import time
from binascii import hexlify

import machine
import pins
import ticks
from machine import ADC, PWM, Pin, Timer, disable_irq, enable_irq
from protocol import Refused


def _part(module, name):
    return getattr(module, name, None)


# The classic ESP32 has none; starting a gauge there is refused.
I2CTarget = _part(machine, "I2CTarget")

# Only rp2 runs Python in hard interrupts; elsewhere timers and pins call through the scheduler.
_IS_RP2 = sys.platform == "rp2"
_HARD = {} if sys.platform == "esp32" else {"hard": True}

# A file-system mark: the next start stays in the REPL.
_REPL_MARK = "stay-in-repl"

PWM_HZ = 20000


def takes_repl_mark():
    """
    Whether this start shall stay in the REPL; the mark counts once.
    """
    if _REPL_MARK in os.listdir():
        os.rmdir(_REPL_MARK)
        return True
    return False


def _masked_us():
    """
    The lower 30 bits of a counter with another period, such as the 62 bits of 64-bit ports.
    """
    return _ticks_us() & ticks.MASK


_ticks_us, _ticks_add, _ticks_diff = (_part(time, name) for name in ("ticks_us", "ticks_add", "ticks_diff"))

# Whether this port's own arithmetic is that of a 30-bit counter; then it is the quicker one.
_IS_30_BITS = _ticks_add is not None and _ticks_add(0, -1) == ticks.MASK


class HAL:
    """
    Clock, interrupts, timers, pins, analog, I2C target and the board's identity.
    """

    # How long a timer interrupt may wait in place for the next switching, instead of being called again.
    spin_us = 50 if _IS_RP2 else 0
    # A timer interrupt reaches Python this long after its time; it is set early by as much.
    _LEAD_US = 20 if _IS_RP2 else 0

    ticks_us = staticmethod(_ticks_us if _IS_30_BITS else _masked_us)
    ticks_add = staticmethod(_ticks_add if _IS_30_BITS else ticks.add)
    ticks_diff = staticmethod(_ticks_diff if _IS_30_BITS else ticks.diff)
    lock = staticmethod(disable_irq)
    unlock = staticmethod(enable_irq)
    triggers = I2CTarget
    # By the level that an edge leads to.
    edge_kinds = (Pin.IRQ_FALLING, Pin.IRQ_RISING)

    def __init__(self):
        self._beat = _timer(-1 if _IS_RP2 else 0)
        self._alarm = _timer(-1 if _IS_RP2 else 1)
        self._alarm_calls = None
        self._watchdog = None

    def output(self, gpio, level):
        """
        An output pin that starts at `level`.
        """
        return Pin(gpio, Pin.OUT, value=level)

    def input(self, gpio, pull_up):
        """
        An input pin.
        """
        return Pin(gpio, Pin.IN, Pin.PULL_UP) if pull_up else Pin(gpio, Pin.IN)

    def on_edge(self, pin, calls):
        """
        Calls `calls(pin)` at every edge, in a hard interrupt where there is one. Returns what tells, in there, the
        kinds of edges since the last call; None where the port does not.
        """
        irq = pin.irq(calls, Pin.IRQ_RISING | Pin.IRQ_FALLING, **_HARD)
        return _part(irq, "flags")

    def every(self, period_ms, calls):
        """
        Calls `calls(timer)` every `period_ms`, in a hard interrupt where there is one.
        """
        self._beat.init(mode=Timer.PERIODIC, period=period_ms, callback=calls, **_HARD)

    def alarm_calls(self, calls):
        """
        What `alarm` will call.
        """
        self._alarm_calls = calls

    def alarm(self, after_us):
        """
        Calls it once after `after_us`, instead of any earlier alarm. Safe in a hard interrupt.
        """
        after_us = max(1, after_us - self._LEAD_US)
        if _IS_RP2:
            self._alarm.init(
                mode=Timer.ONE_SHOT,
                period=after_us,
                tick_hz=1000000,
                callback=self._alarm_calls,
                hard=True,
            )
        else:
            self._alarm.init(mode=Timer.ONE_SHOT, period=after_us, tick_hz=1000000, callback=self._alarm_calls)

    def pwm(self, gpio, duty):
        """
        A PWM output at `PWM_HZ` that starts with a duty of 0 to 65535.
        """
        return PWM(Pin(gpio), freq=PWM_HZ, duty_u16=duty)

    def adc(self, gpio):
        """
        An analog input.
        """
        return ADC(Pin(gpio))

    def check_i2c_target(self, is_words):
        """
        Refuses what this port's I2C target cannot do.
        """
        if I2CTarget is None:
            raise Refused("this port has no machine.I2CTarget")
        if is_words and not hasattr(I2CTarget, "IRQ_READ_REQ"):
            raise Refused("word registers need hard interrupts in machine.I2CTarget; this port has none")

    def i2c_target(self, address, mem, calls):
        """
        A target that serves `mem`, or with None asks `calls(target)` for every byte.
        """
        bus, sda, scl = pins.GAUGE
        target = I2CTarget(bus, address, mem=mem, scl=Pin(scl), sda=Pin(sda))
        trigger = I2CTarget.IRQ_END_WRITE | I2CTarget.IRQ_END_READ
        if mem is None:
            trigger |= I2CTarget.IRQ_ADDR_MATCH_WRITE | I2CTarget.IRQ_ADDR_MATCH_READ
            trigger |= I2CTarget.IRQ_WRITE_REQ | I2CTarget.IRQ_READ_REQ
        target.irq(calls, trigger, **_HARD)
        return target

    def start_watchdog(self, timeout_ms):
        """
        Resets the board unless `feed_watchdog` is called within every `timeout_ms`. It cannot be stopped.
        """
        self._watchdog = machine.WDT(timeout=timeout_ms)

    def feed_watchdog(self):
        """
        The main loop and the hard timer are alive.
        """
        if self._watchdog is not None:
            self._watchdog.feed()

    def boot_id(self):
        """
        A number that tells this start from every other.
        """
        return struct.unpack("<I", os.urandom(4))[0]

    def identity(self):
        """
        The machine's name and its unique id.
        """
        return getattr(sys.implementation, "_machine", sys.platform), hexlify(machine.unique_id()).decode()

    def heap_used(self):
        """
        Bytes of heap in use; 0 where that cannot be told.
        """
        return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0

    def reset(self, stay_in_repl=False):
        """
        Restarts the board, into its REPL if asked.
        """
        if stay_in_repl:
            os.mkdir(_REPL_MARK)
        machine.reset()


def _timer(number):
    return Timer(number)
