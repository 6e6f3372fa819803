"""
What was learned on a game day, written into its folder.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import CrashbenchError, RecordError
from ..model.gameday import GameDay
from ..reports.lessons import Found, Lessons
from ..store.events import FILE
from ..store.evidence import load_evidence
from ..store.gameday_record import LESSONS, load_gameday_record
from ..store.record import fold, folder


def lessons(at: Path) -> tuple[GameDay, str]:
    """
    The game day whose record is in that folder, and what was learned. Raises RecordError.
    """
    day = load_gameday_record(at)
    return day, Lessons.game_day(day, {one.name: _found(one.run_id) for one in day.scenarios})


def write_lessons(at: Path) -> Path:
    """
    Writes them into the folder, beside a page that is there already and is another: somebody may have written into it.

    Raises RecordError.
    """
    _, text = lessons(at)
    path = at / LESSONS
    try:
        if path.exists() and path.read_text(encoding="utf-8") != text:
            path = path.with_suffix(".new.md")
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def _found(run_id: str | None) -> Found:
    """
    A run with its evidence; None for one that has no record, or none that can be read: the page says so.
    """
    if run_id is None:
        return None
    try:
        at = folder(run_id)
        evidence = load_evidence(at)
        return fold(evidence.events, where=str(at / FILE)), evidence
    except CrashbenchError:
        return None
