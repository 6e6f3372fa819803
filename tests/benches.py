"""
Benches for tests: rigs, drills and worlds said in a few words, and whole runs of them in virtual time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import anyio

from harness import clock, plugins
from harness.assemble import Assembly, assembled
from harness.config.drill import load_drill
from harness.config.rig import load_rig
from harness.devices._sampler import Take
from harness.engine.drill import DrillRun
from harness.engine.leaves import ungrouped
from harness.engine.odometer import Odometer
from harness.engine.undo import Pending, UndoJournal
from harness.model.drill import BlastRadius, DrillSpec, FaultSpec, ProbeSpec, Trials
from harness.model.event import Event, Kind
from harness.model.rig import DutSpec, RigSpec
from harness.model.run import Run, RunHead
from harness.model.trial import Trial
from harness.model.verdict import Verdict
from harness.protocols import Device, Listener
from harness.sim.world import World
from harness.store.record import fold
from harness.supervise.head import run_head
from harness.supervise.request import RunRequest

Wrap = Callable[[str, Device], Device]

# What a played rail measures when its DUT is fed: well above every level at which a unit starts.
FED_V = 4.5


# Their length follows from their own keys.
_BY_THEMSELVES = ("power_flicker", "supply_dip", "jittery_plug", "interrupted_boots", "sag_loop")


# --- rigs and drills --------------------------------------------------------------------------------------------------


@cache
def shipped_rig(name: str = "sim") -> RigSpec:
    """
    A shipped rig, read once.
    """
    return load_rig(name)


@cache
def shipped_drill(name: str = "power-outage") -> DrillSpec:
    """
    A shipped drill, read once.
    """
    return load_drill(name)


def rig(
    *,
    unit: dict[str, Any] | None = None,
    rail: dict[str, Any] | None = None,
    contact: dict[str, Any] | None = None,
    chip: dict[str, Any] | None = None,
    relay: dict[str, Any] | None = None,
    meter: dict[str, Any] | None = None,
    dut: dict[str, Any] | None = None,
    **changes: Any,
) -> RigSpec:
    """
    The `sim` rig without its board, and with other values: of its played unit, rail, contact and chip, of its two
    devices, of its DUT.
    """
    sim = _without_board(shipped_rig())
    assert sim.world is not None
    rails, chips = sim.world.rails["main"], sim.world.chips["monitor"]
    main = replace(rails, contact=replace(rails.contact, **(contact or {})), **(rail or {}))
    world = replace(
        sim.world,
        units={"edge": replace(sim.world.units["edge"], **(unit or {}))},
        rails={"main": main},
        chips={"monitor": replace(chips, **(chip or {}))},
    )
    devices = {**sim.devices, **{name: _changed(sim, name, relay, meter) for name in ("mains", "monitor")}}
    duts = {"edge": replace(sim.duts["edge"], **(dut or {}))}
    return replace(sim, world=world, devices=devices, duts=duts, **changes)


def _without_board(sim: RigSpec) -> RigSpec:
    assert sim.world is not None
    edge, unit = sim.duts["edge"], sim.world.units["edge"]
    roles = {role: device for role, device in edge.roles.items() if role != "battery"}
    return replace(
        sim,
        devices={name: spec for name, spec in sim.devices.items() if name not in ("pico", "battery")},
        duts={"edge": replace(edge, roles=roles)},
        world=replace(sim.world, boards={}, units={"edge": replace(unit, gauge="")}),
    )


def _changed(sim: RigSpec, name: str, relay: dict[str, Any] | None, meter: dict[str, Any] | None) -> Any:
    spec: Any = sim.devices[name]
    return replace(spec, config=replace(spec.config, **((relay if name == "mains" else meter) or {})))


def two_duts(**changes: Any) -> RigSpec:
    """
    The `sim` rig twice over: the DUT `edge`, and beside it `twin`, with a relay, a meter and a rail of its own.
    """
    one = rig(**changes)
    assert one.world is not None
    devices: dict[str, Any] = dict(one.devices)
    for name, spec in one.devices.items():
        config: Any = spec.config
        change = {"mains": {"pin": 27}, "monitor": {"address": 0x41}}.get(name, {"host": "twin"})
        devices[f"twin_{name}"] = replace(spec, name=f"twin_{name}", config=replace(config, **change))
    roles = {role: f"twin_{device}" for role, device in one.duts["edge"].roles.items()}
    main, chip = one.world.rails["main"], one.world.chips["monitor"]
    world = replace(
        one.world,
        units={**one.world.units, "twin": one.world.units["edge"]},
        rails={"main": main, "twin": replace(main, dut="twin", contact=replace(main.contact, pin=27))},
        chips={"monitor": chip, "twin_monitor": replace(chip, address=0x41, rail="twin")},
    )
    duts: dict[str, DutSpec] = {**one.duts, "twin": replace(one.duts["edge"], name="twin", roles=roles)}
    return replace(one, world=world, devices=devices, duts=duts)


def probe(
    kind: str = "http", role: str = "", *, period_s: float = 0.1, timeout_s: float = 0.5, name: str = "", **config: Any
) -> ProbeSpec:
    """
    A probe's spec, in the role where the `sim` rig has one of its kind.
    """
    role = role or {"http": "probes.health", "tcp": "probes.port", "witness": "probes.records"}.get(kind, "probes.rail")
    built = plugins.load("probes", kind).Config(**config)
    return ProbeSpec(name=name or role, kind=kind, role=role, period_s=period_s, timeout_s=timeout_s, config=built)


def fault(
    kind: str = "power_cut", role: str = "power", *, at_s: float = 0.1, for_s: float | None = None, **config: Any
) -> FaultSpec:
    """
    A fault's spec; whatever is asked to last without saying how long lasts for 0.3 s.
    """
    if for_s is None and kind not in _BY_THEMSELVES and "off_dwell_s" not in config:
        for_s = 0.3
    built = plugins.load("faults", kind).Config(**config)
    return FaultSpec(kind=kind, role="" if kind == "noop" else role, at_s=at_s, for_s=for_s, config=built)


def drill(
    faults: Iterable[FaultSpec] = (),
    probes: Iterable[ProbeSpec] = (),
    *,
    criteria: Iterable[str] = ("recovery_from_removal < 60 s",),
    trials: int = 1,
    **changes: Any,
) -> DrillSpec:
    """
    A quick drill: a cut of 0.3 s, one `http` probe, 0.2 s of hold, one criterion, no alert; or what is said instead.
    """
    faults, probes = tuple(faults) or (fault(),), tuple(probes) or (probe(),)
    usual: dict[str, Any] = {
        "name": "quick",
        "steady_state": probes,
        "faults": faults,
        "ready": tuple(spec.name for spec in probes),
        "detected": None,
        "hold_s": 0.2,
        "expects_loss": any(spec.kind != "noop" for spec in faults),
        "blast_radius": BlastRadius(duts=9),
        "criteria": tuple(_criterion(expr, probes) for expr in criteria),
        "trials": Trials(count=trials, cool_down_s=0.1),
    }
    return replace(shipped_drill(), **{**usual, **changes})


def _criterion(expr: str, probes: Iterable[ProbeSpec]) -> Any:
    needs = "witness" if "writes" in expr else "http"
    head = f'steady_state=[{{kind="{needs}", role="probes.records", timeout="1 s"}}]'
    return load_drill("power-outage", (head, f'criteria=[{{expr="{expr}"}}]')).criteria[0]


# --- runs -------------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Played:
    """
    A run that was played, and what its world looked like when everything was closed.

    `rails_v` are the rails' true voltages; `error` is what came out instead of a verdict.
    """

    events: list[Event] = field(default_factory=list)
    verdict: Verdict | None = None
    error: Exception | None = None
    rails_v: dict[str, float] = field(default_factory=dict)
    pending: Pending = field(default_factory=lambda: Pending((), 0))
    ended_ns: int = 0
    world: World | None = None

    @property
    def run(self) -> Run:
        """
        The run as its record has it.
        """
        return fold(self.events)

    @property
    def trial(self) -> Trial:
        """
        Its first trial.
        """
        return self.run.trials[0]

    @property
    def is_fed(self) -> bool:
        """
        Whether every DUT had its power in the end.
        """
        return bool(self.rails_v) and all(volts > FED_V for volts in self.rails_v.values())

    @property
    def cried(self) -> str:
        """
        The devices that the run said it could not restore.
        """
        reason = self.run.reason if any(event.kind is Kind.RUN_ENDED for event in self.events) else str(self.error)
        return reason.removeprefix("UNRESTORED ").partition(":")[0] if reason.startswith("UNRESTORED ") else ""


def play(
    drill: DrillSpec,
    rig: RigSpec | None = None,
    seed: int = 1,
    *,
    wrap: Wrap | None = None,
    listen: Callable[[Event], None] | None = None,
    journal: UndoJournal | None = None,
    beside: Callable[[DrillRun, Assembly], Awaitable[None]] | None = None,
    opened: Callable[[Assembly], object] = lambda _: None,
    take: Take = lambda *_: None,
    odometer: Odometer | None = None,
) -> Played:
    """
    Runs a drill from opening the rig to closing it, in virtual time. What it raised ends up in `error`.

    `listen` hears each event before it is kept, and may raise; `beside` runs along with the drill; `opened` is told of
    the bench before anything is done with it; `take` gets what is sampled, on a rig with `sampling`; `odometer` knows
    what was measured of its contacts.
    """
    played = Played()
    spec = rig or shipped_rig()
    journal = journal or UndoJournal(None)
    clock.run(_play, played, drill, spec, seed, wrap, listen, journal, beside, opened, take, odometer, virtual=True)
    return played


def head(drill: DrillSpec, bench: Assembly, seed: int = 1) -> RunHead:
    """
    The head of a run of a drill on a bench.
    """
    request = RunRequest(drill=drill.name, rig=bench.rig.name, seed=seed)
    return run_head(request, drill, bench.rig, bench.wiring)


async def _play(
    played: Played,
    drill: DrillSpec,
    rig: RigSpec,
    seed: int,
    wrap: Wrap | None,
    listen: Listener | None,
    journal: UndoJournal,
    beside: Callable[[DrillRun, Assembly], Awaitable[None]] | None,
    opened: Callable[[Assembly], object],
    take: Take,
    odometer: Odometer | None,
) -> None:
    eye = _Eye(wrap)

    def keep(event: Event) -> None:
        if listen is not None:
            listen(event)
        played.events.append(event)

    try:
        async with assembled(rig, seed, wrap=eye) as bench:
            opened(bench)
            run = DrillRun(drill, bench, head(drill, bench, seed), journal, keep, odometer)
            if rig.sampling is not None:
                bench.on_trouble(run.abort)
            with ungrouped():
                async with bench.sampling(take, run.note), anyio.create_task_group() as tasks:
                    if beside is not None:
                        tasks.start_soon(beside, run, bench)
                    played.verdict = await run.run()
                    played.ended_ns = clock.now_ns()
                    tasks.cancel_scope.cancel()
    except Exception as error:  # a bug is looked at by whoever asked for the run, beside the world it left
        played.error = error
    played.pending = journal.pending()
    await anyio.sleep(1)  # for contacts to come to rest
    played.world = eye.world
    played.rails_v = {name: rail.voltage_v(clock.now_ns()) for name, rail in eye.world.rails.items()}


def world_behind(device: Device) -> World:
    """
    The world that a device of a rig in virtual time is wired to.
    """
    world = getattr(device, "_wiring")._world  # noqa: B009 - no device shows it, and none should
    assert isinstance(world, World)
    return world


class _Eye:
    """
    Sees the world through the first device that is made for it: it is there even when the rig cannot be opened.
    """

    def __init__(self, wrap: Wrap | None) -> None:
        self._wrap = wrap
        self._first: Device | None = None

    def __call__(self, name: str, device: Device) -> Device:
        self._first = self._first or device
        return device if self._wrap is None else self._wrap(name, device)

    @property
    def world(self) -> World:
        """
        The played world.
        """
        assert self._first is not None
        return world_behind(self._first)
