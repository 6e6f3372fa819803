"""
A link in virtual time and its role, with everything that can go wrong with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from harness import clock
from harness.devices.sim_link import SimLink as LinkDevice
from harness.errors import DeviceError
from harness.model.drill import FaultSpec
from harness.model.instant import Instant
from harness.model.link import LinkShape
from harness.model.world import LinkSpec
from harness.protocols import Strike
from harness.sim.sim_link import SimLink
from tests.faults.batteries import Cast, carried_out

S = clock.NS_PER_S


class TriedLink(LinkDevice):
    """
    A link whose `fails_at`-th command fails, before or `after` it has acted; one that is `deaf` acts on none of them.
    """

    def __init__(self, *fails_at: int, after: bool = False, deaf: bool = False, **model: Any) -> None:
        super().__init__("fibre", LinkDevice.Config(link="fibre", cannot=model.pop("cannot", ())), None)  # type: ignore[arg-type]
        self.model = self._link = SimLink("fibre", LinkSpec(to="edge", **model))
        self._fails_at, self._after, self._deaf = fails_at, after, deaf
        self.calls = 0

    async def open(self) -> None: ...

    async def shape(self, shape: LinkShape) -> Instant:
        return await self._tried(super().shape, shape)

    async def clear(self) -> Instant:
        return await self._tried(super().clear)

    async def _tried(self, act: Callable[..., Awaitable[Instant]], *args: Any) -> Instant:
        self.calls += 1
        fails = self.calls in self._fails_at
        if fails and not self._after:
            raise DeviceError(self.name, "failed as asked")
        done = Instant.exactly(clock.now_ns()) if self._deaf else await act(*args)
        if fails:
            raise DeviceError(self.name, "failed as asked, too late")
        return done

    @property
    def is_clear(self) -> bool:
        return not self.model.shape_now.asks

    def strokes(self) -> list[tuple[int, tuple[str, ...]]]:
        """
        When (ns) it was made how.
        """
        return [(at_ns, shape.asks) for at_ns, shape in self.model.shapes(0)][1:]


def spec_of(kind: type[Any], for_s: float | None = None, seed: int = 1, **keys: Any) -> FaultSpec:
    """
    A fault as a drill file would have it.
    """
    config = kind.Config(**keys)
    return FaultSpec(kind=kind.__name__, role="links.fibre", at_s=0.0, for_s=for_s, config=config, seed=seed)


def fault_of(kind: type[Any], link: TriedLink, for_s: float | None = None, seed: int = 1, **keys: Any) -> Any:
    """
    A fault, ready to be injected.
    """
    return kind(spec_of(kind, for_s, seed, **keys), Cast(links__fibre=link))


Done = tuple[Strike, Instant | None, Instant, TriedLink]


def carry_out(kind: type[Any], for_s: float | None = None, *, link: TriedLink | None = None, **keys: Any) -> Done:
    """
    What the engine does with a fault: the strike, its effect if that was shown, its removal, and the link.
    """
    done: list[Done] = []

    async def nothing() -> None: ...

    async def main() -> None:
        tried = link or TriedLink()
        tried.model = tried._link = SimLink("fibre", tried.model.spec)  # its history begins with this loop
        done.append((*await carried_out(fault_of(kind, tried, for_s, **keys), nothing), tried))

    clock.run(main, virtual=True)
    return done[0]


def in_a_loop(make: Callable[[], Any]) -> Any:
    """
    What `make()` returns; a link's history needs a clock.
    """

    async def main() -> Any:
        return make()

    return clock.run(main, virtual=True)
