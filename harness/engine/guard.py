"""
Asked before every strike, failing closed.
"""

from __future__ import annotations

from collections.abc import Sequence

from .. import clock
from ..errors import Refused
from ..model.drill import DrillSpec, FaultSpec
from ..model.environment import PRODUCTION, folded, is_production
from ..model.rig import RigSpec
from ..protocols import Fault, PowerSwitch
from .bench import Bench
from .odometer import Odometer


class Guard:
    """
    Decides whether a drill or an audit may run on a rig, and whether each of its strikes may be made now.

    What it permits is on the rig's odometer; without one, strokes are counted as long as it lives.
    """

    def __init__(self, rig: RigSpec, odometer: Odometer | None = None) -> None:
        self._rig = rig
        self._odometer = odometer or Odometer(None)
        self._fed_ns: dict[str, int] = {}
        self._struck: set[str] = set()

    def admit(self, drill: DrillSpec, bench: Bench) -> None:
        """
        Before anything is touched: environment, blast radius, and what is planned. Of a ladder at least one row must be
        permitted. Raises Refused.
        """
        self._environment(drill)
        for form in drill.forms():
            self._blast_radius(form, bench)
        refused = [why for form in drill.forms() if (why := self.why_not(form, bench))]
        if drill.ladder is None and refused:
            raise Refused(refused[0])
        if drill.ladder is not None and len(refused) == len(drill.ladder.rows):
            raise Refused(f"no row of {drill.path.name} can be delivered by this rig; of row 1: {refused[0]}")

    def why_not(self, drill: DrillSpec, bench: Bench) -> str:
        """
        Why a drill's faults may not strike as planned: what the rig cannot deliver, interlocks, pulses, wear. Empty
        when they may.
        """
        try:
            self._planned_interlocks(drill, bench)
            switches = {switch.name: switch for switch in bench.switches()}
            for spec in drill.faults:
                for device, off_s, count in bench.fault(spec).strikes:
                    if device in switches:
                        self._pulse(switches[device], off_s)
                        self._rate(switches[device], count)
                        self._life(switches[device], count)
        except Refused as refusal:
            return str(refusal)
        return ""

    def admit_audit(self) -> None:
        """
        Before an audit strikes: the environment. Raises Refused.
        """
        if is_production(self._rig.environment):
            raise Refused(
                f"{_here(self._rig)}, and an audit cuts its DUTs' power; look without a stroke by "
                "`--look-only`, or set `environment` in the rig or CRASHBENCH_ENVIRONMENT"
            )

    def strike(self, fault: Fault, switches: Sequence[PowerSwitch]) -> None:
        """
        Just before a fault: interlocks as they stand, dwell, pulse width, cycles per hour. Raises Refused.

        What is permitted is counted as struck, until the fault is `released`.
        """
        by_name = {switch.name: switch for switch in switches}
        for device, off_s, count in fault.strikes:
            if device in by_name:
                self._pulse(by_name[device], off_s)
                self._wear(by_name[device], count)
        self._begin({device for device, _, _ in fault.strikes})
        for device, _, count in fault.strikes:
            if device in by_name:
                self._odometer.count(device, count)

    def released(self, fault: Fault) -> None:
        """
        The fault was restored: its devices count as fed again, from now.
        """
        self._end({device for device, _, _ in fault.strikes})

    def stroke(self, switch: PowerSwitch) -> None:
        """
        Just before an audit's stroke, of whatever length: interlocks, dwell, cycles per hour, contact life. Raises
        Refused, RecordError.

        What is permitted is counted as struck, until the switch has `rested`.
        """
        self._wear(switch, 1)
        self._begin({switch.name})
        self._odometer.count(switch.name)

    def rested(self, switch: PowerSwitch) -> None:
        """
        The switch feeds again, from now.
        """
        self._end({switch.name})

    def _wear(self, switch: PowerSwitch, count: int) -> None:
        self._life(switch, count)
        self._cycles(switch, count)
        self._dwell(switch)

    def _begin(self, devices: set[str]) -> None:
        self._not_twice(self._struck & devices)
        self._interlocks(self._struck | devices)
        self._struck |= devices

    def _end(self, devices: set[str]) -> None:
        now = clock.now_ns()
        for device in devices:
            self._struck.discard(device)
            self._fed_ns[device] = now

    def _environment(self, drill: DrillSpec) -> None:
        here, allowed = self._rig.environment, drill.blast_radius.environments
        if allowed and folded(here) not in map(folded, allowed):
            raise Refused(f"this is '{here}', and {drill.path.name} may run in {', '.join(allowed)} only")
        if not allowed and is_production(here):
            raise Refused(
                f"{_here(self._rig)}, and {drill.path.name} does not name it in blast_radius.environments; "
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
        if off_s < max(switch.min_pulse_s, self._odometer.floors.of(switch.name) or 0.0):
            told = f"{switch.name} cannot make an interruption of {off_s * 1000:g} ms honestly"
            raise Refused(f"{told}: {self._floor(switch)}")
        if off_s < switch.min_off_s:
            raise Refused(f"{switch.name} must stay off for {switch.min_off_s:g} s at least, not {off_s:g} s")

    def _floor(self, switch: PowerSwitch) -> str:
        declared, measured_s = f"{switch.min_pulse_s * 1000:g} ms", self._odometer.floors.of(switch.name)
        if measured_s is None:
            return f"its floor is {declared} (declared, never measured: run `crashbench doctor`)"
        if measured_s > switch.min_pulse_s:
            return f"its floor was measured to be {measured_s * 1000:.3g} ms (`crashbench doctor`)"
        return f"its floor is {declared} (declared; `crashbench doctor` measured no longer one)"

    def _dwell(self, switch: PowerSwitch) -> None:
        fed_ns = self._fed_ns.get(switch.name)
        fed_s = float("inf") if fed_ns is None else (clock.now_ns() - fed_ns) / clock.NS_PER_S
        if fed_s < switch.min_on_s:
            raise Refused(f"{switch.name} was fed for {fed_s:.3g} s only; it must be for {switch.min_on_s:g} s")

    def _cycles(self, switch: PowerSwitch, count: int) -> None:
        done = self._odometer.within_hour(switch.name)
        if done + count > switch.cycles_per_hour:
            raise Refused(f"{switch.name} may cycle {switch.cycles_per_hour} times an hour, and has done {done}")

    def _rate(self, switch: PowerSwitch, count: int) -> None:
        if count > switch.cycles_per_hour:
            raise Refused(f"{switch.name} may cycle {switch.cycles_per_hour} times an hour, and this needs {count}")

    def _life(self, switch: PowerSwitch, count: int) -> None:
        life, done = life_of(switch), self._odometer.total(switch.name)
        if life is not None and done + count > life:
            raise Refused(
                f"{switch.name} has done {done} of the {life} strokes that its contact lasts, and this needs {count}; "
                f"replace it, and say so by `crashbench doctor --replaced {switch.name}`"
            )


def life_of(switch: PowerSwitch) -> int | None:
    """
    How many strokes a switch's contact lasts; None for a switch that has none, such as a MOSFET.
    """
    life = getattr(switch, "contact_life", None)
    return life if isinstance(life, int) else None


def _here(rig: RigSpec) -> str:
    means_it = folded(rig.environment) == PRODUCTION
    return f"this is '{rig.environment}'" + ("" if means_it else f", which counts as {PRODUCTION}")


def _end_s(fault: FaultSpec, bench: Bench) -> float:
    return fault.at_s + max((after_s for after_s, _ in bench.fault(fault).plan()), default=0.0)
