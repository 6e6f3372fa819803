"""
Where the things of a rig are kept.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..model.rig import RigSpec
from ..store.home import home


def undo_path(rig: RigSpec) -> Path:
    """
    The undo journal of a rig: one per rig file, beside no run.
    """
    digest = hashlib.sha256(str(rig.path.resolve()).encode()).hexdigest()[:8]
    return home() / "rigs" / f"{rig.name}-{digest}" / "undo.journal"
