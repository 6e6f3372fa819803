"""
A rig with its devices open: the bench that the engine is given.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, runtime_checkable

import anyio

from .. import plugins
from ..devices._sampler import Take
from ..devices._tap import Polled
from ..errors import BenchError, Refused, UsageError
from ..insist import insist
from ..model.drill import DrillSpec, FaultSpec, ProbeSpec
from ..model.rate import Rate
from ..model.rig import DutSpec, RigSpec
from ..model.run import Dut
from ..model.trace import Samples
from ..model.trial import Instants
from ..model.undo import Undo
from ..protocols import Device, Fault, HttpService, NoAnswer, Output, PowerMeter, PowerSwitch, Probe
from .casting import Casting
from .sampling import Sampling, sampled
from .wires import RigWires

# How long a DUT may take to say who it is; it is asked once, when its steady state has not been looked at yet.
_IDENTIFY_S = 2.0


@runtime_checkable
class _Alarming(Protocol):
    """
    A device that may find by itself, between two calls, that it cannot go on.
    """

    name: str
    trouble: str
    alarm: Callable[[str], None]


class Assembly:
    """
    The devices of one rig, by role. Made by `assembled`, which opens and closes them.
    """

    def __init__(self, rig: RigSpec, devices: Mapping[str, Device], wires: RigWires, truth: Any = None) -> None:
        self.rig, self.devices, self.wiring = rig, devices, wires.told()
        self.missing: dict[str, BenchError] = {}
        """The devices that a restore could not open, and why."""
        self.roles = Casting(rig, devices)
        self._truth = truth
        self._sampling: Sampling | None = None
        self._alarm: Callable[[str], None] | None = None

    @property
    def firmware(self) -> str | None:
        """
        The version of the firmware on the rig's first board, if it has one that is open.
        """
        return next((told for device in self.devices.values() if (told := getattr(device, "firmware", None))), None)

    @property
    def notes(self) -> list[str]:
        """
        What the devices found when they were opened that the record should know.
        """
        return [note for device in self.devices.values() for note in getattr(device, "notes", ())]

    def on_trouble(self, alarm: Callable[[str], None]) -> None:
        """
        Calls `alarm` when a device finds by itself that it cannot go on, at once for one that has found so already; and
        when the sampling finds that a meter is silent, or a current too great.
        """
        self._alarm = alarm
        for device in self.devices.values():
            if isinstance(device, _Alarming):
                device.alarm = alarm
                if device.trouble:
                    alarm(f"{device.name}: {device.trouble}")

    def fault(self, spec: FaultSpec) -> Fault:
        """
        A fault, ready to be injected.
        """
        made: Fault = plugins.load("faults", spec.kind)(spec, self.roles)
        return made

    def probe(self, spec: ProbeSpec) -> Probe:
        """
        A fresh probe.
        """
        made: Probe = plugins.load("probes", spec.kind)(spec, self.roles)
        return made

    def check(self, drill: DrillSpec) -> None:
        """
        Fills every role of a drill, and lets everything go again. Raises UsageError at the key that cannot be filled.
        """
        for index, probe in enumerate(drill.steady_state):
            self._placed(drill, f"steady_state.{index}", self.probe, probe)
        if drill.detected is not None:
            self._placed(drill, "detected", self.probe, drill.detected.probe)
        if drill.failed_over is not None:
            self._placed(drill, "failed_over", self.probe, drill.failed_over)
        for form in drill.forms():
            for index, fault in enumerate(form.faults):
                with suppress(Refused):  # it is the guard's to tell, row by row
                    self._placed(drill, f"fault.{index}", self.fault, fault)

    def dut_of(self, role: str) -> DutSpec:
        """
        The DUT that a role belongs to.
        """
        return self.roles.dut(role)

    def device_of(self, role: str) -> str:
        """
        The name of the device in a role.
        """
        return self.roles.device(role)

    def switches(self) -> list[PowerSwitch]:
        """
        Every power switch of the rig.
        """
        return self.roles.all(PowerSwitch)

    def meter_of(self, dut: str) -> PowerMeter | None:
        """
        The meter on a DUT's rail.
        """
        name = self.rig.duts[dut].roles.get("meter")
        if name is None or name in self.missing:
            return None
        return self.roles.get(f"{dut}.meter", PowerMeter)

    def sampled(self) -> Sequence[Polled]:
        """
        The meters that `sampling` is about.
        """
        return sampled(self.rig, self.devices)

    @asynccontextmanager
    async def sampling(self, take: Take, note: Callable[[str], None] = lambda problem: None) -> AsyncIterator[None]:
        """
        Samples the rig's meters while it is entered, if the rig is to be sampled. `on_trouble` must have been called:
        its alarm is told when a meter cannot be relied on.

        `take(meter, scale, samples)` gets what they said, in batches, in another thread where time is real. `note` is
        told on the event loop what the record should know.
        """
        meters = self.sampled()
        if not meters:
            yield
            return
        assert self._alarm is not None, "nobody would hear that a meter is silent"
        self._sampling = Sampling(self.rig, meters, take, self._alarm, note)
        async with self._sampling.running():
            yield

    def samples_of(self, dut: str, since_ns: int) -> Samples | None:
        """
        What was sampled on a DUT's rail since a moment (nanoseconds), of the last few minutes.
        """
        return None if self._sampling is None else self._sampling.samples_of(dut, since_ns)

    def keep_samples(self, dut: str, stretches: Iterable[tuple[int, int]]) -> None:
        """
        Keeps what was sampled in these stretches (nanoseconds), however long ago, and in no others.
        """
        if self._sampling is not None:
            self._sampling.keep_samples(dut, stretches)

    def has_forgotten(self, dut: str, since_ns: int) -> bool:
        """
        Whether anything that was sampled since a moment (nanoseconds) is remembered no more.
        """
        return self._sampling is not None and self._sampling.has_forgotten(dut, since_ns)

    def rates(self) -> list[Rate]:
        """
        How well each meter was sampled so far; empty when none is.
        """
        return [] if self._sampling is None else self._sampling.rates()

    async def identify(self) -> Dut:
        """
        Asks the first DUT who it is; what it does not say stays open.
        """
        dut = next(iter(self.rig.duts.values()))
        if dut.identity is None:
            return Dut()
        service = self.roles.get(f"{dut.name}.{dut.identity.role}", HttpService)
        told: object = None
        with anyio.move_on_after(_IDENTIFY_S):
            try:
                told = json.loads((await service.request("GET", dut.identity.path)).body)
            except (NoAnswer, ValueError):
                return Dut()
        if not isinstance(told, dict):
            return Dut()
        name, version = told.get(dut.identity.name), told.get(dut.identity.version)
        return Dut(name=None if name is None else str(name), version=None if version is None else str(version))

    async def undo(self, undo: Undo) -> None:
        """
        Carries out one undo, insisting.
        """
        device = self.devices.get(undo.device)
        if not isinstance(device, Output):
            raise BenchError(f"{undo.device}: the rig has no such output any more; undo '{undo.action}' by hand")
        await insist(undo.device, lambda: device.undo(undo.action))

    async def make_safe(self) -> dict[str, str]:
        """
        Puts every output to its safe level, insisting; returns those that would not, and why.

        All at once, but for the parts of a board: its own safe state may be another, and must not come after theirs.
        """
        failed = {}

        async def make(name: str, device: Output) -> None:
            try:
                if name in self.missing:
                    raise self.missing[name]
                await insist(name, device.make_safe)
            except BenchError as error:
                failed[name] = str(error)

        outputs = {name: device for name, device in self.devices.items() if isinstance(device, Output)}
        parts = {name for name in outputs if hasattr(self.rig.devices[name].config, "board")}
        for wave in (outputs.keys() - parts, parts):
            async with anyio.create_task_group() as tasks:
                for name in sorted(wave):
                    tasks.start_soon(make, name, outputs[name])
        return failed

    def begin_truth(self, probes: list[tuple[ProbeSpec, Probe]]) -> None:
        """
        Starts a new trial in the world's own book, if there is one.
        """
        if self._truth is not None:
            self._truth.begin(probes)

    def truth(self, instants: Instants, since_ns: int, drill: DrillSpec) -> dict[str, int] | None:
        """
        The world's own times of a trial.
        """
        return None if self._truth is None else self._truth.of(instants, since_ns, drill)

    @staticmethod
    def _placed(drill: DrillSpec, key: str, make: Any, spec: Any) -> None:
        try:
            make(spec)
        except UsageError as error:
            raise error.within(file=str(drill.path), key=key) from error
