"""
The alerts that have come to a device.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model.alert import HeardAlert
from ._numbered import Numbered

# A storm of alerts, or hours of their being repeated; who listens looks after every one.
_KEPT = 10_000


class Alerts(Numbered[HeardAlert]):
    """
    Alerts in the order in which they came, and which of them fire.
    """

    def __init__(self, device: str) -> None:
        super().__init__(device, _KEPT)
        self._firing: dict[str, HeardAlert] = {}

    def append(self, item: HeardAlert) -> None:
        """
        Takes an alert that has just come.
        """
        if item.alert.is_firing:
            self._firing.setdefault(item.alert.key, item)
        else:
            self._firing.pop(item.alert.key, None)
        super().append(item)

    def standing(self) -> tuple[int, Sequence[HeardAlert]]:
        """
        Those that fire now, each as it came when it began to, and the number of the next one to come.
        """
        return self.count, list(self._firing.values())
