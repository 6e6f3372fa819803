"""
What would undo a fault: written down before the fault is applied.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """
    `action` (a verb that the device knows, such as `on`) on the rig's device of that name undoes what was done.
    """

    device: str
    action: str
