"""
Requests and events over a serial port: one reader thread, bounded queues, a deadline on every request.

Methods block the calling thread; from a task call them through `anyio.to_thread.run_sync`. A `Link` may be shared by
threads.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import NamedTuple

import serial

from . import frames, protocol
from .channel import Message, Reply
from .failures import BoardError, BoardLost, BoardRebooted, BoardSilent, RequestRefused

EVENTS_MAX = 4096
WINDOW = 32
_WRITE_NS = 1_000_000_000
_HELLO_REPLY = protocol.OPS["hello"].number | protocol.REPLY_BIT


class _Arrival(NamedTuple):
    frame: frames.Frame | None
    received_ns: int


class Pending:
    """
    A request under way.
    """

    def __init__(self, link: Link, name: str, seq: int) -> None:
        self._link, self._name, self._seq = link, name, seq
        self.sent_ns = 0
        self.arrival: SimpleQueue[_Arrival] = SimpleQueue()

    def wait(self, timeout_s: float) -> Reply:
        """
        Waits for the answer.

        Raises:
            BoardSilent: it did not come in time; the line has been flushed.
            RequestRefused: the board said no.
            BoardLost: the port is gone.
            BoardRebooted: the board restarted since its hello.
        """
        try:
            frame, received_ns = self.arrival.get(timeout=timeout_s)
        except Empty:
            self._link.give_up(self._seq)
            self._link.check()
            raise BoardSilent(f"{self._name}: no answer within {timeout_s:g} s") from None
        if frame is None:
            self._link.check()
            raise BoardLost(f"{self._link.path}: closed during '{self._name}'")
        if frame.op == protocol.ERROR:
            if frame.payload[1] == protocol.NO_HELLO:
                self._link.forget_boot()
            raise RequestRefused(self._name, frame.payload[1], frame.payload[2:].decode("utf-8", "replace"))
        return Reply(frame.payload, self.sent_ns, received_ns)


class Link:
    """
    One exclusively opened serial port. Use as a context manager, or call `close`.

    Raises:
        BoardLost: the port does not open, or someone else holds it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._port = serial.Serial(path, baudrate=115200, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, OSError) as error:
            raise BoardLost(f"{path}: {error}") from error
        # Bytes go through the descriptor: pyserial's own calls would select once more for each.
        self._descriptor = self._port.fileno()
        self._decoder = frames.Decoder()
        self._drops_rest = False
        self._lock = threading.Lock()
        self._waiting: dict[int, tuple[int, Pending]] = {}
        self._seq = 0
        self._events: deque[Message] = deque()
        self._has_events = threading.Condition()
        self._event_count: int | None = None
        self._missed = 0
        self._boot_id: int | None = None
        self._failure: BoardError | None = None
        self._wake_out, self._wake_in = os.pipe()
        self._reader = threading.Thread(target=self._read, name=f"board {path}", daemon=True)
        self._reader.start()

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """
        Closes the port. The board keeps its outputs until its dead-man trips.
        """
        if self._reader.is_alive():
            os.write(self._wake_in, b"x")
            self._reader.join()
        if self._port.is_open:
            self._port.close()
            os.close(self._wake_in)
            os.close(self._wake_out)

    def check(self) -> None:
        """
        Raises:
            BoardLost: the port is gone.
            BoardRebooted: the board restarted since its hello.
        """
        if self._failure is not None:
            raise self._failure

    def trust(self, boot_id: int) -> None:
        """
        From now on the board is the one that started as `boot_id`; another start makes every request fail.
        """
        with self._lock:
            self._boot_id = boot_id
            if isinstance(self._failure, BoardRebooted):
                self._failure = None

    def saw_boot(self, boot_id: int) -> None:
        """
        Compares a boot id that the board sent with the trusted one.

        Raises:
            BoardRebooted: they differ.
        """
        if self._boot_id is not None and boot_id != self._boot_id:
            self.forget_boot()

    def forget_boot(self) -> None:
        """
        Raises:
            BoardRebooted: always; the board says that nobody has greeted it yet.
        """
        self._fail(BoardRebooted(f"{self.path}: the board has restarted; connect to it again and set it up anew"))
        self.check()

    def send(self, name: str, payload: bytes = b"", *, is_hello: bool = False) -> Pending:
        """
        Writes a request without waiting for its answer.

        Raises:
            BoardLost: the port is gone, or takes no bytes.
            BoardRebooted: the board restarted since its hello.
            BoardSilent: 255 requests are unanswered.
        """
        return self._send([(name, payload)], is_hello)[0]

    def request(self, name: str, payload: bytes = b"", *, timeout_s: float = 1.0, is_hello: bool = False) -> Reply:
        """
        Writes a request and waits for its answer. Raises as `send` and `Pending.wait` do.
        """
        return self.send(name, payload, is_hello=is_hello).wait(timeout_s)

    def pipeline(self, requests: list[tuple[str, bytes]], *, timeout_s: float = 1.0) -> list[Reply]:
        """
        Answers to many requests, up to `WINDOW` of them under way; `timeout_s` is for each. Raises as `request` does.
        """
        replies: list[Reply] = []
        under_way: deque[Pending] = deque()
        for at in range(0, len(requests), WINDOW // 2):
            under_way.extend(self._send(requests[at : at + WINDOW // 2], is_hello=False))
            while len(under_way) > WINDOW // 2:
                replies.append(under_way.popleft().wait(timeout_s))
        replies.extend(pending.wait(timeout_s) for pending in under_way)
        return replies

    def event(self, timeout_s: float) -> Message | None:
        """
        The oldest unsolicited event, or None if there is none within `timeout_s`. Raises as `check` does once the
        queue is empty.
        """
        with self._has_events:
            self._has_events.wait_for(lambda: self._events or self._failure is not None, timeout_s)
            if self._events:
                return self._events.popleft()
        self.check()
        return None

    def flush(self) -> None:
        """
        Zeros, so that neither end waits for the rest of a false frame.
        """
        with self._lock:
            self._write(frames.FLUSH)

    def give_up(self, seq: int) -> None:
        """
        Forgets a request whose deadline has passed, and flushes.
        """
        with self._lock:
            self._waiting.pop(seq, None)
            self._drops_rest = True
            if self._failure is None:
                self._write(frames.FLUSH)

    def _send(self, requests: list[tuple[str, bytes]], is_hello: bool) -> list[Pending]:
        with self._lock:
            if self._failure is not None and not (is_hello and isinstance(self._failure, BoardRebooted)):
                raise self._failure
            data = b""
            under_way = []
            for name, payload in requests:
                if len(self._waiting) == 255:
                    raise BoardSilent(f"{name}: 255 requests are unanswered")
                self._seq = (self._seq + 1) & 0xFF
                while self._seq in self._waiting:
                    self._seq = (self._seq + 1) & 0xFF
                op = protocol.OPS[name].number
                pending = Pending(self, name, self._seq)
                self._waiting[self._seq] = (op | protocol.REPLY_BIT, pending)
                data += frames.encode(self._seq, op, payload)
                under_way.append(pending)
            now = time.monotonic_ns()
            for pending in under_way:
                pending.sent_ns = now
            self._write(data)
            return under_way

    def _write(self, data: bytes) -> None:
        deadline_ns = time.monotonic_ns() + _WRITE_NS
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                left_ms = (deadline_ns - time.monotonic_ns()) // 1_000_000
                writable = select.poll()
                writable.register(self._descriptor, select.POLLOUT)
                if left_ms <= 0 or not writable.poll(left_ms):
                    self._fail(BoardLost(f"{self.path}: the port takes no bytes"))
            except OSError as error:
                self._fail(BoardLost(f"{self.path}: {error}"))
            if self._failure is not None and not isinstance(self._failure, BoardRebooted):
                raise self._failure

    def _fail(self, failure: BoardError) -> None:
        self._failure = failure
        for seq, (op, pending) in list(self._waiting.items()):
            # A hello is what follows a restart: it waits on for its answer.
            if not (isinstance(failure, BoardRebooted) and op == _HELLO_REPLY):
                self._waiting.pop(seq, None)
                pending.arrival.put(_Arrival(None, 0))
        with self._has_events:
            self._has_events.notify_all()

    def _read(self) -> None:
        poll = select.poll()
        descriptor = self._descriptor
        poll.register(descriptor, select.POLLIN)
        poll.register(self._wake_out, select.POLLIN)
        while True:
            ready = poll.poll()
            if ready[0][0] == self._wake_out or ready[-1][0] == self._wake_out:
                self._fail(BoardLost(f"{self.path}: closed"))
                return
            try:
                chunk = os.read(descriptor, 4096)
            except BlockingIOError:
                continue
            except OSError as error:
                self._fail(BoardLost(f"{self.path}: {error}"))
                return
            now = time.monotonic_ns()
            if not chunk:
                self._fail(BoardLost(f"{self.path}: the port hung up"))
                return
            if self._drops_rest:
                self._drops_rest = False
                self._decoder.reset()
            for frame in self._decoder.feed(chunk):
                self._take(frame, now)

    def _take(self, frame: frames.Frame, now: int) -> None:
        if frame.op in protocol.EVENTS:
            self._take_event(frame, now)
            return
        expected = self._waiting.get(frame.seq)
        # An error names the request it answers, so a late one cannot fail another request that reuses its number.
        answers = frame.payload[0] | protocol.REPLY_BIT if frame.op == protocol.ERROR and frame.payload else frame.op
        if expected is not None and expected[0] == answers:
            self._waiting.pop(frame.seq, None)
            expected[1].arrival.put(_Arrival(frame, now))

    def _take_event(self, frame: frames.Frame, now: int) -> None:
        if protocol.EVENTS[frame.op].name == "booted":
            # The counter starts with the board.
            self._event_count = None
            with suppress(BoardRebooted):
                self.saw_boot(protocol.unpack("I", frame.payload)[0][0])
        with self._has_events:
            if self._event_count is not None:
                self._missed += (frame.seq - self._event_count - 1) & 0xFF
            self._event_count = frame.seq
            if len(self._events) == EVENTS_MAX:
                self._missed += 1
                return
            self._events.append(Message(frame.op, frame.payload, now, self._missed))
            self._missed = 0
            self._has_events.notify_all()
