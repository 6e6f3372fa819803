"""
Asked before every strike, failing closed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from .. import clock
from ..errors import Refused
from ..model.drill import DrillSpec, FaultSpec
from ..model.rig import DEFAULT_ENVIRONMENT, RigSpec
from ..protocols import Fault, PowerSwitch
from .bench import Bench

_HOUR_NS = 3600 * clock.NS_PER_S


class Guard:
    """
    Decides whether a drill may run on a rig, and whether each of its faults may strike now.
    """

    def __init__(self, rig: RigSpec) -> None:
        self._rig = rig
        self._strokes: dict[str, deque[int]] = {}
        self._fed_ns: dict[str, int] = {}
        self._struck: set[str] = set()

    def admit(self, drill: DrillSpec, bench: Bench) -> None:
        """
        Before anything is touched: environment, blast radius, interlocks and pulses as planned. Raises Refused.
        """
        self._environment(drill)
        self._blast_radius(drill, bench)
        self._planned_interlocks(drill, bench)
        switches = {switch.name: switch for switch in bench.switches()}
        for spec in drill.faults:
            for device, off_s, _ in bench.fault(spec).strikes:
                if device in switches:
                    self._pulse(switches[device], off_s)

    def strike(self, fault: Fault, switches: Sequence[PowerSwitch]) -> None:
        """
        Just before a fault: interlocks as they stand, dwell, pulse width, cycles per hour. Raises Refused.

        What is permitted is counted as struck, until the fault is `released`.
        """
        by_name = {switch.name: switch for switch in switches}
        for device, off_s, count in fault.strikes:
            if device in by_name:
                self._pulse(by_name[device], off_s)
                self._dwell(by_name[device])
                self._cycles(by_name[device], count)
        devices = {device for device, _, _ in fault.strikes}
        self._not_twice(self._struck & devices)
        self._interlocks(self._struck | devices)
        self._struck |= devices
        now = clock.now_ns()
        for device, _, count in fault.strikes:
            self._strokes.setdefault(device, deque()).extend([now] * count)

    def released(self, fault: Fault) -> None:
        """
        The fault was restored: its devices count as fed again, from now.
        """
        now = clock.now_ns()
        for device, _, _ in fault.strikes:
            self._struck.discard(device)
            self._fed_ns[device] = now

    def _environment(self, drill: DrillSpec) -> None:
        here, allowed = self._rig.environment, drill.blast_radius.environments
        if allowed and here not in allowed:
            raise Refused(f"this is '{here}', and {drill.path.name} may run in {', '.join(allowed)} only")
        if not allowed and here == DEFAULT_ENVIRONMENT:
            raise Refused(
                f"this is '{here}', and {drill.path.name} does not name it in blast_radius.environments; "
                "say so there, or set `environment` in the rig or CRASHBENCH_ENVIRONMENT"
            )

    def _blast_radius(self, drill: DrillSpec, bench: Bench) -> None:
        radius, struck = drill.blast_radius, [fault for fault in drill.faults if fault.role]
        for fault in struck:
            if radius.roles and fault.role not in radius.roles:
                raise Refused(f"'{fault.role}' is outside the blast radius ({', '.join(radius.roles)})")
        duts = {bench.dut_of(fault.role).name for fault in struck}
        if len(duts) > radius.duts:
            raise Refused(
                f"it would touch {len(duts)} DUTs ({', '.join(sorted(duts))}); the blast radius is {radius.duts}"
            )

    def _planned_interlocks(self, drill: DrillSpec, bench: Bench) -> None:
        windows = [(bench.device_of(f.role), f.at_s, _end_s(f, bench)) for f in drill.faults if f.role]
        for _, start_s, _ in windows:
            struck = [device for device, from_s, to_s in windows if from_s <= start_s < to_s]
            self._not_twice({device for device in struck if struck.count(device) > 1})
            self._interlocks(set(struck))

    def _not_twice(self, devices: set[str]) -> None:
        # The first fault to end would undo the other one, unseen.
        if devices:
            raise Refused(f"{' and '.join(sorted(devices))} would be struck by two faults at the same time")

    def _interlocks(self, struck: set[str]) -> None:
        for interlock in self._rig.interlocks:
            both = sorted(struck & set(interlock.devices))
            if len(both) > interlock.at_most:
                raise Refused(
                    f"interlock: {' and '.join(both)} at the same time; at most {interlock.at_most} may be struck"
                )

    def _pulse(self, switch: PowerSwitch, off_s: float) -> None:
        if off_s < switch.min_pulse_s:
            raise Refused(
                f"{switch.name} cannot make an interruption of {off_s * 1000:g} ms honestly: "
                f"its floor is {switch.min_pulse_s * 1000:g} ms"
            )

        if off_s < switch.min_off_s:
            raise Refused(f"{switch.name} must stay off for {switch.min_off_s:g} s at least, not {off_s:g} s")

    def _dwell(self, switch: PowerSwitch) -> None:
        fed_ns = self._fed_ns.get(switch.name)
        fed_s = float("inf") if fed_ns is None else (clock.now_ns() - fed_ns) / clock.NS_PER_S
        if fed_s < switch.min_on_s:
            raise Refused(f"{switch.name} was fed for {fed_s:.3g} s only; it must be for {switch.min_on_s:g} s")

    def _cycles(self, switch: PowerSwitch, count: int) -> None:
        strokes = self._strokes.setdefault(switch.name, deque())
        while strokes and strokes[0] < clock.now_ns() - _HOUR_NS:
            strokes.popleft()
        if len(strokes) + count > switch.cycles_per_hour:
            raise Refused(
                f"{switch.name} may cycle {switch.cycles_per_hour} times an hour, and has done {len(strokes)}"
            )


def _end_s(fault: FaultSpec, bench: Bench) -> float:
    return fault.at_s + max((after_s for after_s, _ in bench.fault(fault).plan()), default=0.0)
