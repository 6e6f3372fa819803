"""
The process that makes a rig safe: after a bench process died, or when somebody asks for it.
"""

from __future__ import annotations

import json
import sys

from .. import clock
from ..assemble import Opening, assembled
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
    try:
        rig = load_rig(file)
        if "--wait" in options:
            print(READY, flush=True)  # noqa: T201 - its only output
            if not sys.stdin.readline():
                return Exit.HELD
        restored = restore_rig(rig)
    except CrashbenchError as error:
        print(json.dumps({"problem": str(error), "exit_code": error.exit_code}))  # noqa: T201 - its only output
        return error.exit_code
    rails = dict(restored.rails_v)
    print(json.dumps({"undone": len(restored.pending.undos), "rails_v": rails}))  # noqa: T201 - its only output
    return Exit.HELD


if __name__ == "__main__":
    sys.exit(main())
