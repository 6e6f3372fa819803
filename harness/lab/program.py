"""
What a unit runs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..config.data import data
from ..errors import BenchError, UsageError, nearest
from ..model.rig import RigSpec
from ..model.world import UnitSpec

_CHECK_S = 20.0


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


def check(rig: RigSpec, units: Mapping[str, UnitSpec]) -> None:
    """
    Asks each program that can tell whether it has all that it needs. Raises BenchError with what it says if not.
    """
    able = {tuple(argv(rig, name, unit)[:2]): name for name, unit in units.items() if unit.check}
    for command, name in able.items():
        try:
            done = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False, timeout=_CHECK_S)
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"unit '{name}' cannot run: its --check took more than {_CHECK_S:g} s") from error
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            raise BenchError(f"unit '{name}' cannot run: {said[-1] if said else f'{command[-1]} does not say why'}")


_NAMED = re.compile(r"\{([A-Za-z0-9_.-]+)\}")
_OF_THE_MACHINE = re.compile(r"\{machine\.([0-9]{1,5})\}")


def filled(words: Sequence[str], facts: Mapping[str, str]) -> list[str]:
    """
    A command whose words may name facts, such as `{folder}`, with what they stand for. Raises UsageError for a fact
    that there is not.

    >>> filled(["--uplink", "fibre={link.fibre}"], {"link.fibre": "127.0.0.1:20000"})
    ['--uplink', 'fibre=127.0.0.1:20000']
    """

    def fact(match: re.Match[str]) -> str:
        if match[1] not in facts:
            raise UsageError(f"there is no {match[0]} here; {nearest(match[1], facts)}")
        return facts[match[1]]

    return [_NAMED.sub(fact, word) for word in words]


def says_where_it_listens(words: Sequence[str]) -> bool:
    """
    Whether a command names `{listen}`: then it has all the options that it wants, and gets no others.
    """
    return any("{listen}" in word for word in words)


def _found(word: str, folder: Path) -> Path | None:
    fixtures = data("fixtures")
    for path in (folder / word, fixtures / word, fixtures / word / f"{word}.py"):
        if path.is_file():
            return path.resolve()
    command = shutil.which(word)
    return Path(command) if command else None


def ports_of_the_machine(words: Sequence[str]) -> list[int]:
    """
    The ports of the machine itself that a command names, as `{machine.9093}`.
    """
    return sorted({int(port) for word in words for port in _OF_THE_MACHINE.findall(word)})
