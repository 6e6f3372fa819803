"""
A rig that is sampled: what a drill gets of it, and what ends a run when a meter cannot be relied on.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly, Opening, assembled
from harness.assemble.sampling import Sampling
from harness.engine.drill import DrillRun
from harness.model.event import Kind
from harness.model.rate import Rate
from harness.model.rig import SamplingSpec
from harness.model.trace import Code, Sample, Samples
from harness.model.verdict import Verdict
from tests.benches import Played, drill, fault, play, rig, shipped_drill, two_duts, world_behind
from tests.devices.meters import ScriptedMeter

S, MS = 10**9, 10**6
CHIP = (1, 0x40)

# The INA226's configuration with its mode bits 0: power-down.
_CONFIGURATION, _ASLEEP = 0, b"\x41\x20"


class Kept:
    """
    What was sampled, by meter.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[Sample]] = {}

    def __call__(self, meter: str, scale: Any, samples: Any) -> None:
        self.rows.setdefault(meter, []).extend(samples)


def sampled_rig(spec: SamplingSpec | None = None, **changes: Any) -> Any:
    """
    The `sim` rig, sampled; its unit boots in a moment, for each second is a thousand samples.
    """
    return rig(sampling=spec or SamplingSpec(), unit={"boot_s": 0.5}, **changes)


# --- a whole drill ----------------------------------------------------------------------------------------------------


def test_a_power_outage_holds_and_its_cut_is_in_the_samples() -> None:
    kept = Kept()
    played = play(shipped_drill(), sampled_rig(), take=kept)
    assert (played.error, played.verdict) == (None, Verdict.HELD)
    (rows,) = kept.rows.values()
    assert {row.code for row in rows} == {Code.OK}
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    truth = played.trial.truth
    assert truth is not None
    for crossed_ns, before_v, after_v in ((truth["fault_effective"], 5.0, 3.0), (truth["removal_effective"], 0.0, 5.0)):
        before = [row.bus * 1.25e-3 for row in rows if row.latest_ns < crossed_ns - 50 * MS]
        after = [row.bus * 1.25e-3 for row in rows if row.earliest_ns > crossed_ns + 5 * MS]
        assert before[-1] == pytest.approx(before_v, abs=0.3)
        assert after[0] == pytest.approx(after_v, abs=0.5)
    around = [row for row in rows if abs(row.earliest_ns - truth["fault_effective"]) < 100 * MS]
    assert len(around) > 80


def test_a_sampled_run_is_told_how_well_and_repeats_itself() -> None:
    def once() -> Played:
        return play(drill(), sampled_rig())

    played = once()
    (told,) = [event.data for event in played.events if event.kind is Kind.SAMPLED]
    assert told["meter"] == "monitor"
    assert told["missed"] == told["failures"] == 0
    assert told["reached_hz"] == pytest.approx(told["asked_hz"], rel=0.11)
    assert [event for event in once().events if event.kind is not Kind.RUN_STARTED] == [
        event for event in played.events if event.kind is not Kind.RUN_STARTED
    ]


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(4, 12))])
def test_what_is_measured_from_samples_holds_the_truth(seed: int) -> None:
    trial = play(drill(), sampled_rig(), seed).trial
    truth = trial.truth or {}
    measured = {name: instant for name, instant in trial.instants.items() if instant is not None and name in truth}
    assert {"fault_effective", "removal_effective"} <= measured.keys()
    assert [name for name, instant in measured.items() if not instant.holds(truth[name])] == []


def test_a_sampled_run_is_no_less_sharp_than_one_that_is_not() -> None:
    plain, fine = play(drill(), rig(unit={"boot_s": 0.5})).trial.instants, play(drill(), sampled_rig()).trial.instants
    for name in ("fault_effective", "removal_effective"):
        wide, narrow = getattr(plain, name), getattr(fine, name)
        assert narrow.width_ns <= 1.05 * wide.width_ns


def test_without_the_table_a_rig_in_virtual_time_is_not_sampled() -> None:
    kept, seen = Kept(), []

    async def look(run: DrillRun, bench: Assembly) -> None:
        await anyio.sleep(1)
        seen.append((bench.samples_of("edge", 0), bench.rates(), bench.devices["monitor"].feed))  # type: ignore[attr-defined]

    assert play(drill(), rig(), take=kept, beside=look).verdict is Verdict.HELD
    assert (kept.rows, seen) == ({}, [(None, [], None)])


# --- what the bench is asked ------------------------------------------------------------------------------------------


def on(spec: Any, body: Callable[[Assembly], Awaitable[Any]], **options: Any) -> Any:
    """
    What `body` returns of a rig in virtual time that is sampled.
    """

    async def main() -> Any:
        async with assembled(spec) as bench:
            bench.on_trouble(lambda problem: None)
            async with bench.sampling(lambda *_: None, **options):
                return await body(bench)

    return clock.run(main, virtual=True)


def test_the_samples_of_a_dut_go_back_to_the_moment_that_is_asked_for() -> None:
    async def body(bench: Assembly) -> None:
        await anyio.sleep(1)
        whole = bench.samples_of("edge", 0)
        last = bench.samples_of("edge", clock.now_ns() - 20 * MS)
        assert whole is not None
        assert last is not None
        assert 400 <= len(whole) <= 520
        assert 8 <= len(last) <= 12
        assert list(whole.latest_ns[-len(last) :]) == list(last.latest_ns)
        # The newest is there, though its batch is yet to be handed on.
        assert clock.now_ns() - last.latest_ns[-1] <= 3 * MS

    on(sampled_rig(), body)


def test_each_dut_has_the_samples_of_its_own_meter() -> None:
    async def body(bench: Assembly) -> list[Samples | None]:
        await bench.switches()[0].off()
        await anyio.sleep(0.5)
        return [bench.samples_of(dut, clock.now_ns() - 10 * MS) for dut in ("edge", "twin")]

    dark, fed = on(two_duts(sampling=SamplingSpec()), body)
    assert dark.bus_v[-1] < 1
    assert fed.bus_v[-1] > 4.5
    dark, fed = on(two_duts(sampling=SamplingSpec(meters=("monitor",))), body)
    assert dark is not None
    assert fed is None


def test_a_meter_is_read_from_its_bus_again_when_the_sampling_has_ended() -> None:
    async def main() -> None:
        async with assembled(sampled_rig()) as bench:
            bench.on_trouble(lambda problem: None)
            meter: Any = bench.meter_of("edge")
            async with bench.sampling(lambda *_: None):
                assert meter.feed is not None
                assert (await meter.read()).is_ok
            assert meter.feed is None
            assert (await meter.read()).is_ok
            (rate,) = bench.rates()
            assert rate.meter == "monitor"

    clock.run(main, virtual=True)


def test_what_the_body_raises_comes_out_as_it_is() -> None:
    async def body(bench: Assembly) -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        on(sampled_rig(), body)


def test_a_rig_that_is_only_checked_can_tell_what_it_would_sample() -> None:
    async def main() -> list[str]:
        async with assembled(two_duts(sampling=SamplingSpec()), opening=Opening.CHECK) as bench:
            return [meter.name for meter in bench.sampled()]

    assert clock.run(main, virtual=True) == ["monitor", "twin_monitor"]


# --- the guard --------------------------------------------------------------------------------------------------------


def put_to_sleep(chip: Any) -> None:
    chip.write(_CONFIGURATION, _ASLEEP)


def struck(change: Callable[[dict[Any, Any]], object], at_s: float, spec: Any = None) -> tuple[Played, int]:
    """
    A drill with a long cut, in the middle of which something happens to the chips; and when that was.
    """
    happened: list[int] = []

    async def beside(run: DrillRun, bench: Assembly) -> None:
        await anyio.sleep(at_s)
        change(world_behind(bench.devices["monitor"]).chips)  # type: ignore[arg-type]
        happened.append(clock.now_ns())

    long = drill([fault(at_s=2.0, for_s=4.0)])
    return play(long, spec or sampled_rig(), beside=beside), happened[0]


@pytest.mark.parametrize("at_s", [1.0, 4.5], ids=["before the cut", "during the cut"])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda chips: chips.pop(CHIP), "nack"),
        (lambda chips: put_to_sleep(chips[CHIP]), "stale"),
        (lambda chips: chips[CHIP].reset(), "reset"),
    ],
)
def test_a_meter_that_falls_silent_ends_the_run_with_the_dut_fed(change: Any, why: str, at_s: float) -> None:
    played, happened_ns = struck(change, at_s)
    assert (played.verdict, played.is_fed, played.pending.is_clean) == (Verdict.INCONCLUSIVE, True, True)
    assert played.run.reason == f"monitor: no reading for 1 s ({why})"
    # What comes after the restoring is a look at the rail, which the meter cannot give any more.
    assert played.ended_ns - happened_ns <= 3.1 * S
    assert played.world is not None
    fed_ns = played.world.rails["main"].strokes(happened_ns)
    assert all(happened_ns + 0.99 * S <= ns <= happened_ns + 1.05 * S for ns in fed_ns)
    assert bool(fed_ns) == (at_s > 2)
    *reset, holes = played.run.notes
    assert holes.startswith("the power trace has holes: monitor: ")
    told = "bench trouble: monitor: was reset: nothing it says is believed until it is set up anew"
    assert reset == ([told] if why == "reset" else [])


def test_the_age_limit_is_the_rigs() -> None:
    spec = sampled_rig(SamplingSpec(age_limit_s=0.2))
    played, happened_ns = struck(lambda chips: chips.pop(CHIP), 1.0, spec)
    assert played.run.reason == "monitor: no reading for 0.2 s (nack)"
    assert played.ended_ns - happened_ns <= 2.3 * S


def test_a_slow_meter_has_four_of_its_periods() -> None:
    slow = {"conversion_s": 8.244e-3, "average": 64}
    played = play(drill(hold_s=2.0), sampled_rig(SamplingSpec(age_limit_s=0.1), meter=slow))
    assert not played.run.reason.startswith("monitor: no reading")


def test_a_rig_whose_meters_are_not_sampled_is_not_watched() -> None:
    played, _ = struck(lambda chips: chips.pop(CHIP), 1.0, sampled_rig(SamplingSpec(meters=())))
    assert not played.run.reason.startswith("monitor: no reading")


def test_too_great_a_current_ends_the_run_with_its_value() -> None:
    # The unit draws 450 mA when it boots.
    played = play(drill(), sampled_rig(dut={"trip_a": 0.4}))
    assert (played.verdict, played.is_fed) == (Verdict.INCONCLUSIVE, True)
    assert played.run.reason == "monitor: tripped: 0.45 A, and 0.4 A are allowed"
    assert play(drill(), sampled_rig(dut={"trip_a": 0.46})).verdict is Verdict.HELD


def test_a_bench_that_stood_still_lets_others_speak_first() -> None:
    told: list[tuple[int, str]] = []

    async def main() -> int:
        loop: Any = asyncio.get_running_loop()
        spec = rig(sampling=SamplingSpec())
        meter = ScriptedMeter([100] * 10**5)
        sampling = Sampling(spec, [meter], lambda *_: None, lambda why: told.append((clock.now_ns(), why)), print)
        async with sampling.running():
            await anyio.sleep(0.5)
            loop._jumping.now_ns += 5 * S  # whatever was due meanwhile is due now, and nothing was done
            resumed_ns = clock.now_ns()
            await anyio.sleep(1)
        return resumed_ns

    resumed_ns = clock.run(main, virtual=True)
    ((told_ns, why),) = told
    assert why == "monitor: no reading for 1 s (the bench stood still, or its bus did)"
    assert 0.25 * S <= told_ns - resumed_ns <= 0.26 * S


# --- where time is real: a meter that hangs, a thread that ends -------------------------------------------------------


def alarmed_by(meter: ScriptedMeter, age_limit_s: float, release: threading.Event | None = None) -> tuple[str, Rate]:
    """
    The first alarm of a meter that is sampled in a thread.
    """

    async def main() -> tuple[str, Rate]:
        heard: list[str] = []
        alarm = anyio.Event()

        def hear(problem: str) -> None:
            heard.append(problem)
            alarm.set()

        spec = rig(sampling=SamplingSpec(age_limit_s=age_limit_s))
        sampling = Sampling(spec, [meter], lambda *_: None, hear, heard.append)
        async with sampling.running():
            with anyio.fail_after(10):
                await alarm.wait()
            if release is not None:
                release.set()
        return heard[0], sampling.rates()[0]

    return clock.run(main)


def test_a_bus_that_hangs_is_found_by_the_event_loop() -> None:
    release = threading.Event()

    def hang() -> int:
        release.wait(30)
        return 1

    told, rate = alarmed_by(ScriptedMeter([100, 100, hang]), 0.05, release)
    assert told == "monitor: no reading for 0.05 s (its bus does not answer)"
    assert rate.conversions >= 2


def test_a_sampler_that_ends_by_itself_is_told_at_once() -> None:
    told, _ = alarmed_by(ScriptedMeter([100, KeyError("a bug")]), 30)
    assert told == "monitor: sampled no more: KeyError: 'a bug'"


def test_a_real_meter_that_makes_no_conversions_is_stale() -> None:
    told, _ = alarmed_by(ScriptedMeter([100]), 0.05)
    assert told == "monitor: no reading for 0.05 s (stale)"
