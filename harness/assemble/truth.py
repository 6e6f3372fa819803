"""
In virtual time the world knows what really happened: a trial's own times, to hold against what the bench measured.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from .. import clock
from ..model.drill import DrillSpec, FaultSpec, ProbeSpec
from ..model.instant import Instant
from ..model.link import LinkShape
from ..model.reading import Flag, Reading
from ..model.trial import Instants
from ..protocols import Link, PowerMeter, Probe
from ..sim.rail import Rail
from ..sim.unit import SimUnit
from ..sim.world import World

# A probe's part of the steady state: from which moment on (ns) it is well or not.
_Steps = list[tuple[int, bool]]


class Truth:
    """
    The world's own book of a trial. `begin` it with the trial's probes; `of` reads it off.
    """

    def __init__(self, world: World, units: Mapping[str, SimUnit]) -> None:
        self._world, self._units = world, units
        self._bench: Any = None
        self._probes: list[tuple[ProbeSpec, Probe]] = []

    def attach(self, bench: Any) -> None:
        """
        Says which bench is looked at.
        """
        self._bench = bench

    def begin(self, probes: list[tuple[ProbeSpec, Probe]]) -> None:
        """
        A new trial: what was before is forgotten.
        """
        self._probes = probes
        now_ns = clock.now_ns()
        self._world.forget(now_ns)
        for unit in self._units.values():
            unit.forget(now_ns)

    def of(self, instants: Instants, since_ns: int, drill: DrillSpec) -> dict[str, int]:
        """
        The true times (ns) behind a trial's instants, as far as they came.
        """
        commanded, removal = instants.fault_commanded, instants.removal_commanded
        if commanded is None:
            return {}
        faults = [fault for fault in drill.faults if fault.role]
        known = self._steadiness(commanded.earliest_ns, since_ns, drill.ready)
        # In virtual time a command takes none, and an alert is there when the answer that fired it is.
        known["fault_commanded"] = commanded.earliest_ns
        known["detected"] = instants.detected.latest_ns if instants.detected else None
        known["failed_over"] = self._ran_by_the_other(drill.failed_over, commanded.earliest_ns, since_ns)
        known["fault_effective"] = _last(self._fall(fault, commanded) for fault in faults)
        if removal is not None:
            known["removal_commanded"] = removal.earliest_ns
            since_ns = (removal if len(faults) == 1 else commanded).earliest_ns
            known["removal_effective"] = _last(self._rise(fault, since_ns) for fault in faults)
            if len(faults) == 1:
                known["first_sign"] = self._first_current(faults[0].role, removal)
        return {name: ns for name, _ in instants.items() if (ns := known.get(name)) is not None}

    def _ran_by_the_other(self, spec: ProbeSpec | None, commanded_ns: int, since_ns: int) -> int | None:
        """
        When the service first ran by its other path, where the world's book tells.
        """
        if spec is None:
            return None
        probe = self._bench.probe(spec)
        if not (self._is_foretold(spec, since_ns) and self._has_truth(spec, probe)):
            return None
        return next((ns for ns, well in self._steps(spec, probe, since_ns) if ns >= commanded_ns and well), None)

    def _fall(self, fault: FaultSpec, commanded: Instant) -> int | None:
        """
        When a fault became effective: the fall that the contact's chatter left standing; of a link, when it was shaped.
        """
        if (shapes := self._shapes(fault, commanded.earliest_ns)) is not None:
            return next((ns for ns, shape in shapes if shape.asks), None)
        rail = self._rail(self._bench.dut_of(fault.role).name)
        below_v, _ = self._bench.fault(fault).levels_v
        falls = [ns for ns, up in rail.crossings(below_v, commanded.earliest_ns) if not up]
        chatter_ns = round(rail.spec.contact.bounce_s * clock.NS_PER_S)
        return max((ns for ns in falls if ns <= falls[0] + chatter_ns), default=None)

    def _rise(self, fault: FaultSpec, since_ns: int) -> int | None:
        """
        When a fault was gone: the rise that came of the contact's last closing, if the rail had fallen before it; of a
        link, when it was cleared for the last time.
        """
        if (shapes := self._shapes(fault, since_ns)) is not None:
            return next((ns for ns, shape in reversed(shapes) if not shape.asks), None)
        rail = self._rail(self._bench.dut_of(fault.role).name)
        _, above_v = self._bench.fault(fault).levels_v
        closed_ns = max(rail.strokes(since_ns), default=0) - round(rail.spec.contact.bounce_s * clock.NS_PER_S)
        rises = [ns for ns, up in rail.crossings(above_v, since_ns) if up]
        return max((ns for ns in rises if ns >= closed_ns), default=None)

    def _shapes(self, fault: FaultSpec, since_ns: int) -> list[tuple[int, LinkShape]] | None:
        """
        How the link in a fault's role was from each moment on; None when it strikes no link.
        """
        device = self._bench.devices[self._bench.device_of(fault.role)]
        is_played = hasattr(device, "shapes") and isinstance(device, Link)
        return device.shapes(since_ns) if is_played else None

    def _steadiness(self, commanded_ns: int, since_ns: int, ready: Collection[str]) -> dict[str, int | None]:
        if not all(self._is_foretold(spec, since_ns) for spec, _ in self._probes):
            return {}
        if not all(self._has_truth(spec, probe) for spec, probe in self._probes):
            return {"steady_lost": None, "ready": None}
        steps = {spec.name: self._steps(spec, probe, since_ns) for spec, probe in self._probes}
        lost = next((ns for ns, well in _all(list(steps.values())) if ns >= commanded_ns and not well), None)
        needed = _all([part for name, part in steps.items() if name in ready])
        is_back = lost is not None and needed and needed[-1][1] and needed[-1][0] >= commanded_ns
        return {"steady_lost": lost, "ready": needed[-1][0] if is_back else None}

    def _has_truth(self, spec: ProbeSpec, probe: Probe) -> bool:
        """
        Whether the world's own book tells what a probe would see.
        """
        device = self._bench.devices[self._bench.device_of(spec.role)]
        return getattr(probe, "has_truth", True) and (hasattr(device, "samples") or isinstance(device, PowerMeter))

    def _steps(self, spec: ProbeSpec, probe: Probe, since_ns: int) -> _Steps:
        device = self._bench.devices[self._bench.device_of(spec.role)]
        if hasattr(device, "samples"):
            return _changes([(ns, sample) for ns, sample in device.samples(since_ns)], probe.accepts)
        dut = self._bench.dut_of(spec.role).name
        rail, unit = self._rail(dut), self._unit(dut)
        moments = sorted({since_ns, *rail.strokes(since_ns), *(ns for ns, _ in unit.currents(since_ns))})
        samples = [(ns, _reading(rail, ns)) for ns in moments if ns >= since_ns]
        return _changes(samples, probe.accepts)

    def _is_foretold(self, spec: ProbeSpec, since_ns: int) -> bool:
        """
        Whether what a probe hears follows from what the world knows, and from no chance on a link.
        """
        device = self._bench.devices[self._bench.device_of(spec.role)]
        is_foretold = getattr(device, "is_foretold", None)
        return is_foretold is None or bool(is_foretold(since_ns))

    def _first_current(self, role: str, removal: Instant) -> int | None:
        dut = self._bench.dut_of(role)
        rail, since_ns = self._rail(dut.name), removal.earliest_ns
        currents = self._unit(dut.name).currents(since_ns)
        moments = sorted({since_ns, *rail.strokes(since_ns), *(ns for ns, _ in currents)})
        return next((ns for ns in moments if ns >= since_ns and rail.current_a(ns) > dut.first_sign_a), None)

    def _rail(self, dut: str) -> Rail:
        return next(rail for rail in self._world.rails.values() if rail.spec.dut == dut)

    def _unit(self, dut: str) -> SimUnit:
        return self._units[dut]


def _last(moments: Iterable[int | None]) -> int | None:
    """
    The last of several moments, if all of them came.
    """
    known = list(moments)
    came = [ns for ns in known if ns is not None]
    return max(came) if came and len(came) == len(known) else None


def _reading(rail: Rail, at_ns: int) -> Reading:
    return Reading(Instant.exactly(at_ns), Flag.OK, rail.voltage_v(at_ns), rail.current_a(at_ns))


def _changes(samples: list[tuple[int, Any]], accepts: Callable[[Any], bool]) -> _Steps:
    steps: _Steps = []
    for at_ns, sample in samples:
        well = accepts(sample)
        if not steps or steps[-1][1] is not well:
            steps.append((at_ns, well))
    return steps


def _all(parts: list[_Steps]) -> _Steps:
    """
    From when on every part is well, or not.
    """
    state = [False] * len(parts)
    steps: _Steps = []
    for at_ns, index, well in sorted((ns, index, well) for index, part in enumerate(parts) for ns, well in part):
        state[index] = well
        if not steps or steps[-1][1] is not all(state):
            if steps and steps[-1][0] == at_ns:
                steps.pop()
            steps.append((at_ns, all(state)))
    return steps
