"""
The firmware in this process, under a clock that the test moves.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.board.client import Board
from harness.board.firmware import Loader
from harness.board.inprocess import InProcessBoard
from harness.board.seam import PinChange

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
FIXTURES = ROOT / "fixtures" / "board"


class Bench:
    """
    A board, its client, its outside, and the time.
    """

    def __init__(self, *, start_ns: int = 7_000_000_000, seed: int = 1, inputs: dict[int, int] | None = None) -> None:
        self.now_ns = start_ns
        self.changes: list[PinChange] = []
        self.outside = InProcessBoard(
            firmware=FIRMWARE,
            fixtures=FIXTURES,
            now_ns=lambda: self.now_ns,
            changed=self.changes.append,
            inputs=inputs,
            seed=seed,
        )
        self.board = Board(self.outside)

    def wait_ms(self, duration_ms: float) -> None:
        """
        Lets the time pass, as a loop would that sleeps until the board is due.
        """
        end_ns = self.now_ns + round(duration_ms * 1e6)
        while (due_ns := self.outside.next_due_ns()) is not None and due_ns <= end_ns:
            self.now_ns = max(self.now_ns, due_ns)
            self.outside.run()
        self.now_ns = end_ns
        self.outside.run()

    def edges(self, gpio: int) -> list[tuple[int, int | None]]:
        """
        What output `gpio` did, as (us since the board's start, level), and forgets it.
        """
        born_ns = 7_000_000_000
        found = [((change.at_ns - born_ns) // 1000, change.level) for change in self.changes if change.gpio == gpio]
        self.changes.clear()
        return found


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.board.hello()
    made.changes.clear()
    return made


@pytest.fixture
def loader() -> Loader:
    return Loader([FIRMWARE, FIXTURES], {})
