"""
The process that makes a rig safe: after a bench process died, or when somebody asks for it.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TextIO

from .. import clock
from ..assemble import Opening, assembled
from ..assemble.wires import RigWires
from ..config.rig import load_rig
from ..engine.restore import Restored, restore
from ..engine.undo import UndoJournal
from ..errors import CrashbenchError, Exit
from ..model.rig import RigSpec
from .lease import Lease
from .places import undo_path
from .wire import READY


def restore_rig(rig: RigSpec) -> Restored:
    """
    Takes the rig's lease, undoes what was left, makes safe, looks. Raises Refused, DeviceError, Unrestored.
    """
    with Lease(rig, "crashbench restore"):
        return clock.run(_restore, rig, virtual=rig.is_virtual)


async def _restore(rig: RigSpec) -> Restored:
    async with assembled(rig, opening=Opening.RESTORE) as bench:
        return await restore(bench, UndoJournal(None if rig.is_virtual else undo_path(rig)))


def main() -> int:
    """
    Restores the rig whose file is the last argument; the last line on standard output is JSON. After `--wait` it gets
    ready, says so in a line, and restores once a line says so on standard input; at its end, nothing.
    """
    *options, file = sys.argv[1:]
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a stray print of some library must not be taken for ours
    try:
        rig = load_rig(file)
        if "--wait" in options and not _told_to(rig, out):
            return Exit.HELD
        restored = restore_rig(rig)
    except CrashbenchError as error:
        print(json.dumps({"problem": str(error), "exit_code": error.exit_code}), file=out, flush=True)
        return error.exit_code
    rails = dict(restored.rails_v)
    print(json.dumps({"undone": len(restored.pending.undos), "rails_v": rails}), file=out, flush=True)
    return Exit.HELD


def _told_to(rig: RigSpec, out: TextIO) -> bool:
    """
    Waits, with everything imported that the rig needs, until somebody says so, which may never be.
    """
    with suppress(CrashbenchError):  # what is wrong with it now may be right then
        RigWires(rig).check(there=False)
    print(READY, file=out, flush=True)
    return bool(sys.stdin.readline())


if __name__ == "__main__":
    sys.exit(main())
