"""
A board's file system, played.
"""

from __future__ import annotations

import hashlib

from harness.board.failures import BoardLost


class FakeFiles:
    """
    Files in memory that remember what was done to them; after `patience` changes the cable is out.
    """

    def __init__(self, files: dict[str, bytes], patience: int = 10_000) -> None:
        self.files, self.patience = dict(files), patience
        self.done: list[tuple[str, ...]] = []

    def digest(self, name: str) -> str | None:
        """
        As `BoardFiles` has it, like all below.
        """
        return hashlib.sha256(self.files[name]).hexdigest() if name in self.files else None

    def write(self, name: str, content: bytes) -> None:
        """
        Makes the file; a cut leaves half of it.
        """
        self.files[name] = content[: len(content) // 2]
        self._do("write", name)
        self.files[name] = content

    def rename(self, name: str, to: str) -> None:
        """
        Gives a file another name.
        """
        self._do("rename", name, to)
        self.files[to] = self.files.pop(name)

    def remove(self, name: str) -> None:
        """
        Deletes a file.
        """
        self._do("remove", name)
        del self.files[name]

    def _do(self, *what: str) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise BoardLost("the cable is out")
        self.done.append(what)
