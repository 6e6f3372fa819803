"""
Rigs: what there is, and whether a run is going on there.
"""

from __future__ import annotations

from fastapi import APIRouter

from ...config.rig import load_rig
from ...errors import UsageError
from ..asked import Bench
from ..host_bench import HostBench
from ..problems import Unknown, answers
from ..schemas import DutDetail, RigBrief, RigDetail

router = APIRouter(prefix="/rigs", tags=["rigs"])


@router.get("", summary="The rigs that can be asked for; the one that is served comes first")
async def list_rigs(bench: Bench) -> list[RigBrief]:
    """
    A rig whose file is wrong is listed too, with what is wrong.
    """
    return [_brief(bench, name, source) for name, source in bench.catalogue.rigs.items()]


@router.get("/{rig}", summary="A rig as its file describes it", responses=answers(404, 422))
async def read_rig(bench: Bench, rig: str) -> RigDetail:
    """
    Its devices and DUTs, and the run that this host carries out on it.
    """
    if rig not in bench.catalogue.rigs:
        raise Unknown(f"no rig '{rig}'; known: {', '.join(bench.catalogue.rigs)}", key="rig")
    spec = bench.catalogue.rig(rig)
    return RigDetail(
        name=spec.name,
        title=spec.title,
        time=spec.time,
        environment=spec.environment,
        digest=spec.digest,
        devices={name: device.kind for name, device in spec.devices.items()},
        duts=[
            DutDetail(name=dut.name, nominal_v=dut.nominal_v, brown_out_v=dut.brown_out_v, roles=dict(dut.roles))
            for dut in spec.duts.values()
        ],
        run_id=bench.lane.on(spec),
    )


def _brief(bench: HostBench, name: str, source: str) -> RigBrief:
    try:
        spec = load_rig(source)
    except UsageError as error:
        return RigBrief(name=name, problem=str(error))
    return RigBrief(
        name=name,
        title=spec.title,
        time=spec.time,
        environment=spec.environment,
        duts=list(spec.duts),
        run_id=bench.lane.on(spec),
    )
