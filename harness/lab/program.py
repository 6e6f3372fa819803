"""
What a unit runs.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from ..config.data import data
from ..errors import UsageError
from ..model.rig import RigSpec
from ..model.world import UnitSpec


def argv(rig: RigSpec, name: str, unit: UnitSpec) -> list[str]:
    """
    The command of a unit's program: a file beside the rig's, a shipped fixture by its file or folder, or a command.

    Raises UsageError when there is no such thing.
    """
    key = f"world.units.{name}.program"
    if not unit.program:
        raise UsageError(
            'missing; name what the unit runs, like `program = ["edge_node"]`', file=str(rig.path), key=key
        )
    first, *rest = unit.program
    path = _found(first, rig.path.absolute().parent)
    if path is None:
        problem = f"'{first}' is no file beside the rig's, no shipped fixture, and no command"
        raise UsageError(f"{problem}; give a file's path", file=str(rig.path), key=key)
    return [*([sys.executable] if path.suffix == ".py" else []), str(path), *rest]


def _found(word: str, folder: Path) -> Path | None:
    fixtures = data("fixtures")
    for path in (folder / word, fixtures / word, fixtures / word / f"{word}.py"):
        if path.is_file():
            return path.resolve()
    command = shutil.which(word)
    return Path(command) if command else None
