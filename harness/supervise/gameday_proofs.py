"""
The items of a checklist that the bench can show by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from ..errors import Exit
from ..model.event import Event, Kind
from ..model.finding import Finding, Grade
from ..model.gameday import Checked, CheckSpec, Item, Standing
from ..protocols import Listener
from .gameday_log import GameDayLog
from .gameday_plan import Plan, Planned
from .request import JobRequest, LookRequest
from .standby import made_safe
from .supervisor import Outcome

Carry = Callable[[JobRequest, Listener], Awaitable[Outcome]]
"""Has a bench process carry out a job; the listener hears what it tells."""

WHO = "crashbench"


async def prove(check: CheckSpec, plan: Plan, log: GameDayLog, carry: Carry) -> Checked:
    """
    Shows an item on every rig of the game day, or tells what is in the way.
    """
    findings: list[Finding] = []
    for planned in plan.rigs:
        if check.item is Item.ROLLBACK:
            findings += await rollback(planned)
        else:
            found = await _looked(check, plan, planned, carry)
            named = f"{planned.rig.name}, " if len(plan.rigs) > 1 else ""
            findings += [replace(finding, subject=f"{named}{finding.subject}") for finding in found]
    is_shown = all(finding.grade in (Grade.OK, Grade.WARN) for finding in findings)
    wrong = [finding for finding in findings if finding.grade not in (Grade.OK, Grade.WARN)]
    told = "; ".join(_told(finding) for finding in (findings if is_shown else wrong))
    return Checked(
        item=check.item,
        what=check.what,
        standing=Standing.PROVEN if is_shown else Standing.OPEN,
        who=WHO,
        at=log.now(),
        told=told,
        findings=tuple(findings),
    )


async def rollback(planned: Planned) -> list[Finding]:
    """
    Makes a rig safe as `crashbench restore` does, in a process of its own, and looks whether every DUT is fed then.
    """
    told = await made_safe(planned.rig)
    check, rig = Item.ROLLBACK.value, planned.rig
    if "problem" in told:
        return [Finding(check=check, subject=rig.name, measured=str(told["problem"]), grade=Grade.FAIL)]
    return [_rail(check, f"{rig.name}, {dut}", volts) for dut, volts in told["rails_v"].items()]


def _rail(check: str, subject: str, volts: float | None) -> Finding:
    if volts is None:
        told = "restored, but no meter that can be believed sees whether it is fed"
        advice = "have a person tick the item"
        return Finding(check=check, subject=subject, measured=told, grade=Grade.CANNOT_TELL, advice=advice)
    return Finding(check=check, subject=subject, measured=f"restored, and seen fed at {volts:.2f} V", grade=Grade.OK)


async def _looked(check: CheckSpec, plan: Plan, planned: Planned, carry: Carry) -> list[Finding]:
    findings: list[Finding] = []

    def hear(event: Event) -> None:
        if event.kind is Kind.FINDING:
            data: Any = event.data
            findings.append(Finding.from_json(data))

    request = LookRequest(
        rig=planned.request.rig,
        seed=plan.seed,
        gameday=plan.asked,
        scenarios=plan.on(planned.rig),
        item=check.item.value,
    )
    outcome = await carry(request, hear)
    if outcome.exit_code != Exit.HELD and (outcome.problem or not findings):
        problem = outcome.problem or f"the look ended with {outcome.exit_code}"
        findings.append(Finding(check=check.item.value, subject=planned.rig.name, measured=problem, grade=Grade.FAIL))
    return findings


def _told(finding: Finding) -> str:
    return f"{finding.subject}: {finding.measured}" + (f" ({finding.advice})" if finding.advice else "")
