"""
Commands that act: check, run, restore, lab, serve.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import Exit, UsageError
from ..plugins import needed
from .options import RigOption, SetOption, is_debug, length_s, rig_name

if TYPE_CHECKING:
    from ..supervise.supervisor import Outcome

DrillArgument = Annotated[str, typer.Argument(help="A drill's file, or the name of a shipped one.")]
TrialsOption = Annotated[int | None, typer.Option("--trials", min=1, help="How many trials, instead of the drill's.")]


def add_to(app: typer.Typer) -> None:
    """
    Adds the commands of this file.
    """
    for command in (check, run, restore, lab, serve):
        app.command()(command)


def check(drill: DrillArgument, rig: RigOption = None, sets: SetOption = None) -> None:
    """
    What a drill would switch on a rig, and when; changes nothing.
    """
    from ..supervise.plan import plan

    for line in plan(drill, rig_name(rig), tuple(sets or ())):
        typer.echo(line)


def run(
    drill: DrillArgument,
    rig: RigOption = None,
    trials: TrialsOption = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Repeats what is random.")] = None,
    json: Annotated[
        str | None, typer.Option("--json", help="Write the run's JSON to a file, or to - (stdout).")
    ] = None,
    sets: SetOption = None,
    until_failure: Annotated[bool, typer.Option("--until-failure", help="Repeat until a trial does not hold.")] = False,
) -> int:
    """
    Run a drill on a rig: inject, prove, recover, judge.
    """
    from . import signals

    try:
        with signals.heard():
            from ..config.rig import load_rig
            from ..supervise.request import RunRequest, seed_of
            from ..supervise.supervisor import supervise
            from .live import live_view
            from .outputs import check_output

            if json not in (None, "-"):
                check_output(Path(json), "--json")
            spec = load_rig(rig_name(rig))
            request = RunRequest(
                drill=drill,
                rig=rig_name(rig),
                seed=seed_of(seed, virtual=spec.is_virtual),
                trials=trials,
                overrides=tuple(sets or ()),
                until_failure=until_failure,
                debug=is_debug.get(),
            )
            with live_view() as listen:
                outcome = supervise(request, listen)
    except signals.Interrupted as interrupted:
        return _unrecorded(str(interrupted), interrupted.exit_code, json)
    with signals.held_off():
        return _told(outcome, json)


def restore(rig: RigOption = None) -> int:
    """
    Undo whatever an earlier run left, and make the rig safe.
    """
    from ..config.rig import load_rig
    from ..supervise.by_hand import restore_by_hand

    for line in restore_by_hand(load_rig(rig_name(rig))):
        typer.echo(line)
    return Exit.HELD


def lab(
    rig: RigOption = None,
    idle: Annotated[str, typer.Option("--idle", help="End after so long without a client, like `60 s`.")] = "",
) -> int:
    """
    Play a rig's physical world, in the foreground.
    """
    from .. import clock
    from ..config.rig import load_rig
    from ..lab.process import serve as play

    spec = load_rig(rig_name(rig))
    if not spec.is_lab:
        raise UsageError('has no played world in real time: it needs `time = "real"` and [world]', file=str(spec.path))
    idle_s = length_s(idle, "--idle") if idle else None

    async def main() -> None:
        await play(spec, idle_s=idle_s)

    ends = f"ends {idle} after its last client" if idle else "ends with Ctrl-C"
    sys.stderr.write(f"playing {spec.title} ({spec.path}); it {ends}, or at `crashbench restore`\n")
    clock.run(main)
    return Exit.HELD


def serve(
    rig: RigOption = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port to listen on; 0 picks one.")] = 8000,
) -> int:
    """
    Serve the bench over HTTP.
    """
    try:
        from ..host.serve import serve_host
    except ModuleNotFoundError as error:
        raise UsageError(needed(error)) from error

    return serve_host(rig_name(rig), host, port)


def _told(outcome: Outcome, json: str | None) -> int:
    """
    Prints what came of a run: tables to stderr, the verdict (or the JSON alone) to stdout.
    """
    from .told import tell_run

    if outcome.run_id is not None:
        tell_run(outcome.run_id, outcome.problem, json)
        return outcome.exit_code
    if outcome.exit_code in (Exit.USAGE, Exit.REFUSED):
        sys.stderr.write(f"crashbench: {outcome.problem}\n")
        return outcome.exit_code
    return _unrecorded(outcome.problem, outcome.exit_code, json)


def _unrecorded(problem: str, exit_code: int, json: str | None) -> int:
    """
    Prints the verdict on a run of which there is no record.
    """
    sys.stderr.write(f"crashbench: {problem}\n")
    if json != "-":
        typer.echo(f"verdict: inconclusive ({problem})")
    return exit_code
