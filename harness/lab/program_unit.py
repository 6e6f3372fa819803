"""
A DUT that is a real program.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

import anyio
from anyio.abc import Process

from ..clock import NS_PER_S, now_ns
from ..model.world import UnitSpec
from ..sim._steps import Amperes, Steps
from . import descent
from .home import Home
from .played_console import PlayedConsole
from .port import HOST, HeldPort
from .program import filled, ports_of_the_machine, says_where_it_listens

# How long after the program began to listen the lab notices, at most.
_LOOK_EVERY_S = 0.02

# What a program said just before it ended is still on its way to the log.
_LAST_WORDS_S = 0.5

_LEASH = Path(__file__).with_name("leash.py")


class State(StrEnum):
    """
    How a unit is: without power, started, listening, or ended by itself.
    """

    OFF = "off"
    BOOTING = "booting"
    SERVING = "serving"
    ENDED = "ended"


class ProgramUnit:
    """
    A program that is started when its rail is up, and SIGKILLed, with all that it started, when its rail falls.

    Its port and its folder stay its own over all its boots. A program that ends by itself stays down until its power
    was cut.
    """

    def __init__(
        self,
        name: str,
        spec: UnitSpec,
        argv: Sequence[str],
        folder: Path,
        rng: Random,
        gauge: Path | None = None,
        home: Home | None = None,
        console: PlayedConsole | None = None,
    ) -> None:
        self.name, self.spec, self.gauge, self.home = name, spec, gauge, home or Home()
        self._argv, self._folder, self._rng = tuple(argv), folder, rng
        self.console = console
        self.facts: Mapping[str, str] = {}
        """What its arguments may name, by name: whatever is around it."""
        self._port = HeldPort()
        self._process: Process | None = None
        self._boots = 0
        self._rose_ns: int | None = None
        self._fell_ns: int | None = None
        self._state = Steps(now_ns(), State.OFF)
        self._fed, self._lost = anyio.Event(), anyio.Event()
        self._current = Amperes(now_ns(), 0.0)
        self._boot_s = spec.boot_s

    @property
    def address(self) -> tuple[str, int]:
        """
        Where it listens once it has booted.
        """
        return HOST, self._port.number

    def powered(self, at_ns: int) -> None:
        """
        The rail is up: it boots.
        """
        self._rose_ns = at_ns
        if self._fed.is_set():
            return
        self._state.set(at_ns, State.BOOTING)
        spread = self.spec.boot_spread_ratio
        self._boot_s = self.spec.boot_s * self._rng.uniform(1 - spread, 1 + spread)
        for after_s, draw_a in self.spec.draws(self._boot_s):
            self._current.set(at_ns + round(after_s * NS_PER_S), draw_a)
        self._lost = anyio.Event()
        if self.console is not None:
            self.console.powered()
        self._fed.set()

    def power_lost(self, at_ns: int) -> None:
        """
        The rail fell: it is killed at once.
        """
        self._fell_ns = at_ns
        if self.spec.defect == "not_fed":
            return
        self._state.set(at_ns, State.OFF)
        self._current.set(at_ns, 0.0)
        self._fed = anyio.Event()
        self._lost.set()
        self._kill()
        if self.console is not None:
            self.console.power_lost()

    def current_a(self, at_ns: int) -> float:
        """
        What it drew at a moment not long past, in amperes.
        """
        return self._current.at(at_ns)

    def charge(self, from_ns: int, to_ns: int) -> float:
        """
        What it drew over a stretch, in ampere-nanoseconds.
        """
        return self._current.charge(from_ns, to_ns)

    def forget(self, before_ns: int) -> None:
        """
        Drops what it did before a moment.
        """
        self._state.forget(before_ns)
        self._current.forget(before_ns)

    def seen(self) -> dict[str, Any]:
        """
        What can be seen of it: its state, process id, boots, address, and its rail's last crossings (ns).
        """
        return {
            "state": self._state.at(now_ns()),
            "pid": self._process.pid if self._process else None,
            "boots": self._boots,
            "address": list(self.address),
            "rose_ns": self._rose_ns,
            "fell_ns": self._fell_ns,
        }

    async def play(self) -> None:
        """
        Boots whenever its rail is up; cancelled, it leaves nothing running. Raises OSError when it cannot be started.
        """
        try:
            while True:
                await self._fed.wait()
                lost = self._lost
                await self._run(lost)
                await lost.wait()
        finally:
            self._port.close()
            if self.console is not None:
                self.console.close()
            with anyio.CancelScope(shield=True):
                await self.home.aclose()

    async def _run(self, lost: anyio.Event) -> None:
        self._process = await self._start()
        try:
            if lost.is_set():
                self._kill()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._notice_service, lost)
                said = anyio.Event()
                tasks.start_soon(self._say, self._process, said)
                await self._process.wait()
                with anyio.move_on_after(_LAST_WORDS_S):
                    await said.wait()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                self._kill()
                await self._process.aclose()
            self._process = None
        if not lost.is_set():
            ended_ns = now_ns()
            self._state.set(ended_ns, State.ENDED)
            self._current.set(ended_ns, 0.0)

    async def _start(self) -> Process:
        self._boots += 1
        for port in ports_of_the_machine(self._argv):
            self.home.let_out(port)
        with self._boot_log() as log:
            return await anyio.open_process(
                self._command(),
                stdin=subprocess.PIPE,
                stdout=log if self.console is None else subprocess.PIPE,
                stderr=log if self.console is None else subprocess.STDOUT,
                cwd=self._folder,
                start_new_session=True,
                pass_fds=self.home.fds,
            )

    def _boot_log(self) -> BinaryIO:
        return open(self._folder / f"boot-{self._boots:04}.log", "wb")

    async def _say(self, process: Process, said: anyio.Event) -> None:
        """
        Has the console say what the program does, and keeps it in the log.
        """
        if self.console is not None and process.stdout is not None:
            with self._boot_log() as log:
                async for data in process.stdout:
                    self.console.say(data)
                    log.write(data)
                    log.flush()
        said.set()

    async def _notice_service(self, lost: anyio.Event) -> None:
        while True:
            try:
                await self.home.knock(self._port.number)
            except OSError:
                await anyio.sleep(_LOOK_EVERY_S)
            else:
                break
        if not lost.is_set():
            self.home.open_door(self._port.number)
            serves_ns = now_ns()
            self._state.set(serves_ns, State.SERVING)
            self._current.set(serves_ns, self.spec.run_draw_a)

    def _kill(self) -> None:
        self.home.close_door()
        if self._process is None or self._process.returncode is not None:
            return
        descent.cut(self._process.pid)

    def _command(self) -> list[str]:
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), *self.home.leash]
        listen = f"{self.home.host}:{self._port.number}"
        words = filled(self._argv, {**self.facts, "listen": listen, "folder": str(self._folder)})
        if says_where_it_listens(self._argv):
            return [*leash, *words]
        options = {
            "--listen": listen,
            "--state": str(self._folder / "state"),
            "--boot-s": f"{self._boot_s:.6f}",
            "--name": self.spec.name,
            "--version": self.spec.version,
        }
        if self.gauge is not None:
            options["--gauge"] = str(self.gauge)
        if defect := self._defect():
            options["--defect"] = defect
        return [*leash, *words, *(part for option in options.items() for part in option), "--until-eof"]

    def _defect(self) -> str | None:
        """
        The program's part of the unit's defect; one that never boots did so once, or nothing could be tried on it.
        """
        if self.spec.defect in ("none", "not_fed") or (self.spec.defect == "never_boots" and self._boots == 1):
            return None
        return self.spec.defect
