"""
Drills: what can be run.
"""

from __future__ import annotations

from fastapi import APIRouter

from ...config.drill import load_drill
from ...errors import UsageError
from ..asked import Bench
from ..schemas import DrillBrief

router = APIRouter(prefix="/drills", tags=["drills"])


@router.get("", summary="The drills that can be asked for")
async def list_drills(bench: Bench) -> list[DrillBrief]:
    """
    Those that are shipped, and those beside the rig. One whose file is wrong is listed too, with what is wrong.
    """
    return [_brief(name, source) for name, source in bench.catalogue.drills.items()]


def _brief(name: str, source: str) -> DrillBrief:
    try:
        spec = load_drill(source)
    except UsageError as error:
        return DrillBrief(name=name, problem=str(error))
    return DrillBrief(
        name=name,
        title=spec.title,
        hypothesis=spec.hypothesis,
        severity=spec.severity.value,
        chaos_type=spec.chaos_type,
        component=spec.component,
        trials=spec.trials.count,
        criteria=[criterion.expr for criterion in spec.criteria],
    )
