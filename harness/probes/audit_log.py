"""
The DUT has put into its audit log what it should.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..protocols import HttpAnswer, HttpService, NoAnswer, Roles


class AuditLog:
    """
    Reads the DUT's audit log, and counts which of some events were written since the steady state was met.

    Well is a log that can be read: that it says nothing yet is no failure.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        The log is a JSON object at `path`, with the last `entries` in a list, each a JSON object whose `event` is its
        kind; none is like another one, if only for its time. `events` are those that are looked for.
        """

        path: str = "/audit"
        entries: str = "entries"
        event: str = "event"
        events: tuple[str, ...]

        def __post_init__(self) -> None:
            if not self.events or len(set(self.events)) < len(self.events):
                raise UsageError("must name at least one, and each of them once", key="events")

    measures: tuple[str, ...] = ("audited_events", "audit_entries")

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, AuditLog.Config)
        self._config = spec.config
        self._service = roles.get(spec.role, HttpService)
        self._known: set[str] = set()
        self._new: dict[str, str] = {}

    def arm(self) -> None:
        """
        The steady state is met: what was there is not news.
        """
        self._known |= self._new.keys()
        self._new = {}

    async def ask(self) -> bool:
        """
        Reads it once. Raises NoAnswer.
        """
        answer = await self._service.request("GET", self._config.path)
        found = self._read(answer)
        if found is None:
            raise NoAnswer(f"no log in {answer.status}: {answer.body[:80]!r}")
        for entry in found:
            text = json.dumps(entry, sort_keys=True)
            if text not in self._known and entry.get(self._config.event) in self._config.events:
                self._new[text] = entry[self._config.event]
        return True

    def accepts(self, sample: HttpAnswer | None) -> bool:
        """
        Whether an answer is a log.
        """
        return sample is not None and self._read(sample) is not None

    def measured(self) -> dict[str, float]:
        """
        How many of the events were written, and how many entries of them.
        """
        return {"audited_events": len(set(self._new.values())), "audit_entries": len(self._new)}

    def _read(self, answer: HttpAnswer) -> list[dict[str, Any]] | None:
        if answer.status != 200:
            return None
        try:
            table = json.loads(answer.body)
        except ValueError:
            return None
        entries = table.get(self._config.entries) if isinstance(table, dict) else None
        if not isinstance(entries, list):
            return None
        return [entry for entry in entries if isinstance(entry, dict)]
