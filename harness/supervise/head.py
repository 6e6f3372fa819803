"""
The head of a run's record: who, what, where, when, and how to do it again.
"""

from __future__ import annotations

import hashlib
import platform
import secrets

from .. import __version__, clock
from ..model.drill import DrillSpec
from ..model.rig import RigSpec
from ..model.run import Dut, RailLevels, RunHead
from .request import RunRequest, repeat_command


def run_head(request: RunRequest, drill: DrillSpec, rig: RigSpec, wiring: str, firmware: str | None = None) -> RunHead:
    """
    The head of a run that starts now; the DUT is asked later who it is.

    In virtual time it follows from drill, rig and seed alone.
    """
    anchor = clock.Anchor.from_seed(request.seed) if rig.is_virtual else clock.Anchor.take()
    started = anchor.wall(anchor.at_ns)
    if rig.is_virtual:
        content = f"{drill.digest}\n{rig.digest}\n{request.seed}\n{request.until_failure}"
        run_id = f"{drill.name}-{rig.name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    else:
        run_id = f"{started:%Y%m%d-%H%M%S}-{drill.name}-{secrets.token_hex(2)}"
    return RunHead(
        run_id=run_id,
        drill=drill.name,
        drill_title=drill.title,
        hypothesis=drill.hypothesis,
        severity=drill.severity.value,
        chaos_type=drill.chaos_type,
        component=drill.component,
        rig=rig.name,
        seed=request.seed,
        environment=rig.environment,
        world="sim" if rig.is_virtual else "lab" if rig.is_lab else "real",
        started_at=started.isoformat(timespec="milliseconds"),
        versions={"crashbench": __version__, "python": platform.python_version(), "firmware": firmware},
        dut=Dut(),
        repeat_command=repeat_command(request, drill, rig),
        wiring=wiring,
        rails={
            name: RailLevels(nominal_v=dut.nominal_v, brown_out_v=dut.brown_out_v) for name, dut in rig.duts.items()
        },
    )
