"""
Every path that the firmware runs in a hard interrupt, across the wrap of its counter, while nothing can be allocated.

Prints a line for each: its name, and `ok` or what went wrong.
"""

import micropython
import struct

import _world
import machine

WRAP = 1 << 30
RELAYS = (2, 3, 4)
LINE, ESTOP = 10, 14

# How deep interrupts are masked; whoever leaves it above 0 has cut off the dead-man.
_depth = 0


def _disable_irq():
    global _depth
    _depth += 1
    return 0


def _enable_irq(_state):
    global _depth
    _depth -= 1


machine.disable_irq, machine.enable_irq = _disable_irq, _enable_irq

import core as firmware
from hal import HAL
from protocol import OPS, checksum
from wire import frame

NUMBERS = {name: (op, request) for op, name, request, _ in OPS}


class Bench:
    """
    A board that was greeted and armed `before_us` before its counter wraps.
    """

    def __init__(self, before_us, limit_ms=60000):
        _world.now = WRAP - before_us
        machine._timers.clear()
        machine._pins.clear()
        machine.level_in(ESTOP, 0)
        self.core = firmware.Core(HAL(), self.sent)
        self.ask("hello", checksum())
        self.ask("arm", limit_ms)

    def sent(self, data):
        if data[3] == 0xFF:
            raise ValueError(bytes(data))

    def ask(self, name, *values):
        op, request = NUMBERS[name]
        self.core.feed(frame(1, op, struct.pack("<" + request, *values)))


def level_in(pin, level):
    """
    An edge on an input, as `machine.level_in` makes it, but without allocating.
    """
    pin._level = level
    pin._flags = pin.IRQ_RISING if level else pin.IRQ_FALLING
    pin._handler(pin)


def locked(name, call):
    """
    Calls it with the heap locked, and says how that went.
    """
    problem = None
    before = _depth
    micropython.heap_lock()
    try:
        call()
    except MemoryError:
        problem = "it allocates"
    micropython.heap_unlock()
    if problem is None and _depth != before:
        problem = "interrupts stay masked"
    print(name + ":", problem or "ok")


def switched(gpio, times):
    if _world.drives[gpio] < times:
        print("gpio", gpio, "was driven", _world.drives[gpio], "times, not", times)


def train():
    bench = Bench(5000)
    bench.ask("pulse", 0, 1, WRAP - 4000, 300, 700, 20)
    was = _world.drives[RELAYS[0]]
    locked("train", lambda: _world.pass_us(30000))
    switched(RELAYS[0], was + 40)


def long_pulse():
    bench = Bench(5000)
    bench.ask("pulse", 0, 1, WRAP - 1, 1 << 25, 0, 1)
    was = _world.drives[RELAYS[0]]
    locked("long pulse", lambda: _world.pass_us(1 << 26))
    switched(RELAYS[0], was + 2)


def random_train():
    bench = Bench(5000)
    bench.ask("scatter", 1, 1, WRAP - 4000, 200, 1500, 300, 90000, 40, 7)
    was = _world.drives[RELAYS[1]]
    locked("random train", lambda: _world.pass_us(5000000))
    switched(RELAYS[1], was + 80)


def anchor(offset):
    bench = Bench(1000)
    bench.ask("watch", 1, 1)
    bench.ask("anchor", 2, 1, 0, 1, 2, offset, 200, 300, 5)
    was = _world.drives[RELAYS[2]]
    pin = machine.Pin(LINE)

    def edges():
        for _ in range(4):
            level_in(pin, 1)
            _world.pass_us(100)
            level_in(pin, 0)
            _world.pass_us(100)
        _world.pass_us(10000 + offset)

    locked("anchor after %d us" % offset, edges)
    switched(RELAYS[2], was + 10)


def full_ring():
    bench = Bench(1000)
    bench.ask("watch", 1, 1)
    pin = machine.Pin(LINE)

    def edges():
        for level in range(1200):
            level_in(pin, 1 - level % 2)
            _world.pass_us(3)

    locked("full ring", edges)
    if bench.core._log.lost != 688:
        print("lost", bench.core._log.lost)


def merged_edges():
    bench = Bench(100)
    bench.ask("watch", 1, 1)
    pin = machine.Pin(LINE)

    def edges():
        for _ in range(50):
            pin._flags = pin.IRQ_RISING | pin.IRQ_FALLING
            pin._handler(pin)
            pin._level = 1 - pin._level
            pin._handler(pin)
            _world.pass_us(3)

    locked("merged edges", edges)
    if len(bench.core._log) != 250:
        print("logged", len(bench.core._log))


def overload():
    bench = Bench(3000)
    for output in range(6):
        bench.ask("pulse", output, 1, WRAP - 2000, 100, 100, 1000)

    def late():
        # The timer's interrupt comes 250 ms late, in one go.
        _world.now = 248000
        for _ in range(500):
            machine.fire(1)

    locked("late trains", late)


def dead_man():
    bench = Bench(10000, 20)
    bench.ask("write", 0, 1)
    locked("dead-man", lambda: _world.pass_us(40000))
    if _world.levels[RELAYS[0]] != 0 or bench.core._outputs.state != 2:
        print("it did not trip")


def estop():
    bench = Bench(10000)
    bench.ask("write", 0, 1)
    pin = machine.Pin(ESTOP)

    def press():
        level_in(pin, 1)
        _world.pass_us(20000)
        level_in(pin, 0)

    locked("e-stop", press)
    if _world.levels[RELAYS[0]] != 0:
        print("it did not trip")


def lies(chip, name):
    """
    A trip ends the lies by itself, though the main loop never comes by.
    """
    bench = Bench(10000, 20)
    bench.ask("analog_write", 0, 900)
    bench.ask("gauge_start", chip, 0)
    rest = bytes(bench.core._gauge._mem)
    bench.ask("gauge_set", 1234, 3300, 0, 250)
    bench.ask("gauge_fault", 2, -200, -50)
    if bytes(bench.core._gauge._mem) == rest:
        print("it does not lie")
    locked("lies of " + name, lambda: _world.pass_us(40000))
    if bytes(bench.core._gauge._mem) != rest:
        print("it lies on")
    if _world.levels[18] != 41704:
        print("the voltage is", _world.levels[18])


def gauge(chip, name):
    bench = Bench(100)
    bench.ask("gauge_start", chip, 0)
    target = bench.core._gauge._target

    def talk():
        for byte in (0, 0x99, 0x01, 0x80):
            target._byte = byte
            target._raise(target.IRQ_ADDR_MATCH_WRITE)
            target._raise(target.IRQ_WRITE_REQ)
            target._raise(target.IRQ_END_WRITE)
            target._raise(target.IRQ_ADDR_MATCH_READ)
            target._raise(target.IRQ_READ_REQ)
            target._raise(target.IRQ_END_READ)

    locked("gauge " + name, talk)


train()
long_pulse()
random_train()
anchor(0)
anchor(900)
anchor(1 << 25)
full_ring()
merged_edges()
overload()
dead_man()
estop()
for number, name in enumerate(("MAX17048", "MAX17040", "BQ27441", "PiSugar 3", "INA219", "SBS"), 1):
    gauge(number, name)
    lies(number, name)
print("done")
