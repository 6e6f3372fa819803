"""
A shell on a DUT by the system's own ssh.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import DeviceError, UsageError
from ..protocols import NoAnswer, ShellAnswer, Wiring
from ._shell import ShellDevice, run_program, told

# What ssh ends with when it is itself that failed (ssh(1), EXIT STATUS).
_SSH_FAILED = 255

# What it says when the bench is not let in: that is not the DUT's failure.
_BENCH_TROUBLE = (
    "Host key verification failed",
    "Permission denied",
    "No such identity",
    "Bad configuration option",
    "Could not resolve hostname",
    "Can't open user config file",
)
_HOST_KEYS = {"strict": "yes", "accept_new": "accept-new"}


class SshShell(ShellDevice):
    """
    Logs in anew for each command and asks nobody: for passwords, for strange hosts, or for a connection that is shared.

    A command that ends with 255 cannot be told from an ssh that failed, and counts as no answer.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        Whom to log in to. What is left empty is up to the user's own `~/.ssh/config`, where `config` does not name
        another file. `host_keys`: `strict` takes known hosts only, `accept_new` also one that was never seen before.
        """

        host: str
        user: str = ""
        port: int = 0
        identity: str = ""
        known_hosts: str = ""
        config: str = ""
        host_keys: Literal["strict", "accept_new"] = "strict"
        connect_s: float = 5.0
        program: str = "ssh"

        def __post_init__(self) -> None:
            if not self.host or self.host.startswith("-"):
                raise UsageError("must be a host's name or address", key="host")
            if not 0 <= self.port < 65_536:
                raise UsageError("must be a port's number", key="port")
            if self.connect_s < 1:
                raise UsageError("must be at least 1 s: ssh counts whole seconds", key="connect")

    def __init__(self, name: str, config: Config, _: Wiring) -> None:
        super().__init__(name)
        self._config = config
        self._program = ""

    async def open(self) -> None:
        """
        Looks for ssh; nobody is logged in to. Raises DeviceError when it is not installed.
        """
        found = shutil.which(self._config.program)
        if found is None:
            raise DeviceError(self.name, f"there is no program '{self._config.program}': install OpenSSH's client")
        self._program = found

    async def aclose(self) -> None:
        """
        Nothing is held.
        """

    async def run(self, argv: Sequence[str], *, timeout_s: float) -> ShellAnswer:
        """
        Runs a command, without input. Raises NoAnswer, and DeviceError when the bench is not let in.
        """
        if not self._program:
            raise DeviceError(self.name, "is not open")
        answer = await run_program([*self.login(), shlex.join(argv)], timeout_s=timeout_s)
        if answer.code != _SSH_FAILED:
            return answer
        for trouble in _BENCH_TROUBLE:
            if trouble.encode() in answer.stderr:
                raise DeviceError(self.name, f"{self._config.host}: {told(answer)}")
        raise NoAnswer(f"{self._config.host}: {told(answer)}")

    def login(self) -> list[str]:
        """
        The command that logs in, but for what is then to be run.
        """
        config = self._config
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": str(round(config.connect_s)),
            "ControlMaster": "no",
            "ControlPath": "none",
            "ClearAllForwardings": "yes",
            "ForwardAgent": "no",
            "StrictHostKeyChecking": _HOST_KEYS[config.host_keys],
        }
        if config.known_hosts:
            options["UserKnownHostsFile"] = _path(config.known_hosts)
        words = [self._program, "-T", "-x"]
        words += ["-F", _path(config.config)] if config.config else []
        words += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        words += ["-i", _path(config.identity), "-o", "IdentitiesOnly=yes"] if config.identity else []
        words += ["-p", str(config.port)] if config.port else []
        words += ["-l", config.user] if config.user else []
        return [*words, "--", config.host]


def _path(text: str) -> str:
    return str(Path(text).expanduser())
