"""
What the devices on a board's outputs share: the board they are a part of, and pulses that it times by itself.
"""

from __future__ import annotations

from ..board.answers import Edge
from ..board.client import Board
from ..board.unsolicited import BoardEvent, Done, Edges
from ..errors import DeviceError
from ..model.instant import Instant
from ..model.train import Train
from ..protocols import Wiring
from ._board_ear import Ear
from ._board_holder import Holder

# firmware/pulses.py: the horizon within which its counter can tell before from after.
_LONGEST_US = (1 << 28) - 1

# From the board's last switching to its word on the host's event loop: milliseconds, on a busy machine more.
_WORD_S = 1.0


class BoardOutput:
    """
    One output of a board. At its firmware's safe level it is released, at the other one energised.
    """

    def __init__(self, device: str, board: str, output: int, wiring: Wiring) -> None:
        self._device, self._name, self._wiring = device, board, wiring
        self.output = output
        self._board: Holder | None = None

    @property
    def board(self) -> Holder:
        """
        The board, once it was found. Raises DeviceError before.
        """
        if self._board is None:
            raise DeviceError(self._device, "is not open")
        return self._board

    async def find(self) -> None:
        """
        Finds the board among the rig's devices. Raises DeviceError when it is not open, or has no such output.
        """
        board: Holder = self._wiring.device(self._name)
        if not board.trouble:  # in trouble it is safe, and must be there to be made safe
            await board.call(lambda asked: asked.cancel(self.output))
        board.info()
        self._board = board

    def lose(self) -> None:
        """
        Lets go of the board.
        """
        self._board = None

    async def drive(self, energised: bool) -> Instant:
        """
        Switches, and returns when the board did. Raises DeviceError.
        """
        level = self._level(energised)
        return await self.board.timed(lambda board: board.write(self.output, level))

    async def is_energised(self) -> bool:
        """
        Whether it is driven to its energised level. Raises DeviceError.
        """
        outputs, _ = await self.board.call(lambda board: board.levels())
        return outputs >> self.output & 1 == self._level(True)

    async def release(self) -> None:
        """
        Goes to the safe level, whatever trouble the board is in. Raises DeviceError.
        """
        await self.board.release(self.output)

    async def pulse(self, width_s: float) -> tuple[Instant, Instant]:
        """
        Energises it for `width_s`, timed by the board; returns when it switched, and when back. Raises DeviceError.
        """
        width_us, level = round(width_s * 1e6), self._level(True)
        if not 1 <= width_us <= _LONGEST_US:
            raise DeviceError(self._device, f"the board times pulses of 1 us to {_LONGEST_US / 1e6:.0f} s")
        with self.board.ear() as ear:
            start_us = await self.board.call(lambda board: board.pulse(self.output, level, width_us=width_us))
            end_us = start_us + width_us
            done = await ear.first(lambda event: self._ended(event, end_us), width_s + _WORD_S, "its pulse ended")
        assert isinstance(done, Done)
        self._check(done, 1)
        # Each switching came between the ticks it was due at and its stamp, and the later one's lateness is told.
        first, last = self.board.instant(start_us), self.board.instant(end_us)
        return (
            first.hull(self.board.instant(start_us + done.late_us)),
            last.hull(self.board.instant(end_us + done.late_us)),
        )

    async def train(self, train: Train, within_s: float) -> tuple[Instant, Instant]:
        """
        Makes the pulses, timed by the board; returns when the first began and the last ended, as it stamped them. One
        that waits for an edge gives up after `within_s`. Raises DeviceError.
        """
        level, width_us, gap_us = self._level(True), _us(train.width_s), _us(train.every_s - train.width_s)

        def load(board: Board) -> int:
            asked_us = board.clock().ticks_us
            times = {"width_us": width_us, "gap_us": max(0, gap_us), "count": train.count}
            if train.after_edges:
                at = {"line": train.line, "nth": train.after_edges, "offset_us": _us(train.offset_s)}
                board.anchor(self.output, level, edge=Edge.RISING, **at, **times)
            elif train.jitter_s:
                jitter_us = _us(train.jitter_s)
                board.scatter(
                    self.output,
                    level,
                    widths_us=(width_us, width_us + jitter_us),
                    gaps_us=(gap_us, gap_us + jitter_us),
                    count=train.count,
                    seed=train.seed,
                )
            else:
                board.pulse(self.output, level, **times)
            return asked_us

        with self.board.ear() as ear:
            asked_us = await self.board.call(load)

            def ended(event: BoardEvent) -> bool:
                # What is left of an earlier pulse came before any switching of this train.
                return isinstance(event, Done) and event.output == self.output and bool(self._switched(ear, asked_us))

            patience_s = within_s if train.after_edges else 0.0
            try:
                done = await ear.first(
                    ended, patience_s + train.offset_s + train.length_s + _WORD_S, "its pulses ended"
                )
            except DeviceError:
                if not self.board.trouble:
                    await self.board.call(lambda board: board.cancel(self.output))
                raise
            assert isinstance(done, Done)
            self._check(done, train.count)
            switched = self._switched(ear, asked_us)
        return self.board.stamped(switched[0]), self.board.stamped(switched[-1])

    def _switched(self, ear: Ear, since_us: int) -> list[int]:
        edges = (edge for event in ear.heard() if isinstance(event, Edges) for edge in event.edges)
        return [
            edge.ticks_us for edge in edges if edge.is_output and edge.line == self.output and edge.ticks_us >= since_us
        ]

    def _check(self, done: Done, count: int) -> None:
        if done.switchings != 2 * count:
            problem = (
                f"{done.switchings} of {2 * count} switchings, up to {done.late_us} us late: the board dropped the rest"
            )
            raise DeviceError(self._device, problem)

    def _ended(self, event: BoardEvent, end_us: int) -> bool:
        # An earlier pulse that nobody waited for may still send its word.
        if not isinstance(event, Done) or event.output != self.output:
            return False
        return event.received_ns >= self.board.instant(end_us).earliest_ns

    def _level(self, energised: bool) -> int:
        safe = self.board.safe_level(self.output)
        return 1 - safe if energised else safe


def _us(length_s: float) -> int:
    return round(length_s * 1e6)
