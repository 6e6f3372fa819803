"""
The `exec` probe: a command's exit code and what it says.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest

from harness import clock
from harness.devices.local_shell import LocalShell
from harness.errors import UsageError
from harness.probes.exec import Exec
from harness.protocols import NoAnswer, ShellAnswer
from tests.probes.services import made


def local() -> LocalShell:
    """
    The shell of the bench's computer, for real.
    """
    return LocalShell("here", LocalShell.Config(), None)  # type: ignore[arg-type]


def asked(script: str, timeout_s: float = 5.0, **config: Any) -> bool:
    probe = made(Exec, local(), timeout_s, command=(sys.executable, "-c", script), **config)
    return bool(clock.run(probe.ask))


def test_well_is_an_exit_code_and_what_is_said() -> None:
    assert asked("pass")
    assert not asked("raise SystemExit(3)")
    assert asked("raise SystemExit(3)", code=(0, 3))
    assert asked("print('state: active')", says="^state: active$")
    assert asked("print('first'); print('state: active')", says="^state: active$")
    assert not asked("print('state: failed')", says="^state: active$")


def test_a_command_that_does_not_end_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        asked("import threading; threading.Event().wait()", timeout_s=0.5)


def test_a_command_that_is_not_there_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        clock.run(made(Exec, local(), command=("/no/such/program",)).ask)


def test_a_sample_is_how_a_command_ended() -> None:
    probe = made(Exec, local(), command=("true",), says="x")
    samples = (None, ShellAnswer(0, b"x", b""), ShellAnswer(1, b"x", b""), ShellAnswer(0, b"", b"x"))
    assert [probe.accepts(sample) for sample in samples] == [False, True, False, False]
    assert probe.measured() == {}


@pytest.mark.parametrize("config", [{"command": ()}, {"command": ("x",), "says": "("}])
def test_a_command_that_is_none_is_told(config: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Exec.Config(**config)
