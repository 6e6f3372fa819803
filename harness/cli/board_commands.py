"""
Commands about the board itself: board info, monitor, flash, repl.
"""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonFlag

if TYPE_CHECKING:
    from ..board.answers import Identity
    from ..board.unsolicited import BoardEvent
    from ..model.rig import RigSpec

PortOption = Annotated[str | None, typer.Option("--port", "-p", help="The board's serial port.")]
# No variable of the environment counts here: whoever flashes a rig's board says so.
BoardRigOption = Annotated[
    str | None, typer.Option("--rig", "-r", help="The rig whose board it is: a file, or a name.")
]

PinsOption = Annotated[Path | None, typer.Option("--pins", help="The pin table (pins.py) to put onto the board.")]

_US_PER_S = 1e6


def add_to(app: typer.Typer) -> None:
    """
    Adds the commands of this file.
    """
    board = typer.Typer(help="The board itself: ask it, watch it, flash it, open its REPL.", no_args_is_help=True)
    for command in (info, monitor, flash, repl):
        board.command()(command)
    app.add_typer(board, name="board")


def info(port: PortOption = None, rig: BoardRigOption = None, json: JsonFlag = False) -> None:
    """
    Who the board is, and what it says of itself.
    """
    from ..board import protocol
    from ..supervise import board_by_hand

    path, identity, status = board_by_hand.info(port, _rig(rig))
    told = {
        "port": path,
        "firmware": identity.firmware,
        "protocol": f"{protocol.checksum():08x}",
        "wiring": _wiring(identity),
        "machine": identity.machine,
        "unique_id": identity.unique_id,
        "boot_id": f"{identity.boot_id:08x}",
        "up_s": identity.ticks_us / _US_PER_S,
        "state": identity.state.name.lower(),
        "last_cause": status.cause.name.lower(),
        "estop": "open" if status.is_stopped else "closed",
    }
    if json:
        typer.echo(json_module.dumps(told, indent=2))
        return
    for name, value in told.items():
        typer.echo(f"{name.replace('_', ' '):<11} {value}")


def monitor(port: PortOption = None, rig: BoardRigOption = None) -> None:
    """
    Print edges, trips and the e-stop as they come, until Ctrl-C.
    """
    from ..supervise import board_by_hand

    def tell(news: Identity | BoardEvent) -> None:
        for line in lines(news):
            typer.echo(line)

    board_by_hand.monitor(port, _rig(rig), tell)


def flash(port: PortOption = None, rig: BoardRigOption = None, pins: PinsOption = None) -> None:
    """
    Copy to the board what differs; then restart it. A pin table that is there stays.
    """
    from ..supervise import board_by_hand

    flashed, identity = board_by_hand.flash_by_hand(port, _rig(rig), pins=pins)
    for what, names in (("copied", flashed.copied), ("kept", flashed.kept)):
        typer.echo(f"{what} {len(names)}" + (f": {', '.join(names)}" if names else ""))
    typer.echo(f"firmware {identity.firmware} runs on {identity.machine} {identity.unique_id}")
    typer.echo(f"wiring {_wiring(identity)}")


def repl(port: PortOption = None, rig: BoardRigOption = None) -> None:
    """
    Open the REPL; a reset runs the firmware again.
    """
    from ..supervise import board_by_hand

    board_by_hand.repl(port, _rig(rig))


def lines(news: Identity | BoardEvent) -> list[str]:
    """
    What a person is told of an event, with the board's own time in seconds.
    """
    from ..board.answers import Cause, Identity
    from ..board.unsolicited import Booted, Done, Edges, EStop, Tripped

    if isinstance(news, Identity):
        return [f"{_at(news.ticks_us)} firmware {news.firmware}, {news.state.name.lower()}"]
    told = [f"{'':>14} {news.missed} event(s) missed"] if news.missed else []
    match news:
        case Edges():
            told += [f"{'':>14} {news.lost} edge(s) lost so far"] if news.lost else []
            for edge in news.edges:
                pin = f"{'output' if edge.is_output else 'input'} {edge.line}"
                told.append(f"{_at(edge.ticks_us)} {pin} {'rises' if edge.level else 'falls'}")
        case Tripped():
            told.append(f"{_at(news.ticks_us)} tripped by {Cause(news.cause).name.lower()}")
        case EStop():
            told.append(f"{_at(news.ticks_us)} e-stop {'open' if news.is_stopped else 'closed'}")
        case Done():
            told.append(
                f"{'':>14} output {news.output} done: {news.switchings} switchings, {news.late_us} us late at most"
            )
        case Booted():
            told.append(f"{'':>14} started")
    return told


def _wiring(identity: Identity) -> str:
    from ..supervise.board_by_hand import is_shipped

    return f"{identity.wiring} ({'as shipped' if is_shipped(identity.wiring) else 'of its own'})"


def _at(ticks_us: int) -> str:
    return f"{ticks_us / _US_PER_S:12.6f} s"


def _rig(name: str | None) -> RigSpec | None:
    from ..config.rig import load_rig

    return None if name is None else load_rig(name)
