"""
The files that are shipped beside the code: firmware, fixtures, rigs.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def data(name: str) -> Path:
    """
    A shipped folder or file: in the wheel's package data, or in the checkout.
    """
    packed = _PACKAGE / "_data" / name
    return packed if packed.exists() else _PACKAGE.parent / name
