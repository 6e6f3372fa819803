"""
The command that audits the bench itself: doctor.
"""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..errors import Exit, UsageError, nearest
from ..model.event import Event, Kind
from ..model.finding import Finding, Grade
from .options import JsonFlag, RigOption, is_debug, rig_name
from .tables import print_table

if TYPE_CHECKING:
    from ..model.rig import RigSpec
    from ..protocols import Listener

_COLOURS = {Grade.OK: "green", Grade.WARN: "yellow", Grade.FAIL: "bold red", Grade.CANNOT_TELL: "dim"}


def add_to(app: typer.Typer) -> None:
    """
    Adds the command.
    """
    app.command()(doctor)


def doctor(
    rig: RigOption = None,
    json: JsonFlag = False,
    look_only: Annotated[bool, typer.Option("--look-only", help="Without a stroke: no DUT is cut.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be struck; touch nothing.")] = False,
    replaced: Annotated[
        str | None, typer.Option("--replaced", help="That relay was replaced: its odometer begins anew.")
    ] = None,
) -> int:
    """
    Measure and audit the bench itself. It cuts its DUTs' power, and restores it.
    """
    from ..config.rig import load_rig
    from ..supervise.audit_job import audit_plan
    from ..supervise.request import AuditRequest, seed_of
    from ..supervise.supervisor import supervise

    spec = load_rig(rig_name(rig))
    if replaced is not None:
        return _replaced(spec, replaced)
    plan = audit_plan(spec)
    if dry_run:
        typer.echo("\n".join(plan))
        return Exit.HELD
    if not look_only:
        sys.stderr.write("\n".join([f"doctor audits {spec.path.name}:", *(f"  {line}" for line in plan), ""]))
    seed = seed_of(None, virtual=spec.is_virtual)
    request = AuditRequest(rig=rig_name(rig), seed=seed, look_only=look_only, debug=is_debug.get())
    findings: list[Finding] = []
    with _progress(findings) as listen:
        outcome = supervise(request, listen)
    if outcome.problem:
        sys.stderr.write(f"crashbench: {outcome.problem}\n")
    if json:
        told = {"rig": spec.name, "exit_code": outcome.exit_code, "problem": outcome.problem}
        typer.echo(json_module.dumps(told | {"findings": [finding.to_json() for finding in findings]}, indent=2))
    elif findings:
        _print(findings)
    return outcome.exit_code


def _replaced(rig: RigSpec, device: str) -> int:
    from ..supervise.by_hand import replaced_by_hand

    if device not in rig.devices:
        raise UsageError(f"there is no device '{device}'; {nearest(device, rig.devices)}", key="--replaced")
    typer.echo(f"{device}: had done {replaced_by_hand(rig, device)} strokes; it begins anew")
    return Exit.HELD


@contextmanager
def _progress(findings: list[Finding]) -> Iterator[Listener]:
    """
    Collects what is found, and shows on stderr what is being done, where someone can see it.
    """
    console = Console(stderr=True, highlight=False)
    with console.status("opens the rig") as status:

        def note(event: Event) -> None:
            if event.kind is Kind.FINDING:
                findings.append(Finding.from_json(event.data))
            elif event.kind is Kind.PHASE:
                status.update(event.subject)

        yield note


def _print(findings: Sequence[Finding]) -> None:
    table = Table("check", "what", "measured", "verdict", "what to do", box=None, pad_edge=False, header_style="dim")
    for finding in findings:
        grade = f"[{_COLOURS[finding.grade]}]{finding.grade}[/]"
        table.add_row(finding.check, finding.subject, _plain(finding.measured), grade, _plain(finding.advice))
    print_table(table)
    bad = sum(finding.grade is Grade.FAIL for finding in findings)
    typer.echo(f"{bad} of {len(findings)} findings are wrong" if bad else "nothing of the bench is wrong")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
