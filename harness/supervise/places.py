"""
Where the things of a rig are kept.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..assemble import Assembly
from ..engine.odometer import Odometer
from ..model.rig import RigSpec
from ..store.home import home


def undo_path(rig: RigSpec) -> Path:
    """
    The undo journal of a rig: one per rig file, beside no run.
    """
    return _folder(rig) / "undo.journal"


def odometer(rig: RigSpec) -> Odometer:
    """
    What a rig's contacts have done so far; in virtual time every run has new ones.
    """
    return Odometer(None if rig.is_virtual else _folder(rig) / "strokes.log")


def count_opening(bench: Assembly, strokes: Odometer) -> None:
    """
    Counts a stroke for every contact whose coil is energised at its safe level: taking its line closed it, unless it
    was held since. Raises RecordError.
    """
    for switch in bench.switches():
        if getattr(switch, "is_held", False) and switch.name not in bench.missing:
            strokes.count(switch.name)


def chatter_as_seen(bench: Assembly, strokes: Odometer) -> None:
    """
    Has every contact chatter for as long as an audit saw it do, where that is longer than its rig file declares. Raises
    RecordError.
    """
    for switch in bench.switches():
        switch.chatter_s = max(switch.chatter_s, strokes.chatters.of(switch.name) or 0.0)


def _folder(rig: RigSpec) -> Path:
    digest = hashlib.sha256(str(rig.path.resolve()).encode()).hexdigest()[:8]
    return home() / "rigs" / f"{rig.name}-{digest}"
