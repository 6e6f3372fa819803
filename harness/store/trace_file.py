"""
The traces in a run's folder: opened while the run goes on, after its bench was killed, and when it has ended.

Everything that needs pyarrow is asked for here, so that the rest of the package can do without it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RecordError, UsageError
from ..model.run import Run
from .trace_about import CLOSED, FOLDER, PYRAMID, STREAM
from .trace_marks import instants_of

if TYPE_CHECKING:
    from .trace_reading import RecordedTrace

NEEDED = "pyarrow is not there; pip install 'crashbench[trace]' brings it"


def prepare() -> None:
    """
    Has what writes traces loaded by now, if it is there at all. It takes a good part of a second, which a bench whose
    devices are open does not have: a board that hears nothing for so long takes its host for dead.
    """
    with suppress(ImportError):
        from . import trace_stream  # noqa: F401


def open_traces(folder: Path) -> dict[str, RecordedTrace]:
    """
    The traces of the run in that folder, by meter; a meter without a single sample has none.

    Raises RecordError for a file that cannot be read, UsageError when there is one and nothing to read it with.
    """
    files = _files(folder, CLOSED, STREAM)
    if not files:
        return {}
    try:
        from .trace_reading import opened
    except ImportError as error:
        raise UsageError(f"traces cannot be read: {NEEDED}") from error
    traces: dict[str, RecordedTrace] = {}
    for path in files:
        try:
            trace = opened(path)
        except FileNotFoundError:
            continue  # closed, or deleted, since it was listed
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RecordError(f"{path}: cannot be read: {error}") from error
        if trace is not None:
            traces.setdefault(trace.meter, trace)
    return dict(sorted(traces.items()))


def close_traces(folder: Path, run: Run) -> list[str]:
    """
    Closes the traces of a run that has ended, marked with its instants; says which stay streams, and why.
    """
    files = _files(folder, STREAM)
    if not files:
        return []
    try:
        from .trace_pack import pack
    except ImportError:
        return [f"the traces stay as they are: {NEEDED}"]
    told = []
    for path in files:
        try:
            pack(path, instants_of(run))
        except (OSError, ValueError) as error:
            told.append(f"{path.name}: stays as it is: {error}")
    return told


def left_open(runs: Path) -> list[Path]:
    """
    The folders of runs whose traces are streams: of those that go on, and of those whose end nobody saw to.
    """
    return sorted({path.parent.parent for path in runs.glob(f"*/{FOLDER}/*{STREAM}")})


def remove_traces(folder: Path) -> None:
    """
    Removes the traces of an earlier run of the same name. Raises RecordError.
    """
    for path in _files(folder, STREAM, CLOSED, PYRAMID):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise RecordError(f"{path}: cannot be removed: {error.strerror}") from error


def _files(folder: Path, *endings: str) -> list[Path]:
    """
    The traces' files with these endings, in this order.
    """
    return [path for ending in endings for path in sorted((folder / FOLDER).glob(f"*{ending}"))]
