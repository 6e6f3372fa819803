"""
A rig file to a `RigSpec`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from .. import plugins
from ..errors import UsageError, nearest
from ..model.environment import PRODUCTION
from ..model.rig import (
    ArtifactSpec,
    DeviceSpec,
    DutSpec,
    GpioSpec,
    I2CSpec,
    IdentitySpec,
    InterlockSpec,
    LeaseSpec,
    RigSpec,
    SamplingSpec,
)
from ..model.world import DrawSpec, WorldSpec
from .build import build
from .source import Source, read

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}")

# Of a rail that nobody measures.
_UNJUDGED_V = {"nominal": 5.0, "brown_out": 3.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dut:
    nominal_v: float | None = None
    brown_out_v: float | None = None
    first_sign_a: float = 0.05
    trip_a: float | None = None
    supply_limit_a: float | None = None
    run_current_a: tuple[float, ...] = ()
    boot_signature: tuple[DrawSpec, ...] = ()
    identity: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, ArtifactSpec] = field(default_factory=dict)
    roles: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    title: str
    time: Literal["real", "virtual"] = "real"
    environment: str = ""
    gpio: GpioSpec | None = None
    i2c: I2CSpec | None = None
    interlock: tuple[InterlockSpec, ...] = ()
    lease: LeaseSpec = field(default_factory=LeaseSpec)
    world: WorldSpec | None = None
    sampling: SamplingSpec | None = None
    devices: Mapping[str, Any] = field(default_factory=dict)
    dut: Mapping[str, _Dut] = field(default_factory=dict)


def load_rig(name: str) -> RigSpec:
    """
    The rig of that name or path. Raises UsageError.
    """
    source = read("rig", name)
    try:
        return _rig(source)
    except UsageError as error:
        raise error.within(file=str(source.path)) from error


def _rig(source: Source) -> RigSpec:
    file = build(_File, source.table)
    devices = {name: _device(name, table) for name, table in file.devices.items()}
    duts = {name: _dut(name, dut, devices) for name, dut in file.dut.items()}
    if not duts:
        raise UsageError("missing; a rig needs at least one [dut.NAME]", key="dut")
    for index, interlock in enumerate(file.interlock):
        for device in interlock.devices:
            _known(device, devices, f"interlock.{index}.devices")
    if file.lease.ttl_s <= 0:
        raise UsageError("must be more than 0", key="lease.ttl")
    if file.time == "virtual" and file.world is None:
        raise UsageError("missing; virtual time needs a world to play", key="world")
    _check_resources(devices)
    _check_world(file.world, duts)
    sampling = _sampling(file, devices)
    _check_trips(duts, devices, sampling)
    return RigSpec(
        name=source.name,
        path=source.path,
        title=file.title,
        time=file.time,
        environment=os.environ.get("CRASHBENCH_ENVIRONMENT", "").strip() or file.environment.strip() or PRODUCTION,
        gpio=file.gpio,
        i2c=file.i2c,
        devices=devices,
        duts=duts,
        interlocks=file.interlock,
        lease=file.lease,
        world=file.world,
        sampling=sampling,
        digest=source.digest,
    )


def _device(name: str, table: object) -> DeviceSpec:
    key = f"devices.{name}"
    if not isinstance(table, dict) or "kind" not in table:
        raise UsageError(f"missing; known: {', '.join(plugins.kinds('devices'))}", key=f"{key}.kind")
    kind = str(table["kind"])
    try:
        config = build(plugins.load("devices", kind).Config, {k: v for k, v in table.items() if k != "kind"})
    except UsageError as error:
        raise error.within(key=key) from error
    return DeviceSpec(name=name, kind=kind, config=config)


def _dut(name: str, dut: _Dut, devices: Mapping[str, DeviceSpec]) -> DutSpec:
    nominal_v, brown_out_v = _levels(name, dut)
    _check_currents(name, dut)
    roles = dict(_flat(dut.roles))
    for role, device in roles.items():
        _known(device, devices, f"dut.{name}.roles.{role}")
    identity = None
    if dut.identity:
        try:
            identity = build(IdentitySpec, dut.identity)
        except UsageError as error:
            raise error.within(key=f"dut.{name}.identity") from error
        if identity.role not in roles:
            key = f"dut.{name}.identity.role"
            raise UsageError(f"'{identity.role}' is no role here; {nearest(identity.role, roles)}", key=key)
    _check_artifacts(name, dut, roles)
    return DutSpec(
        name=name,
        nominal_v=nominal_v,
        brown_out_v=brown_out_v,
        first_sign_a=dut.first_sign_a,
        trip_a=dut.trip_a,
        supply_limit_a=dut.supply_limit_a,
        run_current_a=dut.run_current_a,
        boot_signature=dut.boot_signature,
        identity=identity,
        artifacts=dut.artifacts,
        roles=roles,
    )


def _levels(name: str, dut: _Dut) -> tuple[float, float]:
    """
    The nominal and the brown-out voltage: the file's own where a meter judges the rail by them, elsewhere whatever.
    """
    for key, level_v, like in (("nominal", dut.nominal_v, "12 V"), ("brown_out", dut.brown_out_v, "9 V")):
        if level_v is None and "meter" in dut.roles:
            raise UsageError(f'missing; a meter judges this rail: add {key} like "{like}"', key=f"dut.{name}.{key}")
    nominal_v = _UNJUDGED_V["nominal"] if dut.nominal_v is None else dut.nominal_v
    brown_out_v = _UNJUDGED_V["brown_out"] if dut.brown_out_v is None else dut.brown_out_v
    if not 0 < brown_out_v < nominal_v:
        raise UsageError("must be between 0 V and the nominal voltage", key=f"dut.{name}.brown_out")
    return nominal_v, brown_out_v


def _check_artifacts(name: str, dut: _Dut, roles: Mapping[str, str]) -> None:
    for file, spec in dut.artifacts.items():
        key = f"dut.{name}.artifacts.{file}"
        if not _FILE.fullmatch(file):
            raise UsageError("is no name for a file; write it like node.log", key=key)
        if spec.role not in roles:
            raise UsageError(f"'{spec.role}' is no role here; {nearest(spec.role, roles)}", key=f"{key}.role")
        if bool(spec.run) == bool(spec.sql):
            raise UsageError("needs either `run`, a command, or `sql`, a statement", key=key)


def _check_currents(name: str, dut: _Dut) -> None:
    band_a, steps = dut.run_current_a, dut.boot_signature
    if dut.supply_limit_a is not None and dut.supply_limit_a <= 0:
        raise UsageError("must be more than 0", key=f"dut.{name}.supply_limit")
    if band_a and (len(band_a) != 2 or not 0 <= band_a[0] <= band_a[1]):
        problem = 'must be the least and the most that it draws, like ["200 mA", "300 mA"]'
        raise UsageError(problem, key=f"dut.{name}.run_current")
    if len(steps) == 1 or any(one.at_s >= then.at_s or one.draw_a == then.draw_a for one, then in pairwise(steps)):
        problem = "must be two steps or more, each later than the one before it, and to another current"
        raise UsageError(problem, key=f"dut.{name}.boot_signature")


def _flat(roles: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """
    Roles by their dotted names: `probes.health = "x"` in TOML is a table inside a table.
    """
    found: list[tuple[str, str]] = []
    for name, value in roles.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((prefix + name, str(value)))
    return found


def _known(device: str, devices: Mapping[str, DeviceSpec], key: str) -> None:
    if device not in devices:
        raise UsageError(f"there is no device '{device}'; {nearest(device, devices)}", key=key)


def _check_resources(devices: Mapping[str, DeviceSpec]) -> None:
    owners: dict[str, str] = {}
    for name, device in devices.items():
        for resource in resources(device):
            if resource in owners:
                problem = f"{resource} is taken by device '{owners[resource]}' already; give one of them another"
                raise UsageError(problem, key=f"devices.{name}")
            owners[resource] = name


def resources(device: DeviceSpec) -> tuple[str, ...]:
    """
    What of the machine a device occupies, such as `pin 17`; no two devices may share one.
    """
    listed = getattr(device.config, "resources", None)
    return tuple(listed()) if listed else ()


def _sampling(file: _File, devices: Mapping[str, DeviceSpec]) -> SamplingSpec | None:
    """
    Real meters are sampled unless the file says otherwise, simulated ones only if it says so: that costs time.
    """
    spec = file.sampling
    if spec is None:
        return None if file.time == "virtual" else SamplingSpec()
    for name in spec.meters or ():
        _known(name, devices, "sampling.meters")
        if not _can_be_sampled(devices[name]):
            raise UsageError(f"'{name}' ({devices[name].kind}) is no meter that can be sampled", key="sampling.meters")
    return spec


def _check_trips(duts: Mapping[str, DutSpec], devices: Mapping[str, DeviceSpec], sampling: SamplingSpec | None) -> None:
    for name, dut in duts.items():
        if dut.trip_a is None:
            continue
        key = f"dut.{name}.trip"
        if dut.trip_a <= 0:
            raise UsageError("must be more than 0", key=key)
        meter = dut.roles.get("meter")
        if meter is None or not _can_be_sampled(devices[meter]):
            raise UsageError("nothing would trip: the DUT has no `meter` that can be sampled", key=key)
        if sampling is None or (sampling.meters is not None and meter not in sampling.meters):
            raise UsageError(f"nothing would trip: '{meter}' is not sampled; add it to `[sampling]`", key=key)


def _can_be_sampled(device: DeviceSpec) -> bool:
    return hasattr(plugins.load("devices", device.kind), "poll")


def _check_world(world: WorldSpec | None, duts: Mapping[str, DutSpec]) -> None:
    if world is None:
        return
    for name, rail in world.rails.items():
        if rail.dut not in world.units:
            problem = f"there is no unit '{rail.dut}'; {nearest(rail.dut, world.units)}"
            raise UsageError(problem, key=f"world.rails.{name}.dut")
    for name, chip in world.chips.items():
        for key, watched in (("rail", chip.rail), *(("more_rails", rail) for rail in chip.more_rails if rail)):
            if watched not in world.rails:
                problem = f"there is no rail '{watched}'; {nearest(watched, world.rails)}"
                raise UsageError(problem, key=f"world.chips.{name}.{key}")
    for name in duts:
        if name not in world.units:
            raise UsageError(f"there is no unit '{name}'; {nearest(name, world.units)}", key=f"dut.{name}")
