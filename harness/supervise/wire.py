"""
The lines that a bench process, and the restore process that stands by, send their supervisor.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from ..errors import Exit
from ..model.codec import event_from_json, event_to_json
from ..model.event import Event

READY = "ready"
"""What a restore process says once nothing but a word keeps it from restoring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """
    The last line: the exit code, the run's id when there is a record, and what to tell the caller.
    """

    exit_code: int
    run_id: str | None = None
    problem: str = ""


class Sender:
    """
    Sends events and the last word down a file descriptor; when nobody listens any more it is silent, never in the way.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.is_heard = True

    def event(self, event: Event) -> None:
        """
        Sends an event.
        """
        self._send({"event": event_to_json(event)})

    def done(self, done: Done) -> None:
        """
        Sends the last word.
        """
        self._send({"done": {"exit_code": done.exit_code, "run_id": done.run_id, "problem": done.problem}})

    def _send(self, message: dict[str, Any]) -> None:
        if not self.is_heard:
            return
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._fd, line) :]
        except OSError:
            # The supervisor is gone. Its end is noticed elsewhere; a run must be restored before anything else.
            self.is_heard = False


def parse(line: bytes) -> Event | Done:
    """
    What a line says. A line that is none of ours is a last word with the bench's exit code.
    """
    try:
        message = json.loads(line)
        if "event" in message:
            return event_from_json(message["event"])
        return Done(**message["done"])
    except (ValueError, KeyError, TypeError) as error:
        return Done(exit_code=Exit.BENCH, problem=f"the bench process said something strange: {error}")
