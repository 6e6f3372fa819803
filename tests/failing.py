"""
Devices of which one call fails: the n-th of all that a run makes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import anyio

from harness.errors import DeviceError
from harness.protocols import Device

# What a run asks of its devices, and what comes around it; the rest of a device is what it is.
WHILE_RUNNING = ("on", "off", "is_on", "make_safe", "undo", "read", "request", "connect")
AROUND_IT = ("open", "aclose")
EVERY = WHILE_RUNNING + AROUND_IT

WAYS = ("before it acts", "after it has acted", "hanging before it acts", "hanging after it has acted")


class FailsAt:
    """
    Wraps every device of a rig: the n-th call of all fails, in a way, once; or from then on, for good, on its device.
    """

    def __init__(self, nth: int, way: str, *, for_good: bool = False, calls: tuple[str, ...] = EVERY) -> None:
        self._nth, self._way, self._for_good, self._calls = nth, way, for_good, calls
        self._made = 0
        self.device = ""
        self.call = ""

    @property
    def was_reached(self) -> bool:
        """
        Whether there was an n-th call.
        """
        return bool(self.device)

    def __call__(self, name: str, device: Device) -> Device:
        for call in self._calls:
            if (method := getattr(device, call, None)) is not None:
                setattr(device, call, functools.partial(self._called, name, call, method))
        return device

    async def _called(self, name: str, call: str, method: Callable[..., Any], *args: Any) -> Any:
        self._made += 1
        if self._made == self._nth:
            self.device, self.call = name, call
        elif not (self._for_good and self.device == name):
            return await method(*args)
        if "after" in self._way:
            await method(*args)
        if "hanging" in self._way:
            await anyio.sleep_forever()
        raise DeviceError(name, "does not work")

    def __str__(self) -> str:
        return f"call {self._nth} ({self.device}.{self.call}), {self._way}{', for good' if self._for_good else ''}"
