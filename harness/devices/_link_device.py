"""
What the links of every kind share: they are cleared to be safe, they refuse what they cannot do, they are measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

from ..clock import now_ns
from ..errors import BenchError, CrashbenchError, DeviceError, UsageError
from ..model.instant import Instant, Span
from ..model.link import CLEAR, Burst, LinkShape
from ..protocols import Wiring
from ._across import Across
from ._io import Blocking

# A kernel that is asked by netlink answers in milliseconds; a lab may be starting a unit at that moment.
_ANSWER_S = 2.0


class LinkDevice:
    """
    A link by one way to shape it: `_apply` says how, in a thread. Clear is safe.
    """

    cannot: Mapping[str, str]
    loses: Literal["packets", "connections"] = "packets"
    is_seeded: bool = True
    switches: tuple[str, ...] = ()
    undoes: ClassVar[str] = "clear"

    def __init__(self, name: str, across: str, wiring: Wiring, cannot: Mapping[str, str]) -> None:
        self.name, self.cannot = name, cannot
        self._wiring = wiring
        self._across = Across(name, across, wiring)
        self.sees = self._across.sees
        self._blocking = Blocking(name, _ANSWER_S)

    async def open(self) -> None:
        """
        Looks whether it is there. Changes nothing. Raises DeviceError.
        """
        await self._call(self._look)

    async def aclose(self) -> None:
        """
        Leaves the link as it is.
        """

    async def shape(self, shape: LinkShape) -> Instant:
        """
        Makes the link like that. Raises UsageError for what it cannot do, DeviceError.
        """
        for asked in shape.asks:
            if asked in self.cannot:
                raise UsageError(f"'{self.name}' cannot do '{asked}': {self.cannot[asked]}")
        called_ns = now_ns()
        await self._call(lambda: self._apply(shape))
        return Instant(called_ns, now_ns())

    async def clear(self) -> Instant:
        """
        Has nothing done to it any more. Raises DeviceError.
        """
        called_ns = now_ns()
        await self._call(lambda: self._apply(CLEAR))
        return Instant(called_ns, now_ns())

    async def make_safe(self) -> None:
        """
        Clears it. Raises DeviceError.
        """
        await self.clear()

    async def undo(self, action: str) -> None:
        """
        Does `clear`. Raises DeviceError, also for another action.
        """
        if action != self.undoes:
            raise DeviceError(self.name, f"cannot undo by '{action}': a link knows '{self.undoes}'")
        await self.clear()

    async def carrier(self) -> bool | None:
        """
        Whether the medium is there; None where nothing tells.
        """
        return None

    async def round_trip(self) -> Span:
        """
        Across the link and back. Raises NoAnswer, UsageError. The caller sets the deadline.
        """
        return await self._across.round_trip()

    async def burst(self, count: int, size: int, within_s: float) -> Burst:
        """
        Packets across it, and their echoes. Raises NoAnswer, UsageError.
        """
        return await self._across.burst(count, size, within_s)

    def _look(self) -> None:
        raise NotImplementedError

    def _apply(self, shape: LinkShape) -> None:
        raise NotImplementedError

    async def _call(self, call: Callable[[], None]) -> None:
        await self._blocking.call(self._try, call)

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except DeviceError:
            raise
        except (BenchError, OSError) as error:
            raise DeviceError(self.name, str(error)) from error
        except CrashbenchError:
            raise

    def _measure(self, across: str) -> None:
        """
        Whom to ask across it, where that was not known from the start.
        """
        self._across = Across(self.name, across, self._wiring)
