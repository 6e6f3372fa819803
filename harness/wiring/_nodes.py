"""
Device nodes: which there are, and what to say of one that is not.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import nearest

DEV = Path("/dev")


def numbers(dev: Path, stem: str) -> list[int]:
    """
    The N of every `<stem>N` in a folder, in order; a link counts as what it points to.

    >>> numbers(Path("/dev/no-such-folder"), "gpiochip")
    []
    """
    found = (re.fullmatch(rf"{re.escape(stem)}(\d+)", path.resolve().name) for path in dev.glob(f"{stem}*"))
    return sorted({int(match[1]) for match in found if match})


def missing(path: Path, stem: str, cure: str) -> str:
    """
    One line: the node is not there, which one is nearest, and what makes them appear when there is none at all.
    """
    there = [str(path.parent / f"{stem}{number}") for number in numbers(path.parent, stem)]
    return f"there is no {path}; {nearest(str(path), there) if there else cure}"
