"""
The firmware's core: bytes in by `feed`, time in by `tick`, bytes out by the `write` it was given. It owns no loop, no
port and no pin.
"""

import struct

import pins
import wiring
from analog import AnalogIn, AnalogOut
from edges import EdgeLog, Inputs
from estop import EStop
from gauge import Gauge
from manifest import VERSION
from outputs import HOST, Outputs
from outputs import TRIPPED as STATE_TRIPPED
from protocol import (
    BAD_PAYLOAD,
    BAD_VALUE,
    BOOTED,
    BROKEN,
    DONE,
    EDGES,
    ERROR,
    ESTOP,
    NO_HELLO,
    OPS,
    REFUSED,
    REPLY,
    TRIPPED,
    UNKNOWN_OP,
    Refused,
    checksum,
)
from pulses import Pulses
from ticks import Ticks
from wire import PAYLOAD_MAX, Decoder, frame

BEAT_MS = 5
WATCHDOG_MS = 8000

# Events wait while nobody listens: a write to a port that nobody reads would block the main loop.
_LISTENS_US = 2000000
_EDGES_PER_FRAME = 40
_HELLO = 0x01
# hello, repl, reset: what leads a host of another protocol to the firmware that it needs.
_FOR_ANY_HOST = (_HELLO, 0x1E, 0x1F)


class Core:
    """
    One board: its parts, and what a host may ask of them.
    """

    def __init__(self, hal, write):
        self._hal = hal
        self._send = write
        self._decoder = Decoder()
        self.ticks = Ticks(hal)
        self._boot_id = hal.boot_id()
        self._log = EdgeLog(hal)
        self._outputs = Outputs(hal, pins.OUTPUTS, self._log)
        self._pulses = Pulses(hal, self._outputs)
        self._inputs = Inputs(hal, pins.INPUTS, self._log, self._pulses)
        self._estop = EStop(hal, pins.ESTOP, pins.ESTOP_STOPS_AT, self._outputs)
        # A pin table from before it had safe voltages: the middle of the range, which is no empty battery.
        safe_mv = getattr(pins, "ANALOG_SAFE_MV", (2100,) * len(pins.ANALOG_OUT))
        self._analog_out = [AnalogOut(hal, gpio, mv) for gpio, mv in zip(pins.ANALOG_OUT, safe_mv)]
        self._analog_in = [AnalogIn(hal, gpio) for gpio in pins.ANALOG_IN]
        self._gauge = Gauge(hal)
        self._outputs.on_trip(self._end_lies)
        self._checksum = checksum()
        self._wiring = wiring.digest()
        self._ops = {}
        for op, name, request, reply in OPS:
            takes_rest = request.endswith("*")
            fixed = "<" + request.rstrip("*")
            call = getattr(self, "_" + name)
            self._ops[op] = (call, fixed, struct.calcsize(fixed), takes_rest, "<" + reply.rstrip("*"))
        self._answers = []
        self._last = None
        self._last_answer = b""
        self._events = 0
        self._is_greeted = False
        self._speaks = False
        self._heard_at = self.ticks.now() - _LISTENS_US
        self._says_booted = True
        self._says_tripped = False
        self._tripped_at = 0
        self._says_estop = False
        self._estop_at = 0
        self._beats = 0
        self._restart = None
        hal.every(BEAT_MS, self._beat)

    @property
    def is_between_frames(self):
        """
        Whether the next byte from the host can only be the start of a frame.
        """
        return self._decoder.is_between_frames

    def feed(self, chunk):
        """
        Takes bytes from the host and writes the answers to every good frame in them, in one piece.
        """
        self._decoder.feed(chunk, self._request)
        if self._answers:
            answers = self._answers
            self._answers = []
            self._send(answers[0] if len(answers) == 1 else b"".join(answers))
        if self._restart is not None:
            self._hal.reset(self._restart)

    def tick(self, now_us):
        """
        Does what is due at counter value `now_us`; to be called every few milliseconds.
        """
        now = self.ticks.see(now_us)
        self._pulses.tick(self.ticks)
        if self._outputs.is_news:
            self._settle(now)
        if self._estop.is_news:
            self._estop.is_news = False
            self._estop_at = self.ticks.widen(self._estop.changed_at)
            self._says_estop = True
        self._gauge.tick(now)
        self._log.forget(now_us)
        if now - self._heard_at < _LISTENS_US:
            self._tell()
        if self._outputs.beats != self._beats:
            self._beats = self._outputs.beats
            self._hal.feed_watchdog()

    def trips_in_us(self):
        """
        How long the host may still be silent before the dead-man trips; None while nothing is armed.
        """
        return self._outputs.trips_in_us()

    def make_safe(self):
        """
        Puts everything to safety, as when the host asks for it.
        """
        self._outputs.trip(HOST)
        self._settle(self.ticks.now())

    def _beat(self, timer):
        # Hard interrupt.
        self._outputs.beat(timer)
        self._estop.look()

    def _end_lies(self):
        # Hard interrupt, by a trip: what is no output but lies all the same goes back to harmless, too.
        self._pulses.halt()
        for i in range(len(self._analog_out)):
            self._analog_out[i].make_safe()
        self._gauge.calm()

    def _settle(self, now):
        # What of a trip needs memory, or the bus.
        outputs = self._outputs
        outputs.is_news = False
        self._tripped_at = self.ticks.widen(outputs.tripped_at)
        self._says_tripped = outputs.state == STATE_TRIPPED
        self._gauge.make_safe(now)

    def _tell(self):
        out = []
        if self._says_booted:
            self._says_booted = False
            out.append(self._event(BOOTED, struct.pack("<I", self._boot_id)))
        while len(self._log):
            out.append(self._edge_event())
        if self._says_estop:
            self._says_estop = False
            out.append(self._event(ESTOP, struct.pack("<BQ", self._estop.stops(), self._estop_at)))
        if self._says_tripped:
            self._says_tripped = False
            outputs = self._outputs
            row = struct.pack("<BBQ", outputs.cause, outputs.levels_before, self._tripped_at)
            out.append(self._event(TRIPPED, row))
        for done in self._pulses.finished():
            out.append(self._event(DONE, struct.pack("<BII", *done)))
        if out:
            self._send(b"".join(out))

    def _event(self, op, payload):
        self._events = (self._events + 1) & 0xFF
        return frame(self._events, op, payload)

    def _edge_event(self):
        index = self._log.index
        edges = self._log.take(_EDGES_PER_FRAME)
        base = self.ticks.widen(edges[0][0])
        payload = bytearray(struct.pack("<IIQ", index & 0xFFFFFFFF, self._log.lost, base))
        for counter, code in edges:
            # Interrupts of two kinds may stamp in one order and log in the other, by some microseconds.
            payload.extend(struct.pack("<IB", max(0, self.ticks.widen(counter) - base), code))
        return self._event(EDGES, payload)

    def _request(self, seq, op, payload):
        counter = self._hal.ticks_us()
        self._outputs.hear(counter)
        self._heard_at = self.ticks.see(counter)
        if self._outputs.is_news:
            # A trip since the last tick comes first: it must not undo what is asked for now.
            self._settle(self._heard_at)
        asked = (seq, op, payload)
        if asked == self._last:
            # The same frame twice in a row is one request that the host did not hear answered.
            self._answers.append(self._last_answer)
            return
        answer = self._answer(seq, op, payload)
        self._answers.append(answer)
        self._last_answer = answer
        # A hello may come from a new host that counts like the one before.
        self._last = None if op == _HELLO else asked

    def _answer(self, seq, op, payload):
        row = self._ops.get(op)
        if row is None:
            return _error(seq, op, UNKNOWN_OP, "unknown op")
        call, fixed, size, takes_rest, reply = row
        if not self._is_greeted and op != _HELLO:
            # A host that does not know of this start of the board must not go on as if nothing had happened.
            return _error(seq, op, NO_HELLO, "the board has started; say hello first")
        if not self._speaks and op not in _FOR_ANY_HOST:
            reason = "this firmware speaks protocol %08x, and its host another; run: crashbench board flash"
            return _error(seq, op, REFUSED, reason % self._checksum)
        if len(payload) != size and (len(payload) < size or not takes_rest):
            return _error(seq, op, BAD_PAYLOAD, "payload is %d bytes" % len(payload))
        try:
            if not size:
                answer = call(payload) if takes_rest else call()
            elif takes_rest:
                answer = call(*struct.unpack_from(fixed, payload), payload[size:])
            else:
                answer = call(*struct.unpack(fixed, payload))
        except Refused as error:
            return _error(seq, op, REFUSED, str(error))
        except ValueError as error:
            return _error(seq, op, BAD_VALUE, str(error))
        except (OSError, MemoryError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
            return _error(seq, op, BROKEN, repr(error))
        if answer is None:
            answer = b""
        elif not isinstance(answer, bytes):
            answer = struct.pack(reply, *answer)
        return frame(seq, op | REPLY, answer)

    def _hello(self, host_checksum):
        self._is_greeted = True
        # 0: a host that does not say.
        self._speaks = host_checksum in (0, self._checksum)
        # Whoever greets a tripped board is told when and why, even if another host was told before.
        self._says_tripped = self._outputs.state == STATE_TRIPPED
        text = "\0".join((VERSION,) + self._hal.identity() + (self._wiring,))
        head = struct.pack("<IIQB", self._checksum, self._boot_id, self.ticks.now(), self._outputs.state)
        return head + text.encode()[: PAYLOAD_MAX - len(head)]

    def _echo(self, payload):
        return payload

    def _sum(self, a, b):
        return ((a + b + 0x80000000 & 0xFFFFFFFF) - 0x80000000,)

    def _clock(self):
        return self.ticks.now(), self._boot_id

    def _status(self):
        outputs = self._outputs
        return (
            outputs.state,
            outputs.cause,
            outputs.limit_ms,
            self._tripped_at,
            outputs.levels(),
            self._estop.stops(),
            self._decoder.bad,
            self._log.index + len(self._log),
            self._log.lost,
            self._hal.heap_used(),
        )

    def _arm(self, limit_ms):
        if self._estop.stops():
            raise Refused("the e-stop is pressed, or its contact to ground is missing")
        self._outputs.arm(limit_ms)

    def _disarm(self):
        self.make_safe()

    def _write(self, output, level):
        self._outputs.check(output, level)
        self._pulses.cancel(output)
        return (self.ticks.widen(self._outputs.drive(output, level)),)

    def _read(self):
        return self._outputs.levels(), self._inputs.levels(), self.ticks.now()

    def _pulse(self, output, level, at, width, gap, count):
        self._pulses.load(output, level, width, gap, count)
        return (self._pulses.start(output, at, self.ticks),)

    def _scatter(self, output, level, at, width, width_max, gap, gap_max, count, seed):
        self._pulses.load(output, level, width, gap, count, (width_max - width, gap_max - gap), seed)
        return (self._pulses.start(output, at, self.ticks),)

    def _anchor(self, output, level, line, edge, nth, offset, width, gap, count):
        if line >= len(self._inputs):
            raise ValueError("there are %d inputs" % len(self._inputs))
        self._pulses.load(output, level, width, gap, count)
        self._pulses.hang(output, line, edge, nth, offset)

    def _cancel(self, output):
        if output >= len(self._outputs):
            raise ValueError("there are %d outputs" % len(self._outputs))
        self._pulses.cancel(output)

    def _watch(self, rising, falling):
        self._inputs.watch(rising, falling)

    def _gauge_start(self, chip, address):
        self._gauge.start(chip, address, self.ticks.now())

    def _gauge_stop(self):
        self._gauge.stop()

    def _gauge_set(self, level, mv, ma, temperature):
        self._gauge.set(level, mv, ma, temperature, self.ticks.now())

    def _gauge_fault(self, kind, a, b):
        self._gauge.fault(kind, a, b, self.ticks.now())

    def _gauge_read(self):
        return self._gauge.read()

    def _gauge_peek(self, address, count):
        return self._gauge.peek(address, min(count, PAYLOAD_MAX))

    def _analog_write(self, channel, mv):
        return (_pick(self._analog_out, channel).write(mv),)

    def _analog_points(self, channel, points):
        _pick(self._analog_out, channel).calibrate(_points(points))

    def _adc_read(self, channel, samples):
        return _pick(self._analog_in, channel).read(samples) + (self.ticks.now(),)

    def _adc_points(self, channel, points):
        _pick(self._analog_in, channel).scale.load(_points(points))

    def _repl(self):
        self.make_safe()
        self._restart = True

    def _reset(self):
        self.make_safe()
        self._restart = False


def _pick(channels, channel):
    if channel >= len(channels):
        raise ValueError("there are %d channels" % len(channels))
    return channels[channel]


def _points(payload):
    if len(payload) % 4:
        raise ValueError("a point is raw and mV, two bytes each")
    return [struct.unpack_from("<HH", payload, at) for at in range(0, len(payload), 4)]


def _error(seq, op, why, reason):
    return frame(seq, ERROR, bytes((op, why)) + reason.encode()[: PAYLOAD_MAX - 2])
