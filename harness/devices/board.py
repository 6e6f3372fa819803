"""
A Pico-class board that runs our firmware: one serial port, and everything that hangs on it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio

from .. import clock
from ..board import client
from ..board.answers import Cause, Edge, Identity
from ..board.discover import find
from ..board.failures import BoardError, BoardLost, BoardRebooted
from ..board.firmware import shipped_wirings
from ..board.link import Link
from ..board.unsolicited import BoardEvent, Booted, EStop, Tripped
from ..config.data import data
from ..errors import CrashbenchError, DeviceError, UsageError
from ..model.instant import Instant
from ..protocols import Wiring
from ._board_beat import Beat, ThreadBeat, VirtualBeat
from ._board_ear import Ear, Events
from ._board_session import Session
from ._io import Blocking

T = TypeVar("T")

# A board that has just been plugged in boots in a second or two; one that runs answers in a few milliseconds.
_HELLO_S, _AGAIN_S, _ANSWER_S, _OPEN_S = 4.0, 1.0, 0.5, 8.0
_SIM = "sim:"


class Board:
    """
    Opens the port for itself alone, keeps the board's clock and its dead-man, and serves the devices on its pins.

    Whatever makes its outputs doubtful (dead-man, e-stop, a restart, a lost port) is trouble that stays until the board
    is opened anew: every call raises DeviceError, so that no run goes on as if nothing had happened. Only the ways to
    safety stay open.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Which board: by `port` (a path, or `lab:NAME`, `sim:NAME` for a played one), or by USB serial number, vendor and
        product; without any of them the only one there is.

        `dead_man` is after how long a silence of the host the board makes itself safe. `stamp_lag` is how long after
        the thing itself its stamp may be taken, at most. On the reference board an interrupt came 100 us late under
        load (micropython/micropython issue 6957); while another one switches or stamps, it waits for that, too.
        """

        port: str = ""
        serial_number: str = ""
        vendor: int | None = None
        product: int | None = None
        dead_man_s: float = 0.5
        stamp_lag_s: float = 250e-6

        def __post_init__(self) -> None:
            if not 0.02 <= self.dead_man_s <= 60:
                raise ValueError("dead_man must be from 20 ms to 60 s")
            if self.stamp_lag_s < 0:
                raise ValueError("stamp_lag must not be negative")
            if self.port and (self.serial_number or self.vendor is not None or self.product is not None):
                raise ValueError("give either port, or serial_number, vendor and product")

        def resources(self) -> tuple[str, ...]:
            """
            The port, or the board that is looked for.
            """
            usb = " ".join(str(part) for part in (self.serial_number, self.vendor, self.product) if part)
            return (f"port {self.port}" if self.port else f"board {usb}".strip(),)

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name, self.config, self._wiring = name, config, wiring
        self.events = Events()
        self.notes: tuple[str, ...] = ()
        """What the record should know of how the board was found."""
        self.trouble = ""
        """Why it cannot go on; empty while all is well."""
        self.troubled = anyio.Event()
        self.alarm: Callable[[str], None] = lambda problem: None
        """Called once, on the event loop, with the first trouble."""
        self._blocking = Blocking(name, 1.8)
        self._link: Link | None = None
        self._session: Session | None = None
        self._beat: Beat | None = None
        self._edges: dict[int, Edge] = {}

    @property
    def firmware(self) -> str | None:
        """
        The firmware's version; None until it was open.
        """
        return None if self._session is None else self.info().firmware

    def info(self) -> Identity:
        """
        Who it said it is. Raises DeviceError while it is not open.
        """
        identity = self._opened().identity
        assert identity is not None
        return identity

    async def open(self) -> None:
        """
        Takes the port, puts the board to safety, learns its clock, and arms it. Raises DeviceError.

        A board that cannot be armed, since its e-stop is pressed, is safe and open; nothing can be struck with it.
        """
        self.trouble, self.troubled = "", anyio.Event()
        opening = Blocking(self.name, _OPEN_S)
        channel = await opening.call(self._tried, self._connect)
        session = Session(channel, self.config.dead_man_s, _ANSWER_S)
        await opening.call(self._tried, session.greet, _HELLO_S)
        refusal = await opening.call(self._tried, session.arm)
        self._session = session
        self.notes = (f"{self.name} {session.found}",) if session.found else ()
        if (wiring := self.info().wiring) not in shipped_wirings(data("firmware")):
            self.notes += (f"{self.name} has a pin table of its own ({wiring})",)
        if self._link is None:
            self._beat = VirtualBeat(session, channel, self._hear, self._fail)
        else:
            self._beat = ThreadBeat(session, self._hear, self._fail)
        self._beat.start()
        if refusal:
            self._fail(refusal)

    async def aclose(self) -> None:
        """
        Lets go of the port. Outputs at their safe level are disarmed; others stay for the dead-man, which comes soon.
        """
        beat, session = self._beat, self._session
        self._beat = self._session = None
        if beat is not None:
            beat.stop()
        with suppress(DeviceError):
            await self._blocking.call(self._let_go, beat, session)

    async def call(self, ask: Callable[[client.Board], T]) -> T:
        """
        What `ask` returns of the board, asked in a thread where time is real. Raises DeviceError, also while the board
        is in trouble.
        """
        session = self._opened()
        self._check()
        try:
            return await self._blocking.call(self._tried, ask, session.board)
        except DeviceError:
            self._check()  # a trip that was heard meanwhile says more than its refusal
            raise

    async def timed(self, ask: Callable[[client.Board], int]) -> Instant:
        """
        When something happened that `ask` had the board do, and that it answered with its ticks. Raises DeviceError.
        """

        def asked(board: client.Board) -> tuple[int, int, int]:
            called_ns = clock.now_ns()
            ticks_us = ask(board)
            return called_ns, ticks_us, clock.now_ns()

        called_ns, ticks_us, returned_ns = await self.call(asked)
        stamped = self.stamped(ticks_us)
        earliest_ns, latest_ns = max(called_ns, stamped.earliest_ns), min(returned_ns, stamped.latest_ns)
        if earliest_ns > latest_ns:
            raise DeviceError(self.name, "its clock contradicts ours; what it stamps cannot be believed")
        return Instant(earliest_ns, latest_ns)

    def instant(self, ticks_us: int, boot_id: int | None = None) -> Instant:
        """
        Board ticks on the bench clock, as a hard interval. Raises DeviceError for a start of the board that is unknown.
        """
        return self._tried(lambda: self._opened().instant(ticks_us, boot_id))

    def stamped(self, ticks_us: int, boot_id: int | None = None) -> Instant:
        """
        When something happened that the board stamped with these ticks, just after it. Raises DeviceError.
        """
        at = self.instant(ticks_us, boot_id)
        return Instant(at.earliest_ns - round(self.config.stamp_lag_s * clock.NS_PER_S), at.latest_ns)

    def ear(self) -> Ear:
        """
        Listens to the board's own events while it is entered.
        """
        return Ear(self)

    async def watch(self, line: int, edges: Edge) -> None:
        """
        Has the edges of an input line reported, beside those that are already. Raises DeviceError.
        """
        self._edges[line] = edges
        rising, falling = (
            sum(1 << at for at, kinds in self._edges.items() if kind in kinds) for kind in (Edge.RISING, Edge.FALLING)
        )
        await self.call(lambda board: board.watch(rising, falling))

    async def make_safe(self) -> None:
        """
        Puts every output to its safe level, ends all schedules and lies, and sees that it is so. Raises DeviceError.
        """
        await self._calmly(self._calm)

    async def release(self, output: int) -> None:
        """
        Puts one output to its safe level, or sees that it is there, even in trouble. Raises DeviceError.
        """
        await self._calmly(lambda session: session.release(output))

    async def rescue(self, ask: Callable[[client.Board], T]) -> T:
        """
        What `ask` returns of the board, whatever trouble that is in: for ways to safety alone. Raises DeviceError.
        """
        return await self._calmly(lambda session: ask(session.board))

    async def undo(self, action: str) -> None:
        """
        Does `safe`. Raises DeviceError, also for another action.
        """
        if action != "safe":
            raise DeviceError(self.name, f"cannot undo by '{action}': a board knows 'safe'")
        await self.make_safe()

    def safe_level(self, output: int) -> int:
        """
        The level that the firmware declares safe for an output. Raises DeviceError while the board is not open.
        """
        return self._opened().safe_levels >> output & 1

    def _connect(self) -> Any:
        if self.config.port.startswith(_SIM):
            return self._wiring.board(self.config.port.removeprefix(_SIM))
        if clock.is_virtual():
            raise UsageError(f"in virtual time a board is `{_SIM}NAME`, one of the world's", key="port")
        self._link = Link(self._path())
        return self._link

    def _path(self) -> str:
        config = self.config
        if config.port:
            return self._wiring.serial_port(config.port)
        number = config.serial_number or None
        return find(serial_number=number, vendor_id=config.vendor, product_id=config.product).path

    def _calm(self, session: Session) -> None:
        if not session.calm():
            raise BoardError("its outputs are not at their safe levels")
        if session is self._session and not self.trouble:
            session.arm()

    async def _calmly(self, do: Callable[[Session], T]) -> T:
        session = self._opened()
        done, problem = await self._blocking.call(self._tried, lambda: self._insist(do, session))
        if problem:
            self._fail(problem)
        return done

    def _insist(self, do: Callable[[Session], T], session: Session) -> tuple[T, str]:
        """
        Does it, if need be on a port that came back, perhaps under another name, and tells what was wrong before.
        """
        try:
            return do(session), ""
        except (BoardLost, BoardRebooted) as error:
            if self._link is not None:
                self._link.close()
            fresh = Session(self._connect(), self.config.dead_man_s, _ANSWER_S)
            fresh.greet(_AGAIN_S)
            done = do(fresh)
            self._session = fresh
            return done, str(error)

    def _let_go(self, beat: Beat | None, session: Session | None) -> None:
        try:
            if session is not None and session.board.levels()[0] == session.safe_levels:
                session.board.disarm()
        except BoardError:
            pass  # it is gone, or going: its dead-man does the rest
        finally:
            if self._link is not None:
                self._link.close()
                self._link = None
            if beat is not None:
                beat.join()

    def _hear(self, event: BoardEvent) -> None:
        if isinstance(event, Tripped) and event.ticks_us >= self._opened().armed_us:
            why = "its e-stop was pressed" if event.cause == Cause.ESTOP else "its dead-man had heard no host"
            self._fail(f"tripped: {why}")
        elif isinstance(event, EStop) and event.is_stopped:
            self._fail("tripped: its e-stop was pressed")
        elif isinstance(event, Booted) and event.boot_id != self.info().boot_id:
            self._fail("has restarted by itself")
        self.events.tell(event)

    def _fail(self, problem: str) -> None:
        if not self.trouble:
            self.trouble = problem
            self.troubled.set()
            self.alarm(f"{self.name}: {problem}")

    def _check(self) -> None:
        if self.trouble:
            raise DeviceError(self.name, self.trouble)

    def _opened(self) -> Session:
        if self._session is None:
            raise DeviceError(self.name, "is not open")
        return self._session

    def _tried(self, call: Callable[..., T], *args: Any) -> T:
        try:
            return call(*args)
        except CrashbenchError:
            raise
        except BoardError as error:
            raise DeviceError(self.name, str(error)) from error
