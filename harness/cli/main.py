"""
`crashbench`: where the command line starts, and where every error becomes one line and an exit code.
"""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from ..errors import BenchError, CrashbenchError, Exit
from . import bench_commands, board_commands, doctor_command, gameday_commands, record_commands, rig_commands
from .misuse import Misused, mistake
from .options import is_debug

app = typer.Typer(
    name="crashbench",
    help="Physically break edge devices, and record with error bars how they recover.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def common(debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with an error.")] = False) -> None:
    """
    Physically break edge devices, and record with error bars how they recover.
    """
    is_debug.set(debug)


for commands in (
    bench_commands,
    gameday_commands,
    record_commands,
    rig_commands,
    board_commands,
    doctor_command,
):
    commands.add_to(app)


def main() -> None:
    """
    Runs the command line; ends the process.
    """
    sys.exit(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """
    Runs one command; returns its exit code. Every error is one line on stderr.
    """
    try:
        code = app(words, prog_name="crashbench", standalone_mode=False)
    except typer.Exit as end:
        return end.exit_code
    except Misused as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(f"{error.format_message()}\n")
        else:
            _tell(mistake(error), error)
        return Exit.USAGE
    except (typer.Abort, KeyboardInterrupt):
        return Exit.SIGINT
    except CrashbenchError as error:
        _tell(error, error)
        return error.exit_code
    except BrokenPipeError:
        return Exit.BENCH
    except Exception as error:
        problem = f"failed by itself: {type(error).__name__}: {error}; `crashbench --debug` shows where"
        _tell(BenchError(problem), error)
        return Exit.BENCH
    return code if isinstance(code, int) else 0


def _tell(error: CrashbenchError, cause: Exception) -> None:
    if is_debug.get():
        traceback.print_exception(cause)
    sys.stderr.write(f"crashbench: {' '.join(str(error).split())}\n")


if __name__ == "__main__":
    main()
