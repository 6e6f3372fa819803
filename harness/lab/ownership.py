"""
Who drives which GPIO line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..sim.world import World


@dataclass(eq=False, slots=True)
class Client:
    """
    One connection to the lab: what it calls itself, and its process id.
    """

    name: str = "a client"
    pid: int | None = None

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})" if self.pid else self.name


class LineBusy(Exception):
    """
    A line is driven by another client that is alive.
    """


class Lines:
    """
    The world's lines as a kernel hands them out: each has one owner at a time, and is let go of when its owner ends.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._owners: dict[int, Client] = {}
        self._commanded: dict[int, int] = {}

    def drive(self, client: Client, pin: int, level: int) -> None:
        """
        Drives a line. Raises LineBusy.
        """
        self._take(client, pin)
        self._commanded[pin] = level
        self._world.drive(pin, level)

    def release(self, client: Client, pin: int) -> None:
        """
        Makes an input of a line, so that it floats to its pull. Raises LineBusy.
        """
        self._take(client, pin)
        del self._owners[pin]
        self._commanded.pop(pin, None)
        self._world.release(pin)

    def level(self, pin: int, pull: int = 0) -> int:
        """
        What is on the line, whoever drives it; one that nothing holds goes where it is pulled.
        """
        return self._world.level(pin, pull)

    def let_go(self, client: Client) -> None:
        """
        The client has ended: each of its lines does what the world says a line does then.
        """
        for pin in [pin for pin, owner in self._owners.items() if owner is client]:
            del self._owners[pin]
            self._world.let_go(pin)

    def state(self) -> dict[str, Any]:
        """
        Every line that was ever driven: the level on it, the level last commanded, and its owner.
        """
        return {
            str(pin): {
                "level": self._world.level(pin),
                "commanded": level,
                "owner": str(self._owners[pin]) if pin in self._owners else None,
            }
            for pin, level in sorted(self._commanded.items())
        }

    def _take(self, client: Client, pin: int) -> None:
        owner = self._owners.setdefault(pin, client)
        if owner is not client:
            raise LineBusy(f"line {pin} is busy: {owner} drives it")
