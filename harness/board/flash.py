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


def flash(folder: Path, board: BoardFiles) -> Flashed:
    """
    Copies what the manifest in `folder` names and the board has not, `main.py` last, and sees that it arrived.

    Raises `BoardError`; what was copied until then stays, and another flash goes on from there.
    """
    contents = {name: (folder / name).read_bytes() for name in Loader([folder], {}).load("manifest").FILES}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    changed = tuple(name for name in contents if board.digest(name) != digests[name])
    if changed and board.digest(MAIN) is not None:
        board.rename(MAIN, ASIDE)
    for name in sorted(changed, key=lambda name: name == MAIN):
        board.write(name, contents[name])
        if board.digest(name) != digests[name]:
            raise BoardError(f"{name} did not arrive as it was sent; flash again")
    if changed and MAIN not in changed:
        board.rename(ASIDE, MAIN)
    if board.digest(ASIDE) is not None:
        board.remove(ASIDE)
    return Flashed(changed, tuple(name for name in contents if name not in changed))
