"""
Commands that read and tend the record: runs, show, report, trace, compare, prune.
"""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from .options import JsonFlag, length_s

RunArgument = Annotated[str, typer.Argument(help="A run's id, or `last`.")]


def add_to(app: typer.Typer) -> None:
    """
    Adds the commands of this file.
    """
    for command in (runs, show, report, trace, compare, prune):
        app.command()(command)


def runs(json: JsonFlag = False) -> None:
    """
    The runs on record, the newest first.
    """
    from dataclasses import asdict

    from rich.table import Table

    from ..store.home import home
    from ..store.index import Index
    from .tables import print_table

    with Index.open(home()) as index:
        rows = index.rows(None if json else 50)
    if json:
        typer.echo(json_module.dumps([asdict(row) for row in rows], indent=2, default=str))
        return
    table = Table(box=None, pad_edge=False)
    # Whoever copies an id needs all of it: what does not fit beside it is folded.
    table.add_column("run", no_wrap=True, min_width=max((len(row.run_id) for row in rows), default=0))
    for name in ("drill", "rig", "seed", "trials", "verdict", "started (UTC)"):
        table.add_column(name, overflow="fold")
    for row in rows:
        seed, started = "" if row.seed is None else str(row.seed), row.started_at[:19].replace("T", " ")
        table.add_row(row.run_id, row.drill, row.rig, seed, str(row.trials), row.verdict, started)
    print_table(table)


def show(run: RunArgument = "last", json: JsonFlag = False) -> None:
    """
    One run, as Markdown or as its JSON.
    """
    from ..model.codec import dumps
    from ..model.evidence import NO_EVIDENCE
    from ..reports import load as load_report
    from ..store.record import load

    record = load(run)
    typer.echo(dumps(record) if json else load_report("md").render(record, NO_EVIDENCE), nl=False)


def report(
    run: RunArgument = "last",
    format: Annotated[str, typer.Option("--format", "-f", help="md, junit, json, html, lessons or prometheus.")] = "md",  # noqa: A002
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of stdout.")] = None,
) -> None:
    """
    One run in a format that others read.
    """
    from ..reports import load as load_report
    from ..store.events import FILE
    from ..store.evidence import load_evidence
    from ..store.record import fold, folder
    from .outputs import write_output

    kind, at = load_report(format), folder(run)
    evidence = load_evidence(at)
    text = kind.render(fold(evidence.events, where=str(at / FILE)), evidence)
    if output is None:
        typer.echo(text, nl=False)
        return
    write_output(output, text, "-o")
    typer.echo(f"report: {output}")


def trace(
    run: RunArgument = "last",
    format: Annotated[str, typer.Option("--format", "-f", help="csv, parquet or vcd.")] = "csv",  # noqa: A002
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of stdout.")] = None,
    meter: Annotated[str | None, typer.Option("--meter", help="One meter; without it, all of them.")] = None,
) -> None:
    """
    The power traces of one run, also while it goes on.
    """
    from ..errors import UsageError
    from ..store.record import folder
    from ..store.trace_export import export

    pieces = export(folder(run), format, meter)
    if output is None:
        stdout = typer.get_binary_stream("stdout")
        if format == "parquet" and stdout.isatty():
            raise UsageError("parquet is nothing to read on a terminal; name a file", key="-o")
        for piece in pieces:
            stdout.write(piece)
        return
    try:
        with output.open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", file=str(output), key="-o") from error
    typer.echo(f"trace: {output}")


def compare(run_a: RunArgument, run_b: RunArgument) -> None:
    """
    Two runs side by side, and what can be told apart.
    """
    from ..reports._compare import compare as compared
    from ..store.record import load

    typer.echo(compared(load(run_a), load(run_b)), nl=False)


def prune(older_than: Annotated[str, typer.Option("--older-than", help="An age, like `90d`.")]) -> None:
    """
    Delete runs older than an age.
    """
    from .. import clock
    from ..store.home import home
    from ..store.index import Index

    age_s = length_s(older_than, "--older-than")
    now = clock.Anchor.take()
    with Index.open(home()) as index:
        gone = index.prune(age_s, now.wall(now.at_ns))
    for run_id in gone:
        typer.echo(f"deleted {run_id}")
    typer.echo(f"{len(gone)} deleted")
