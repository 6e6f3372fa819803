"""
What the engine needs of a bench: roles made real, without a word about devices.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ..model.drill import DrillSpec, FaultSpec, ProbeSpec
from ..model.rate import Rate
from ..model.rig import DutSpec, RigSpec
from ..model.run import Dut
from ..model.trace import Samples
from ..model.trial import Instants
from ..model.undo import Undo
from ..protocols import Fault, PowerMeter, PowerSwitch, Probe


class Bench(Protocol):
    """
    A rig whose devices are open.
    """

    rig: RigSpec
    wiring: str
    """One line that reports how the bench reaches its hardware: pin factory and chip, I2C driver."""

    def fault(self, spec: FaultSpec) -> Fault:
        """
        A fault, ready to be injected. Raises UsageError when a role cannot be filled.
        """

    def probe(self, spec: ProbeSpec) -> Probe:
        """
        A fresh probe. Raises UsageError when a role cannot be filled.
        """

    def dut_of(self, role: str) -> DutSpec:
        """
        The DUT that a role belongs to. Raises UsageError.
        """

    def device_of(self, role: str) -> str:
        """
        The name of the device in a role. Raises UsageError.
        """

    def switches(self) -> list[PowerSwitch]:
        """
        Every power switch of the rig.
        """

    def meter_of(self, dut: str) -> PowerMeter | None:
        """
        The meter on a DUT's rail, if it has one.
        """

    def samples_of(self, dut: str, since_ns: int) -> Samples | None:
        """
        What was sampled on a DUT's rail since a moment (nanoseconds), of the last few minutes; None when nothing
        samples it.
        """

    def keep_samples(self, dut: str, stretches: Iterable[tuple[int, int]]) -> None:
        """
        Keeps what was sampled in these stretches (from, to, in nanoseconds), however long ago, and in no others.
        """

    def has_forgotten(self, dut: str, since_ns: int) -> bool:
        """
        Whether anything that was sampled since a moment (nanoseconds) is remembered no more.
        """

    def rates(self) -> list[Rate]:
        """
        How well each meter was sampled so far; empty when none is.
        """

    async def identify(self) -> Dut:
        """
        Asks the DUT who it is.
        """

    async def undo(self, undo: Undo) -> None:
        """
        Carries out one undo. Raises BenchError.
        """

    async def make_safe(self) -> dict[str, str]:
        """
        Puts every output to its safe level, insisting; returns the devices that would not, and why.
        """

    def begin_truth(self, probes: list[tuple[ProbeSpec, Probe]]) -> None:
        """
        In virtual time: starts a new trial in the world's own book.
        """

    def truth(self, instants: Instants, since_ns: int, drill: DrillSpec) -> dict[str, int] | None:
        """
        In virtual time: the world's own times of a trial; None where nobody knows them.
        """
