"""
A run from outside: aborted at any moment, or with a listener that fails at any event, it ends restored.
"""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from harness import clock
from harness.assemble import Assembly
from harness.engine.drill import DrillRun
from harness.engine.undo import UndoJournal
from harness.errors import RecordError, Refused
from harness.model.drill import DrillSpec
from harness.model.event import Event, Kind
from harness.model.verdict import TrialVerdict, Verdict
from tests.benches import Played, drill, fault, head, play, probe, rig

S = clock.NS_PER_S

# It boots for 0.2 s, is struck at 0.5 s, and is done after 1.5 s.
QUICK = rig(unit={"boot_s": 0.2}, meter={"conversion_s": 4.156e-3})
CUT = drill(probes=[probe(period_s=0.2, timeout_s=0.1)])
FLICKER = drill([fault("power_flicker", times=2, off_s=0.1, on_s=0.1)], CUT.steady_state)


def aborted(at_ns: int, journal: UndoJournal | None = None, spec: DrillSpec = CUT) -> Played:
    """
    A run that is aborted at a moment.
    """

    async def abort(run: DrillRun, _: Assembly) -> None:
        await clock.sleep_until(at_ns)
        run.abort("enough")

    return play(spec, QUICK, beside=abort, journal=journal)


def moments() -> list[int]:
    """
    Moments (nanoseconds) to abort at: every 50 ms of a run, and just before, at and after each thing that it did.
    """
    undisturbed = play(CUT, QUICK)
    steps = range(0, undisturbed.ended_ns, S // 20)
    strokes = {event.at.latest_ns for event in undisturbed.events if event.kind is not Kind.PROBE}
    around = {at + offset for at in strokes for offset in (-1, 0, 1, 4_000_000)}
    return sorted(at for at in {*steps, *around} if 0 <= at < undisturbed.ended_ns)


@pytest.mark.parametrize("spec", [CUT, FLICKER], ids=["a cut", "a flicker"])
def test_whenever_it_is_aborted_the_dut_is_fed_and_nothing_is_claimed(spec: DrillSpec) -> None:
    for at_ns in moments():
        played = aborted(at_ns, spec=spec)
        assert played.is_fed, at_ns
        assert (played.verdict, played.run.reason) == (Verdict.INCONCLUSIVE, "enough"), at_ns
        assert played.run.verdict is Verdict.INCONCLUSIVE, at_ns
        assert played.pending.is_clean, at_ns


def test_an_abort_in_the_middle_of_a_cut_leaves_an_empty_journal_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "undo"
    played = aborted(round(0.6 * S), UndoJournal(path))
    assert played.trial.instants.removal_commanded is None
    assert UndoJournal(path).pending().is_clean
    assert not path.exists()


def test_an_abort_before_the_run_touches_nothing() -> None:
    async def never_mind(run: DrillRun, _: Assembly) -> None:
        run.abort("never mind")

    played = play(CUT, QUICK, beside=never_mind)
    assert played.run.reason == "never mind"
    assert Kind.FAULT_COMMANDED not in {event.kind for event in played.events}


def test_an_aborted_trial_is_recorded_as_far_as_it_came() -> None:
    trial = aborted(round(0.6 * S)).trial
    assert (trial.verdict, trial.reason) == (TrialVerdict.INCONCLUSIVE, "enough")
    assert trial.instants.fault_commanded is not None
    assert trial.instants.ready is None
    assert trial.duration("downtime") is None


def test_a_run_whose_awaiter_goes_away_restores_and_ends() -> None:
    powered: list[bool | None] = []

    async def leave(_: DrillRun, bench: Assembly) -> None:
        with anyio.move_on_after(0.6):
            await DrillRun(CUT, bench, head(CUT, bench), UndoJournal(None), lambda event: None).run()
        powered.append(await bench.switches()[0].is_on())

    play(drill([fault("noop", for_s=3.0)]), QUICK, beside=leave)
    assert powered == [True]


# --- a listener that fails --------------------------------------------------------------------------------------------


class FailsOnce:
    """
    A listener that cannot write its n-th event down, as a full disk cannot; what comes after is lost without a word.
    """

    def __init__(self, nth: int, error: Exception) -> None:
        self._nth, self._error = nth, error
        self._heard = 0

    @property
    def has_failed(self) -> bool:
        """
        Whether there was an n-th event.
        """
        return self._heard >= self._nth

    def __call__(self, event: Event) -> None:
        self._heard += 1
        if self._heard == self._nth:
            raise self._error


def test_whichever_event_cannot_be_recorded_the_run_is_restored_and_inconclusive() -> None:
    for nth in range(1, 100):
        listener = FailsOnce(nth, RecordError("the disk is full"))
        played = play(CUT, QUICK, listen=listener)
        if not listener.has_failed:
            assert nth > 10
            assert played.verdict is Verdict.HELD
            return
        assert played.verdict is Verdict.INCONCLUSIVE, nth
        assert played.is_fed, nth
        assert played.pending.is_clean, nth
        ends = [event.data for event in played.events if event.kind is Kind.RUN_ENDED]
        # The reason is lost only where the end itself was.
        assert [end["reason"] for end in ends] in (["the disk is full"], []), nth
    pytest.fail("the run never came to its end")


def test_a_listener_with_a_bug_is_told_of_and_the_run_is_restored() -> None:
    class Bug(Exception):
        pass

    for nth in range(2, 100):
        listener = FailsOnce(nth, Bug())
        played = play(CUT, QUICK, listen=listener)
        if not listener.has_failed:
            return
        assert isinstance(played.error, Bug), nth
        assert played.is_fed, nth
        assert played.pending.is_clean, nth


# --- trials -----------------------------------------------------------------------------------------------------------


def test_trials_follow_each_other_with_their_cool_down_in_between() -> None:
    played = play(drill(trials=3), QUICK)
    assert [trial.index for trial in played.run.trials] == [0, 1, 2]
    ended = [event.at.earliest_ns for event in played.events if event.kind is Kind.TRIAL_ENDED]
    started = [event.at.earliest_ns for event in played.events if event.kind is Kind.TRIAL_STARTED]
    assert [later - earlier for earlier, later in zip(ended, started[1:], strict=False)] == [S // 10, S // 10]


@pytest.mark.parametrize(("defect", "trials"), [("never_boots", 1), ("never_steady", 1), ("none", 3)])
def test_no_trial_follows_one_that_is_stuck_or_inconclusive(defect: str, trials: int) -> None:
    played = play(drill(trials=3, settle_s=1.0, watch_s=1.0), rig(unit={"boot_s": 0.2, "defect": defect}))
    assert len(played.run.trials) == trials


def test_until_failure_repeats_until_a_trial_does_not_hold() -> None:
    async def break_it(_: DrillRun, bench: Assembly) -> None:
        inner = DrillRun(drill(watch_s=2.0), bench, head(CUT, bench), UndoJournal(None), heard.append)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pull_the_plug, bench)
            verdicts.append(await inner.run(until_failure=True))

    async def pull_the_plug(bench: Assembly) -> None:
        await anyio.sleep(10.0)
        await bench.switches()[0].off()

    heard: list[Event] = []
    verdicts: list[Verdict] = []
    play(drill([fault("noop", for_s=20.0)]), QUICK, beside=break_it)
    ended = [event.data["verdict"] for event in heard if event.kind is Kind.TRIAL_ENDED]
    assert len(ended) > 3
    assert set(ended[:-1]) == {TrialVerdict.RECOVERED}
    assert verdicts == [Verdict.INCONCLUSIVE]


def test_a_refusal_in_the_middle_of_a_run_ends_it_restored() -> None:
    bench = rig(unit={"boot_s": 0.2}, relay={"cycles_per_hour": 1})
    played = play(drill(trials=2), bench)
    assert played.verdict is Verdict.INCONCLUSIVE
    assert played.run.reason == "mains may cycle 1 times an hour, and has done 1"
    assert played.is_fed


def test_a_refusal_before_a_run_records_nothing() -> None:
    played = play(drill(), rig(environment="production"))
    assert isinstance(played.error, Refused)
    assert played.events == []


def test_a_note_from_before_the_run_is_in_its_record() -> None:
    async def remember(_: DrillRun, bench: Assembly) -> None:
        inner = DrillRun(drill(), bench, head(CUT, bench), UndoJournal(None), heard.append)
        inner.note("the last run was killed")
        await inner.run()

    heard: list[Event] = []
    play(drill([fault("noop", for_s=5.0)]), QUICK, beside=remember)
    assert heard[1].kind is Kind.BENCH_TROUBLE
    assert heard[1].data == {"problem": "the last run was killed"}


def test_a_note_from_the_middle_of_a_run_is_in_its_record_at_once() -> None:
    seen: list[Event] = []

    async def remember(run: DrillRun, _: Assembly) -> None:
        await anyio.sleep(0.5)
        run.note("the monitor was reset")

    played = play(drill([fault("noop", for_s=5.0)]), QUICK, beside=remember, listen=seen.append)
    (told,) = [event for event in seen if event.kind is Kind.BENCH_TROUBLE]
    assert told.at.earliest_ns == 500_000_000
    assert played.run.notes == ("bench trouble: the monitor was reset",)
