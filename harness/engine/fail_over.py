"""
The moment from which on the DUT's service runs by its other path.
"""

from __future__ import annotations

from ..errors import BenchError
from ..model.drill import ProbeSpec
from ..model.instant import Instant
from ..protocols import Probe
from .asking import Asking


class FailOver:
    """
    A probe that is well once the service runs by the other path, asked from before the fault until then.
    """

    def __init__(self, spec: ProbeSpec, probe: Probe) -> None:
        self._spec, self._probe = spec, probe
        self._bad_ns: int | None = None
        self._over: Instant | None = None

    async def until_apart(self) -> None:
        """
        Asks until the service does not run by the other path, so that it can be seen to change to it.
        """

        def take(asked_ns: int, answered_ns: int, is_good: bool, detail: str) -> None:
            if not is_good:
                self._bad_ns = asked_ns
                asking.stop()

        asking = Asking(self._spec, self._probe, take)
        await asking.keep_asking()

    async def until_over(self) -> Instant:
        """
        Asks until it does: from the last question that showed that it did not to the first answer that shows that it
        does. Raises BenchError when a device of the bench fails.
        """

        def take(asked_ns: int, answered_ns: int, is_good: bool, detail: str) -> None:
            if is_good:
                self._over = Instant(asked_ns if self._bad_ns is None else self._bad_ns, answered_ns)
                asking.stop()
            else:
                self._bad_ns = asked_ns

        asking = Asking(self._spec, self._probe, take)
        await asking.keep_asking()
        if self._over is None:
            raise BenchError(f"'{self._spec.name}' was asked no more")
        return self._over
