"""
An audit as a bench process carries it out: what it finds is told to the supervisor.
"""

from __future__ import annotations

from .. import clock
from ..assemble import Assembly, Opening, assembled
from ..audit.bench_audit import BenchAudit
from ..audit.forecast import lines
from ..audit.seen import Host
from ..engine.undo import Pending, UndoJournal
from ..errors import Exit
from ..model.event import Event
from ..model.finding import Grade
from ..model.rig import RigSpec
from ..store.home import home
from .job import End
from .places import count_opening, odometer
from .request import AuditRequest
from .wire import Done, Sender


class AuditJob:
    """
    One audit of a rig's own devices.
    """

    opening = Opening.AUDIT
    drill = None
    purpose = "crashbench doctor"

    def __init__(self, request: AuditRequest, rig: RigSpec, sender: Sender, end: End) -> None:
        self._request, self._rig, self._sender, self._end = request, rig, sender, end
        self._audit: BenchAudit | None = None
        self._aborted = ""

    def check(self, bench: Assembly) -> None:
        """
        Needs nothing: what a rig lacks is found.
        """

    async def carry_out(self, bench: Assembly, journal: UndoJournal, left: Pending) -> Done:
        """
        Audits; anything of the bench that is wrong becomes the exit code.
        """
        strokes = odometer(self._rig)
        count_opening(bench, strokes)
        audit = self._audit = BenchAudit(
            bench,
            journal,
            strokes,
            self._tell,
            host=Host(records=home()),
            missing={name: str(getattr(error, "problem", error)) for name, error in bench.missing.items()},
            troubles=lambda: _troubles(bench),
        )
        if self._aborted:
            audit.abort(self._aborted)
        bench.on_trouble(audit.hear)
        findings, trouble = await audit.run(look_only=self._request.look_only)
        is_wrong = bool(trouble) or any(finding.grade is Grade.FAIL for finding in findings)
        return Done(exit_code=Exit.BENCH if is_wrong else Exit.HELD, problem=trouble)

    def abort(self, reason: str) -> None:
        """
        Ends the audit: restored first.
        """
        self._aborted = self._aborted or reason
        if self._audit is not None:
            self._audit.abort(self._aborted)

    def _tell(self, event: Event) -> None:
        self._sender.event(event)
        if not self._sender.is_heard:
            self._end("the supervisor is gone")


def audit_plan(rig: RigSpec) -> list[str]:
    """
    What an audit of a rig would strike. Raises UsageError; opens no device.
    """

    async def main() -> list[str]:
        async with assembled(rig, opening=Opening.CHECK) as bench:
            return list(lines(bench))

    return clock.run(main, virtual=rig.is_virtual)


def _troubles(bench: Assembly) -> dict[str, str]:
    """
    What the devices that are open complain of.
    """
    found = {name: getattr(device, "trouble", "") for name, device in bench.devices.items()}
    return {name: str(trouble) for name, trouble in found.items() if trouble and name not in bench.missing}
