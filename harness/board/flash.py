"""
Puts the firmware's files onto a board, as far as they differ from what is there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .failures import BoardError
from .firmware import Loader

MAIN = "main.py"
# While files change, `main.py` is not under its name: a copy cut short leaves a board that boots into its REPL.
ASIDE = "main.aside"
# The pin table is replaced by renaming, so that neither half of one nor none at all is ever found under its name.
_NEW, _OLD = "pins.new", "pins.old"


class BoardFiles(Protocol):
    """
    A board's file system. Every method may raise `BoardError`.
    """

    def digest(self, name: str) -> str | None:
        """
        The SHA-256 of a file, in hex digits; None where there is none.
        """
        ...

    def write(self, name: str, content: bytes) -> None:
        """
        Makes the file, or makes it anew.
        """
        ...

    def rename(self, name: str, to: str) -> None:
        """
        Gives a file another name.
        """
        ...

    def remove(self, name: str) -> None:
        """
        Deletes a file.
        """
        ...


@dataclass(frozen=True, slots=True)
class Flashed:
    """
    The files that were copied, and those that the board had already, each in the manifest's order.
    """

    copied: tuple[str, ...]
    kept: tuple[str, ...]


def flash(folder: Path, board: BoardFiles, pins: bytes | None = None) -> Flashed:
    """
    Copies what the manifest in `folder` names and the board has not, `main.py` last, and sees that it arrived.

    The pin table is the user's: one that is on the board stays, unless `pins` is the content to put in its place.

    Raises `BoardError`; what was copied until then stays, and another flash goes on from there.
    """
    manifest = Loader([folder], {}).load("manifest")
    contents = {name: (folder / name).read_bytes() for name in manifest.FILES}
    _find_again(board, manifest.OWN)
    if pins is not None:
        contents[manifest.OWN] = pins
    changed = tuple(
        name
        for name, content in contents.items()
        if _differs(board, name, content, stays=name == manifest.OWN and pins is None)
    )
    if changed and board.digest(MAIN) is not None:
        board.rename(MAIN, ASIDE)
    for name in sorted(changed, key=lambda name: name == MAIN):
        if name == manifest.OWN:
            _replace(board, name, contents[name])
        else:
            _write(board, ASIDE if name == MAIN else name, contents[name])
    if changed:
        board.rename(ASIDE, MAIN)
    for leftover in (ASIDE, _OLD, _NEW):
        if board.digest(leftover) is not None:
            board.remove(leftover)
    return Flashed(changed, tuple(name for name in contents if name not in changed))


def _differs(board: BoardFiles, name: str, content: bytes, *, stays: bool) -> bool:
    there = board.digest(name)
    return there is None or (not stays and there != hashlib.sha256(content).hexdigest())


def _write(board: BoardFiles, name: str, content: bytes) -> None:
    board.write(name, content)
    if board.digest(name) != hashlib.sha256(content).hexdigest():
        raise BoardError(f"{name} did not arrive as it was sent; flash again")


def _replace(board: BoardFiles, name: str, content: bytes) -> None:
    _write(board, _NEW, content)
    if board.digest(name) is not None:
        board.rename(name, _OLD)
    board.rename(_NEW, name)


def _find_again(board: BoardFiles, name: str) -> None:
    """
    Undoes what a flash that was cut short left of the pin table: the old one is still the board's.
    """
    if board.digest(_OLD) is not None:
        if board.digest(name) is None:
            board.rename(_OLD, name)
        else:
            board.remove(_OLD)
