"""
What a supervisor asks of a bench process, and how the two talk: lines of JSON over its standard input and output.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from ..config.drill import load_drill
from ..config.gameday import load_gameday
from ..errors import UsageError
from ..model.drill import DrillSpec
from ..model.rig import RigSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """
    Something that a bench process shall do on a rig, by name or path; `debug` has it show where it fails by itself.
    """

    rig: str
    seed: int
    heartbeat_s: float = 1.0
    debug: bool = False

    def check(self) -> None:
        """
        Reads what it names besides the rig. Raises UsageError.
        """

    def dumps(self) -> str:
        """
        One line.
        """
        return json.dumps({"job": type(self).__name__, **asdict(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest(JobRequest):
    """
    One run: a drill on a rig, by name or path, with everything that a repetition needs.
    """

    drill: str
    trials: int | None = None
    overrides: tuple[str, ...] = ()
    until_failure: bool = False

    def check(self) -> None:
        """
        Reads the drill. Raises UsageError.
        """
        load_drill(self.drill, self.drill_overrides)

    @property
    def drill_overrides(self) -> tuple[str, ...]:
        """
        Every `--set`, the number of trials among them.
        """
        return self.overrides if self.trials is None else (*self.overrides, f"drill.trials.count={self.trials}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest(JobRequest):
    """
    One audit of the bench itself; `look_only` makes it without a stroke.
    """

    look_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest(JobRequest):
    """
    What a game day's drills would ask on a rig, asked without any fault: of their alerts' sources, or for a baseline.
    """

    gameday: str
    scenarios: tuple[str, ...]
    item: str

    def check(self) -> None:
        """
        Reads the game day. Raises UsageError.
        """
        load_gameday(self.gameday)


_JOBS: dict[str, Any] = {job.__name__: job for job in (RunRequest, AuditRequest, LookRequest)}


def loads(line: str) -> JobRequest:
    """
    What `JobRequest.dumps` wrote. Raises ValueError, KeyError or TypeError for anything else.
    """
    fields: dict[str, Any] = json.loads(line)
    job = _JOBS[fields.pop("job")]
    return cast(
        JobRequest, job(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
    )


def seed_of(given: int | None, *, virtual: bool) -> int:
    """
    The seed: as asked for, else the environment's, else 0 in virtual time and a fresh one in real time.

    Raises UsageError.
    """
    if given is not None:
        return given
    named = os.environ.get("CRASHBENCH_SEED")
    if not named:
        return 0 if virtual else secrets.randbelow(2**31)
    try:
        return int(named)
    except ValueError as error:
        raise UsageError(f"'{named}' is no whole number", key="CRASHBENCH_SEED") from error


def repeat_command(request: RunRequest, drill: DrillSpec, rig: RigSpec) -> str:
    """
    The one line that repeats a run.
    """
    words = ["crashbench", "run", short(request.drill, drill.path), "--rig", short(request.rig, rig.path)]
    words += ["--seed", str(request.seed)]
    if request.trials is not None:
        words += ["--trials", str(request.trials)]
    for override in request.overrides:
        words += ["--set", override]
    if request.until_failure:
        words.append("--until-failure")
    return shlex.join(words)


def short(asked: str, path: Path) -> str:
    """
    How a file is named in a command that repeats something: by its shipped name, where it was asked for so.
    """
    return asked if asked == path.stem else str(path)
