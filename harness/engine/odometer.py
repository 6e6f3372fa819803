"""
How often each contact of a rig has been struck: on disk before the stroke, so that it is never told less than it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .. import clock
from . import logbook
from .measured import Measured

_HOUR_NS = 3600 * clock.NS_PER_S

# A line is some 100 bytes. So many are read in a few milliseconds; then what is older than an hour goes.
_LONGEST = 4096

# proc(5), /proc/sys/kernel/random: another one after every boot.
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class _Stroke(NamedTuple):
    device: str
    strokes: int
    total: int
    boot: str
    at_ns: int


class Odometer:
    """
    One file per rig, appended and fsynced; each line bears the device's total, so that a lost one is made good by the
    next.

    Ages are of the bench clock. It starts anew with every boot: a stroke of an earlier boot is taken to be as young as
    it can be. With no path it is kept in memory only.
    """

    def __init__(self, path: Path | None, boot: str | None = None) -> None:
        self._path = path
        self.floors = Measured(path and path.with_name("floors.json"))
        """The shortest interruption that each switch was measured to make honestly."""
        self.bounces = Measured(path and path.with_name("bounces.json"))
        """The longest that each contact can have chattered while it was measured."""
        self.chatters = Measured(path and path.with_name("chatters.json"))
        """The longest that each contact was surely seen to chatter then."""
        self._boot = _boot_id() if boot is None else boot
        self._totals: dict[str, int] = {}
        self._recent: dict[str, deque[tuple[int, int]]] = {}
        self._unreadable = 0
        # Where this boot's zero lies at the earliest, on a line that goes through all boots, in nanoseconds.
        self._zero_ns = 0
        self._found: list[tuple[int, _Stroke]] = []
        self._is_read = False
        self._needs_order = False

    def total(self, device: str) -> int:
        """
        How often it was struck. Raises RecordError.
        """
        self._read()
        return self._totals.get(device, 0)

    @property
    def unreadable(self) -> int:
        """
        How many lines of the file could not be believed. Raises RecordError.
        """
        self._read()
        return self._unreadable

    def within_hour(self, device: str) -> int:
        """
        How many of its strokes can have been within the last hour. Raises RecordError.
        """
        self._read()
        recent = self._recent.setdefault(device, deque())
        while recent and recent[0][0] < self._now_ns() - _HOUR_NS:
            recent.popleft()
        return sum(count for _, count in recent)

    def count(self, device: str, strokes: int = 1) -> None:
        """
        Counts strokes that are about to be made. Raises RecordError when that cannot be written down, and then they
        must not be made.
        """
        self._read()
        self._write(_Stroke(device, strokes, self.total(device) + strokes, self._boot, clock.now_ns()))

    def replaced(self, device: str) -> None:
        """
        Begins at nothing for a device that was replaced; what it did in the last hour counts no more. Raises
        RecordError.
        """
        self._read()
        self._recent.pop(device, None)
        self._write(_Stroke(device, 0, 0, self._boot, clock.now_ns()))

    def _write(self, stroke: _Stroke) -> None:
        if self._path is not None:
            if self._needs_order:
                logbook.rewrite(self._path, self._shortened())
            self._needs_order, self._found = False, []
            logbook.append(self._path, {"stroke": list(stroke)})
        self._take(stroke, self._now_ns())

    def _take(self, stroke: _Stroke, at_ns: int) -> None:
        self._totals[stroke.device] = stroke.total
        recent = self._recent.setdefault(stroke.device, deque())
        if not stroke.total:
            recent.clear()
        recent.append((at_ns, stroke.strokes))

    def _now_ns(self) -> int:
        return self._zero_ns + clock.now_ns()

    def _read(self) -> None:
        if self._is_read or self._path is None:
            return
        records = logbook.read(self._path)
        boot, last_ns = "", 0
        for stroke in self._strokes(records):
            # Where boots have no name, a clock that went back tells them apart.
            if last_ns and (stroke.boot != boot or stroke.at_ns < last_ns):
                self._zero_ns += last_ns
            boot, last_ns = stroke.boot, stroke.at_ns
            at_ns = self._zero_ns + stroke.at_ns
            self._found.append((at_ns, stroke))
            self._take(stroke, at_ns)
        if last_ns and (boot != self._boot or last_ns > clock.now_ns()):
            self._zero_ns += last_ns
        # A torn line would swallow the next one: the file is put in order before that is written.
        self._needs_order = len(records) > _LONGEST or None in records
        self._is_read = True

    def _strokes(self, records: list[object]) -> Iterator[_Stroke]:
        for record in records:
            match record:
                case {"stroke": [str(device), int(strokes), int(total), str(boot), int(at_ns)]}:
                    yield _Stroke(device, strokes, total, boot, at_ns)
                case {"unreadable": int(count)}:
                    self._unreadable += count
                case _:
                    self._unreadable += 1

    def _shortened(self) -> Iterator[dict[str, object]]:
        """
        The last hour and each device's last line; what could not be read stays on record as a number.
        """
        if self._unreadable:
            yield {"unreadable": self._unreadable}
        since_ns = self._now_ns() - _HOUR_NS
        last = {stroke.device: index for index, (_, stroke) in enumerate(self._found)}
        for index, (at_ns, stroke) in enumerate(self._found):
            if at_ns >= since_ns or last[stroke.device] == index:
                yield {"stroke": list(stroke)}


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
