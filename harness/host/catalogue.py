"""
The rigs, drills and game days that there are by name: what is shipped, the rig that is served, and what is beside it.

A path is never taken from a request: a rig file names programs to run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ..config.rig import load_rig
from ..config.source import shipped
from ..errors import UsageError, nearest
from ..model.rig import RigSpec


class Catalogue:
    """
    `rig` is what is served: a rig's file, or the name of a shipped one. Raises UsageError for what the file gets wrong.
    """

    def __init__(self, rig: str) -> None:
        served = load_rig(rig)
        self._name, self._source = served.name, rig
        self._beside = served.path.parent

    @property
    def rigs(self) -> dict[str, str]:
        """
        The name or path of each rig, by name; the one that is served comes first.
        """
        others = {name: name for name in shipped("rig") if name != self._name}
        return {self._name: self._source} | others

    @property
    def drills(self) -> dict[str, str]:
        """
        The name or path of each drill, by name; one beside the rig goes before a shipped one.
        """
        return self._shipped_or_beside("drill", "drills")

    @property
    def gamedays(self) -> dict[str, str]:
        """
        The name or path of each game day, by name; one beside the rig goes before a shipped one.
        """
        return self._shipped_or_beside("game day", "gamedays")

    def source(self, what: Literal["rig", "drill"], name: str) -> str:
        """
        The name or path of a rig or a drill. Raises UsageError for one that there is not.
        """
        sources = self.rigs if what == "rig" else self.drills
        if name not in sources:
            raise UsageError(f"no {what} '{name}'; {nearest(name, sources)}", key=what)
        return sources[name]

    def rig(self, name: str | None) -> RigSpec:
        """
        The rig of that name, or the one that is served. Raises UsageError.
        """
        return load_rig(self.source("rig", name or self._name))

    def _shipped_or_beside(self, what: str, folder: str) -> dict[str, str]:
        known = shipped(what)
        own = {path.stem: path for path in sorted((self._beside / folder).glob("*.toml"))}
        found = {name: name for name in known}
        return found | {name: str(path) for name, path in own.items() if not _same(path, known.get(name))}


def _same(path: Path, other: Path | None) -> bool:
    return other is not None and path.resolve() == other.resolve()
