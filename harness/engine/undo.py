"""
The write-ahead undo journal of a rig: what would restore the DUT is on disk before the DUT is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import RecordError
from ..model.undo import Undo
from . import logbook


@dataclass(frozen=True, slots=True)
class Pending:
    """
    What an earlier run left: undos that were promised and not kept, and how many records could not be read.
    """

    undos: tuple[Undo, ...]
    unreadable: int

    @property
    def is_clean(self) -> bool:
        """
        Whether nothing was left. A record that cannot be read never counts as healed.
        """
        return not self.undos and not self.unreadable


class UndoJournal:
    """
    One file per rig, appended and fsynced. `promise` before a fault, `keep` after it was restored.

    With no path it is kept in memory only: for a rig whose whole world ends with the process.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._open: dict[int, Undo] = {}
        self._next: int | None = None

    def promise(self, undos: Sequence[Undo], run_id: str) -> list[int]:
        """
        Writes down what will have to be undone. Raises RecordError when it cannot, and then nothing may be struck.
        """
        numbers = []
        for undo in undos:
            number = self._number()
            record = {"promise": number, "device": undo.device, "action": undo.action, "run": run_id}
            self._append(record)
            self._open[number] = undo
            numbers.append(number)
        return numbers

    def keep(self, numbers: Sequence[int]) -> None:
        """
        Writes down that it was undone. Raises RecordError.
        """
        for number in numbers:
            self._append({"kept": number})
            self._open.pop(number, None)

    def pending(self) -> Pending:
        """
        What the file says is still to be undone. Raises RecordError.
        """
        if self._path is None:
            return Pending(tuple(self._open.values()), 0)
        promised: dict[int, Undo] = {}
        unreadable = 0
        for record in logbook.read(self._path):
            match record:
                case {"promise": int(number), "device": str(device), "action": str(action)}:
                    promised[number] = Undo(device=device, action=action)
                    self._next = max(self._next or 0, number + 1)
                case {"kept": int(number)}:
                    promised.pop(number, None)
                case _:
                    unreadable += 1
        return Pending(tuple(promised.values()), unreadable)

    def clear(self) -> None:
        """
        Starts a new file, after everything in the old one was undone and the rig made safe. Raises RecordError.
        """
        self._open.clear()
        if self._path is None or not self._path.exists():
            return
        try:
            self._path.unlink(missing_ok=True)
            logbook.sync_folder(self._path.parent)
        except OSError as error:
            raise RecordError(f"{self._path}: cannot be cleared: {error.strerror}") from error

    def _number(self) -> int:
        """
        A number that no promise in the file has: else keeping the one would keep the other.
        """
        if self._next is None:
            self.pending()
        number = self._next or 0
        self._next = number + 1
        return number

    def _append(self, record: dict[str, object]) -> None:
        if self._path is not None:
            logbook.append(self._path, record)
