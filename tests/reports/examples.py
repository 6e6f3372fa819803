"""
Example runs, from which the golden reports are made.
"""

from __future__ import annotations

from dataclasses import replace

from harness.model.criterion import Judged
from harness.model.deviation import Deviation
from harness.model.event import JSON, Event, Kind
from harness.model.evidence import Evidence
from harness.model.instant import Instant, Span
from harness.model.quantity import Quantity
from harness.model.run import Dut, RailLevels, Run, RunHead
from harness.model.trial import Instants, Trial
from harness.model.verdict import TrialVerdict, Verdict
from tests.figures.played_trace import power_outage

MS = 1_000_000
START_NS = 40_000 * MS

HEAD = RunHead(
    run_id="20260102-030405-power-outage-lab",
    drill="power-outage",
    drill_title="Power outage of the edge node",
    hypothesis="After ten seconds without supply the node serves again within 30 s, by itself.",
    severity="P1",
    chaos_type="power",
    component="supply",
    rig="lab",
    seed=7,
    environment="staging",
    started_at="2026-01-02T03:04:05Z",
    versions={"crashbench": "0.1.0", "python": "3.12.1", "firmware": None},
    dut=Dut(name="edge-node", version="1.0.0"),
    repeat_command="crashbench run power-outage --rig lab --seed 7 --trials 1",
    wiring="gpio: lab, i2c: lab",
    world="lab",
    rails={"edge": RailLevels(nominal_v=5.0, brown_out_v=3.0)},
)


def seen(at_ms: float, width_ms: float) -> Instant:
    """
    An instant that many milliseconds after the start of the example trials.
    """
    return Instant(START_NS + round(at_ms * MS), START_NS + round((at_ms + width_ms) * MS))


RECOVERED = Instants(
    fault_commanded=seen(0, 1),
    fault_effective=seen(38, 9),
    steady_lost=seen(40, 104),
    detected=seen(340, 105),
    removal_commanded=seen(10_000, 1),
    removal_effective=seen(10_020, 9),
    first_sign=seen(10_022, 9),
    ready=seen(13_200, 103),
)


def recovered(index: int, boot_ms: int) -> Trial:
    """
    A trial whose DUT was ready `boot_ms` after its first sign of life, or a little later.
    """
    return Trial(
        index=index,
        verdict=TrialVerdict.RECOVERED,
        instants=replace(RECOVERED, ready=seen(10_022 + boot_ms, 103)),
        watched_until_ns=START_NS + 25_000 * MS,
        requests=130,
        failed_requests=101,
        gap_ns=104 * MS,
        hold_up=Span(25 * MS, 34 * MS),
    )


held = Run(
    head=HEAD,
    trials=(recovered(1, 3_178),),
    criteria=(
        Judged(expr="time_to_detect < 30 s", verdict=Verdict.HELD, value=0.392, low=0.339, high=0.445, n=1),
        Judged(expr="downtime < 30 s", verdict=Verdict.HELD, value=13.1595, low=13.056, high=13.263, n=1),
        Judged(expr="witness_lost == 0", verdict=Verdict.HELD, value=0.0, low=0.0, high=0.0, n=1),
    ),
    verdict=Verdict.HELD,
    reason="1 of 1 trials recovered, every criterion met",
    duration_s=26.5,
    ended=True,
)

MEASURED = {
    "contact_operate": Quantity(0.0061, 0.0094, "s"),
    "contact_release": Quantity(0.0043, 0.0081, "s"),
    "contact_bounce": Quantity(0.0, None, "s"),
    "brown_out_depth": Quantity(0.0, 0.0125, "V"),
    "back_power": Quantity(0.0, 0.0125, "V"),
    "inrush_peak": Quantity(1.842, 3.0, "A"),
    "boot_time": Quantity(2.998, 3.012, "s"),
    "energy_to_recover": Quantity(5.71, 5.94, "J"),
    "load_step": Quantity(-0.001, 0.001, "A"),
}
SHEET = (
    Deviation(
        row="all", asked="LV 124 E-10 <2013-02>", delivered="1 of 2 rows", why="only shaped after it; source: a manual"
    ),
    Deviation(
        row="1",
        asked="off for 10 µs",
        why="mains cannot make an interruption of 0.01 ms honestly: its floor is 20 ms "
        "(declared, never measured: run `crashbench doctor`)",
    ),
    Deviation(
        row="2, trial 1",
        asked="off for 10 s",
        delivered="9.983 s ± 9 ms",
        measured_by="monitor: the rail below 3.00 V, until above 4.50 V",
        why="the switch was driven for 10.000 s ± 1 ms; the contact and the rail take their own time",
    ),
)

STUCK = replace(
    recovered(5, 0),
    verdict=TrialVerdict.STUCK,
    reason="not ready 60 s after the supply was back",
    instants=replace(RECOVERED, ready=None, first_sign=None),
    watched_until_ns=START_NS + 70_000 * MS,
    requests=700,
    failed_requests=697,
)
DOUBTFUL = Trial(
    index=6,
    verdict=TrialVerdict.INCONCLUSIVE,
    reason="the fault was not proven effective: the rail stayed at 5.01 V",
    instants=Instants(fault_commanded=seen(0, 1)),
    watched_until_ns=START_NS + 2_000 * MS,
)

deviated = Run(
    head=replace(
        HEAD,
        run_id="power-outage-sim-42",
        rig="sim",
        seed=42,
        started_at="2000-01-01T00:00:42Z",
        wiring="",
        world="sim",
        dut=Dut(name="edge-node", version="1.1.0"),
        repeat_command="crashbench run power-outage --rig sim --seed 42 --trials 6",
    ),
    trials=(
        recovered(1, 3_178),
        recovered(2, 2_950),
        recovered(3, 3_301),
        replace(
            recovered(4, 3_040),
            instants=replace(RECOVERED, detected=seen(-30, 12), ready=seen(13_062, 103)),
            truth={"fault_commanded": START_NS, "ready": START_NS + 13_100 * MS},
        ),
        STUCK,
        DOUBTFUL,
    ),
    criteria=(
        Judged(expr="mttd < 30 s", verdict=Verdict.HELD, value=0.309, low=0.264, high=0.354, n=5),
        Judged(expr="downtime < 30 s", verdict=Verdict.DEVIATED, value=69.856, low=69.856, n=5),
        Judged(expr="error_ratio < 0.1 %", verdict=Verdict.DEVIATED, value=0.9, low=0.88, high=0.92, n=1220),
        Judged(expr="cache_hit_ratio > 0.8", verdict=Verdict.INCONCLUSIVE),
    ),
    verdict=Verdict.DEVIATED,
    reason="trial 5: not ready 60 s after the supply was back",
    notes=("the wall clock was stepped by +1.500 s during the run; no time here was read from it",),
    duration_s=412.25,
    ended=True,
)

killed = Run(
    head=replace(
        HEAD,
        run_id="20260102-040506-power-outage-pi",
        rig="rigs/pi-4.toml",
        wiring="gpio: gpiochip (pinctrl-bcm2711), i2c: linux",
        world="real",
        dut=Dut(name='evil | <script>alert("1")</script> `x` [a](b)\x1b[31m\x00\ud800\n# not a title', version=None),
        repeat_command="crashbench run power-outage --rig rigs/pi-4.toml --seed 7 --set 'drill.title=a  b'",
    ),
    notes=("bench trouble: meter: no answer | at 0x40",),
)

# A ladder on a sampled rail: its rows, those that were not done, and what the trace tells of the others.
laddered = replace(
    held,
    head=replace(HEAD, run_id="20260102-050607-lv124-e10-lab", drill="lv124-e10", drill_title="Short interruptions"),
    trials=(replace(held.trials[0], quantities=MEASURED),),
    deviations=SHEET,
)

ALL = {"held": held, "deviated": deviated, "killed": killed, "laddered": laddered}


# --- evidence --------------------------------------------------------------------------------------------------------


def _told(kind: Kind, at_ms: float, subject: str = "", trial: int | None = 1, **data: JSON) -> Event:
    return Event(kind=kind, at=seen(at_ms, 0), trial=trial, subject=subject, data=data)


def _instants(trial: Trial) -> list[Event]:
    return [
        Event(kind=Kind(name), at=instant, trial=trial.index, subject="power_cut power")
        for name, instant in trial.instants.items()
        if instant is not None
    ]


# What the unit says on its console while it boots.
CONSOLE = (
    (10_061, "U-Boot 2024.01 (Jan 08 2024), DRAM: 512 MiB"),
    (10_061, "Hit any key to stop autoboot:  0"),
    (10_902, "[    0.000000] Linux version 6.6.8 <gcc 13.2.0>"),
    (12_480, "edge-node 1.0.0: 214 records, state clean"),
    (13_150, "edge login:"),
)


def _events() -> tuple[Event, ...]:
    around = [
        _told(Kind.RUN_STARTED, -1_300, trial=None, run_id=HEAD.run_id),
        _told(Kind.TRIAL_STARTED, -1_299),
        _told(Kind.PHASE, -1_298, "settle", for_s=30.0),
        _told(Kind.PROBE, -1_290, "probes.health", good=True, detail="", took_ms=4.1),
        _told(Kind.PROBE, -1_285, "probes.records", good=True, detail="", took_ms=6.2),
        _told(Kind.PHASE, -1_000, "inject", for_s=1.0),
        _told(Kind.PHASE, 2, "prove", for_s=10.0),
        _told(Kind.PHASE, 47, "observe", for_s=10.0),
        _told(Kind.PROBE, 144, "probes.health", good=False, detail="GET /health: refused", took_ms=1.3),
        _told(Kind.PROBE, 200, "probes.records", good=False, detail="POST /records: refused", took_ms=1.3),
        _told(Kind.PHASE, 10_003, "restore", for_s=None),
        _told(Kind.PHASE, 10_030, "recover", for_s=300.0),
        *(
            Event(kind=Kind.CONSOLE, at=seen(at_ms, 20), trial=1, subject="edge.console", data={"text": text})
            for at_ms, text in CONSOLE
        ),
        _told(Kind.PROBE, 13_250, "probes.health", good=True, detail="", took_ms=4.0),
        _told(Kind.PROBE, 13_303, "probes.records", good=True, detail="", took_ms=5.0),
        _told(Kind.TRIAL_ENDED, 15_400),
        _told(Kind.RUN_ENDED, 15_401, trial=None),
    ]
    return tuple(sorted([*around, *_instants(held.trials[0])], key=lambda event: event.at.latest_ns))


# What the examples rest on: a whole record, one without a trace, and one of which little is left.
EVIDENCE = {
    "held": Evidence(events=_events(), traces={"monitor": power_outage(START_NS)}),
    "laddered": Evidence(events=_events(), traces={"monitor": power_outage(START_NS)}),
    "deviated": Evidence(events=tuple(event for trial in deviated.trials for event in _instants(trial))),
    "killed": Evidence(lost=("the power trace cannot be read: <monitor.arrow>: it ends in its head",)),
}
