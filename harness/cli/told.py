"""
What a person is told when a run has ended.
"""

from __future__ import annotations

import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..errors import CrashbenchError, RecordError, UsageError
from ..model.codec import dumps
from ..model.run import Run
from ..store.record import folder
from ..supervise.on_record import FILES, PAGE, has_page, put_on_record
from .outputs import write_output

_COLOURS = {"held": "green", "deviated": "red", "inconclusive": "yellow"}
# As many columns as a terminal of 100 characters holds beside the names.
_MOST_TRIALS = 3


def tell_run(run_id: str, problem: str, json: str | None) -> None:
    """
    Writes a run's reports, puts it into the index, and prints its verdict.

    With `json` as `-` only the JSON goes to stdout. Raises RecordError, after the verdict, for what cannot be written.
    """
    try:
        run = put_on_record(run_id)
    except CrashbenchError as error:
        if json != "-":
            typer.echo(f"verdict: inconclusive ({error})")
        raise
    if problem:
        sys.stderr.write(f"crashbench: {problem}\n")
    summary(run, Console(stderr=True, highlight=False))
    for trial in run.trials:
        sys.stderr.writelines(f"warning: trial {trial.index}: {warning}\n" for warning in trial.warnings())
    sys.stderr.write(_where(run))
    if json == "-":
        typer.echo(dumps(run), nl=False)
        return
    try:
        if json is not None:
            write_output(Path(json), dumps(run), "--json")
    except UsageError as error:
        raise RecordError(str(error)) from error  # it could be written when the run began
    finally:
        typer.echo(verdict_line(run))


def _where(run: Run) -> str:
    """
    Where the report is, and what keeps it from having figures.
    """
    at = folder(run.head.run_id)
    if (at / PAGE).exists():
        return f"report: {shown(at / PAGE)}\n"
    missing = f"no {PAGE}: it needs plotly; `pip install 'crashbench[report]'`\n" if has_page(run) else ""
    return f"{missing}report: {shown(at / FILES['md'])}\n"


def shown(path: Path) -> Path:
    """
    A path as short as it can be said from here.
    """
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def verdict_line(run: Run) -> str:
    """
    The last line of a run.
    """
    return f"verdict: {run.verdict}" if run.verdict == "held" else f"verdict: {run.verdict} ({run.reason})"


def summary(run: Run, console: Console) -> None:
    """
    The durations of each trial and the criteria, with their error bars.
    """
    console.print(f"[bold]{run.head.drill_title}[/] on {run.head.rig}, seed {run.head.seed}: {run.reason}")
    shown = run.trials[-_MOST_TRIALS:]
    if shown:
        times = Table(box=None, pad_edge=False, header_style="dim")
        times.add_column("")
        for trial in shown:
            times.add_column(f"trial {trial.index}: {trial.verdict}", justify="right", no_wrap=True)
        for name in shown[0].durations():
            if _any(run, name):
                times.add_row(name.replace("_", " "), *(str(trial.duration(name) or "–") for trial in shown))
        console.print(times)
    if len(run.trials) > len(shown):
        console.print(f"(and {len(run.trials) - len(shown)} trials before these; the report has them all)", style="dim")
    _sheet(run, console)
    for judged in run.criteria:
        console.print(f"  [{_COLOURS[judged.verdict]}]{judged.verdict:<12}[/] {judged.expr}")


def _sheet(run: Run, console: Console) -> None:
    """
    What the rows of the drill asked for, and what was delivered.
    """
    if not run.deviations:
        return
    sheet = Table(title="deviation sheet", title_justify="left", box=None, pad_edge=False, header_style="dim")
    sheet.add_column("row", no_wrap=True)
    for name in ("asked", "delivered", "measured by; why different"):
        sheet.add_column(name, overflow="fold")
    for row in run.deviations:
        rest = "; ".join(filter(None, (row.measured_by, row.why)))
        cells = (row.row, row.asked, row.delivered or "not run", rest)
        sheet.add_row(*map(escape, cells), style=None if row.delivered else "dim")
    console.print(sheet)


def _any(run: Run, name: str) -> bool:
    return any(trial.duration(name) is not None for trial in run.trials)
