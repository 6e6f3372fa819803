"""
Whom a drill's role names mean on a rig.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ..errors import UsageError, nearest
from ..model.rig import DutSpec, RigSpec

T = TypeVar("T")


class Casting:
    """
    Roles by name: `power` is the first DUT's, `gateway.power` the DUT's called gateway.
    """

    def __init__(self, rig: RigSpec, devices: Mapping[str, Any]) -> None:
        self._rig, self._devices = rig, devices
        self.cast: set[str] = set()
        """The devices that were asked for by their role."""
        self._checked: dict[tuple[str, type[Any]], bool] = {}

    def dut(self, role: str) -> DutSpec:
        """
        The DUT that a role belongs to.
        """
        return self._split(role)[0]

    def device(self, role: str) -> str:
        """
        The name of the device in a role. Raises UsageError, naming the nearest role there is.
        """
        dut, name = self._split(role)
        if name not in dut.roles:
            problem = f"'{role}' is no role of {self._rig.path.name}; {nearest(role, self._known())}"
            raise UsageError(problem, key="role")
        self.cast.add(dut.roles[name])
        return dut.roles[name]

    def get(self, role: str, protocol: type[T]) -> T:
        """
        The device in a role, as what it is asked to be.
        """
        name = self.device(role)
        device: T = self._devices[name]
        if not self._is(name, protocol):
            fits = [known for known, other in self._known().items() if self._is(other, protocol)]
            kind = self._rig.devices[name].kind
            problem = f"'{role}' is filled by '{name}' ({kind}), which is no {protocol.__name__}; {nearest(role, fits)}"
            raise UsageError(problem, key="role")
        return device

    def sibling(self, role: str, name: str) -> str:
        """
        The role `name` of the same DUT.
        """
        return f"{self.dut(role).name}.{name}"

    def all(self, protocol: type[T]) -> list[T]:
        """
        Every device that is a `protocol`.
        """
        return [device for name, device in self._devices.items() if self._is(name, protocol)]

    def _known(self) -> dict[str, str]:
        """
        Every role as a drill may name it, and its device.
        """
        duts = list(self._rig.duts.values())
        of_each = {f"{dut.name}.{role}": device for dut in duts for role, device in dut.roles.items()}
        return {**duts[0].roles, **(of_each if len(duts) > 1 else {})}

    def _is(self, device: str, protocol: type[Any]) -> bool:
        # Looking for every member takes as long as an answer, and each probe, fault and guard of a trial wants to know.
        if (device, protocol) not in self._checked:
            self._checked[device, protocol] = isinstance(self._devices[device], protocol)
        return self._checked[device, protocol]

    def _split(self, role: str) -> tuple[DutSpec, str]:
        first, _, rest = role.partition(".")
        if rest and first in self._rig.duts:
            return self._rig.duts[first], rest
        return next(iter(self._rig.duts.values())), role
