"""
A command says that the DUT is well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..protocols import Roles, Shell, ShellAnswer

# Of a probe's time-out: a command has this part of it, so that it has ended when the next question comes.
_PATIENCE = 0.95


class Exec:
    """
    Runs a command by a shell: on the DUT, or, where the role is filled by a `local_shell`, on the bench's computer.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `command` is a program and its arguments; no shell reads it. Well is an exit code that is one of `code`, with a
        standard output in which `says` is found (a regular expression).
        """

        command: tuple[str, ...]
        code: tuple[int, ...] = (0,)
        says: str = ""

        def __post_init__(self) -> None:
            if not self.command:
                raise UsageError('is empty; write a program and its arguments, like ["systemctl", "is-active", "app"]')
            try:
                re.compile(self.says)
            except re.error as error:
                raise UsageError(f"'{self.says}' is no regular expression: {error}", key="says") from error

    measures: tuple[str, ...] = ()

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Exec.Config)
        self._config = spec.config
        self._says = re.compile(spec.config.says, re.MULTILINE)
        self._shell = roles.get(spec.role, Shell)
        self._timeout_s = _PATIENCE * spec.timeout_s

    async def ask(self) -> bool:
        """
        Runs it once. Raises NoAnswer when the DUT cannot be reached, DeviceError for what the bench itself has not.
        """
        return self.accepts(await self._shell.run(self._config.command, timeout_s=self._timeout_s))

    def accepts(self, sample: ShellAnswer | None) -> bool:
        """
        Whether a command ended and said what it should.
        """
        if sample is None or sample.code not in self._config.code:
            return False
        return self._says.search(sample.stdout.decode(errors="replace")) is not None

    def measured(self) -> dict[str, float]:
        """
        Nothing but its answers.
        """
        return {}
