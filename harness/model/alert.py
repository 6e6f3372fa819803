"""
An alert, in the form in which an Alertmanager tells it (webhook, version 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .instant import Instant

_VERSION = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """
    One alert: its labels, whether it fires or is resolved, and a `key` that is the same as long as it is the same one.
    """

    key: str
    is_firing: bool
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """
        What it is called.
        """
        return self.labels.get("alertname", self.key)

    def has(self, labels: Mapping[str, str]) -> bool:
        """
        Whether it has all of these labels, with these values.
        """
        return all(self.labels.get(name) == value for name, value in labels.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAlert:
    """
    An alert as it came in. It had surely not come at the earliest end of `at`, and was there at the latest.
    """

    alert: Alert
    at: Instant


def alerts_of(notification: Any) -> tuple[Alert, ...]:
    """
    The alerts in the JSON value that an Alertmanager posts. Raises ValueError, saying what is wrong with it.
    """
    if not isinstance(notification, Mapping):
        raise ValueError("a notification is a JSON object")
    if notification.get("version") != _VERSION:
        raise ValueError(f"version: {notification.get('version')!r} is not '{_VERSION}'")
    told = notification.get("alerts")
    if not isinstance(told, list):
        raise ValueError("alerts: missing, or not a list")
    return tuple(_alert(index, item) for index, item in enumerate(told))


def _alert(index: int, told: Any) -> Alert:
    where = f"alerts.{index}"
    if not isinstance(told, Mapping):
        raise ValueError(f"{where}: not an object")
    status, labels = told.get("status"), told.get("labels", {})
    if status not in ("firing", "resolved"):
        raise ValueError(f"{where}.status: {status!r} is neither 'firing' nor 'resolved'")
    if not isinstance(labels, Mapping) or not all(isinstance(value, str) for value in labels.values()):
        raise ValueError(f"{where}.labels: not texts by name")
    # Its fingerprint is the digest of its labels; who leaves it out has told as much by them.
    key = str(told.get("fingerprint") or "") or ",".join(f"{name}={labels[name]}" for name in sorted(labels))
    return Alert(key=key, is_firing=status == "firing", labels=dict(labels))
