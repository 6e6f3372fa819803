"""
Small game days for tests, and the command line that holds them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harness.cli.main import run
from harness.config.source import shipped
from harness.model.gameday import GameDay
from harness.store.gameday_record import LESSONS, gameday_folder, load_gameday_record

TICKED = "\n".join(
    f"[checklist.{item}]" for item in ("announce", "monitoring", "rollback", "on_call", "war_room", "baseline")
)
PROVEN = """
[checklist.announce]
[checklist.monitoring]
by = "proof"
within = "30 s"
[checklist.rollback]
by = "proof"
[checklist.on_call]
[checklist.war_room]
[checklist.baseline]
by = "proof"
for = "2 s"
"""


def scenario(drill: str, name: str = "", *sets: str) -> str:
    """
    A scenario's table.
    """
    lines = ["[[scenario]]", f'drill = "{drill}"', 'procedure = ["Do it.", "Look."]']
    lines += [f'name = "{name}"'] if name else []
    lines += [f"set = [{', '.join(repr(one) for one in sets)}]"] if sets else []
    return "\n".join(lines)


def gameday(folder: Path, scenarios: Iterable[str], checklist: str = TICKED, rig: str = "sim") -> Path:
    """
    A game day's file.
    """
    path = folder / "day.toml"
    text = "\n".join([f'title = "A day"\nrig = "{rig}"', checklist, *scenarios])
    path.write_text(text, encoding="utf-8")
    return path


def rig_with(folder: Path, old: str, new: str, shipped_rig: str = "sim") -> str:
    """
    A shipped rig beside the game day, with a string replaced; the name that the game day calls it.
    """
    text = shipped("rig")[shipped_rig].read_text(encoding="utf-8")
    assert old in text
    (folder / "own.toml").write_text(text.replace(old, new), encoding="utf-8")
    return "own.toml"


def hold(path: Path, *words: str) -> int:
    """
    Holds a game day in this process; returns the exit code.
    """
    return run(["gameday", "run", str(path), *words])


def held() -> GameDay:
    """
    The last game day on record.
    """
    return load_gameday_record(gameday_folder("last"))


def learned() -> str:
    """
    What was learned on the last one.
    """
    return (gameday_folder("last") / LESSONS).read_text(encoding="utf-8")
