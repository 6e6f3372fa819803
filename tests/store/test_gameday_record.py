"""
A game day's record: what is folded from it, also when it was cut short.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import RecordError, UsageError
from harness.model.event import Event, Kind
from harness.model.finding import Finding, Grade
from harness.model.gameday import Checked, GameDayHead, Item, Standing
from harness.model.instant import Instant
from harness.model.verdict import Verdict
from harness.store.events import EventLog
from harness.store.gameday_record import (
    checked_to_json,
    fold_gameday,
    gameday_folder,
    gameday_folders,
    gameday_head_to_json,
    load_gameday_record,
)
from harness.store.home import gamedays_dir

NS = 10**9
HEAD = GameDayHead(
    gameday_id="a-day",
    name="power",
    title="Power",
    severity="P1",
    seed=3,
    started_at="2026-01-02T03:04:05+00:00",
    scenarios=("outage", "flicker"),
    repeat_command="crashbench gameday run power --seed 3",
)
CHECKED = Checked(
    item=Item.BASELINE,
    what="Record the baseline",
    standing=Standing.PROVEN,
    who="crashbench",
    at=Instant.exactly(2 * NS),
    told="all is well",
    findings=(Finding(check="baseline", subject="rail edge", measured="5.000 V", grade=Grade.OK),),
)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))


def day(run_id: str | None = "a-run", verdict: str | None = "held") -> Iterator[Event]:
    """
    What a game day of two scenarios writes down, of which one is run.
    """

    def event(kind: Kind, at_s: int, subject: str = "", **data: object) -> Event:
        return Event(kind=kind, at=Instant.exactly(at_s * NS), subject=subject, data=data)  # type: ignore[arg-type]

    yield event(Kind.GAMEDAY_STARTED, 1, **gameday_head_to_json(HEAD))
    yield event(Kind.ITEM_CHECKED, 2, "baseline", **checked_to_json(CHECKED))
    yield event(Kind.SCENARIO_STARTED, 3, "outage", hypothesis="Up.", procedure=["Cut."], drill="cut", rig="sim")
    yield event(Kind.SCENARIO_ENDED, 9, "outage", run_id=run_id, verdict=verdict, exit_code=0, problem="")
    yield event(Kind.MADE_SAFE, 10, "sim", told="edge at 5.00 V")
    yield event(Kind.GAMEDAY_ENDED, 11, verdict="inconclusive", reason="interrupted", exit_code=130)


def test_a_game_day_is_what_its_events_say() -> None:
    folded = fold_gameday(day())

    assert (folded.head, folded.checks) == (HEAD, (CHECKED,))
    (outage,) = folded.scenarios
    assert (outage.name, outage.run_id, outage.verdict, outage.procedure) == ("outage", "a-run", "held", ("Cut.",))
    assert (folded.not_run, folded.safe) == (("flicker",), ("sim: edge at 5.00 V",))
    assert (folded.verdict, folded.exit_code, folded.duration_s) == (Verdict.INCONCLUSIVE, 130, 10.0)


@pytest.mark.parametrize("kept", range(1, 6))
def test_one_that_was_killed_is_inconclusive_wherever_it_ends(kept: int) -> None:
    folded = fold_gameday(list(day())[:kept])

    assert (folded.verdict, folded.exit_code, folded.duration_s) == (Verdict.INCONCLUSIVE, None, None)
    assert "killed" in folded.reason
    assert [one.verdict for one in folded.scenarios] == {3: [None], 4: ["held"], 5: ["held"]}.get(kept, [])


def test_what_is_no_record_of_a_game_day_is_told() -> None:
    with pytest.raises(RecordError, match="does not start with a game day's start"):
        fold_gameday(list(day())[1:])
    with pytest.raises(RecordError, match="is not understood"):
        fold_gameday([*list(day())[:1], Event(kind=Kind.SCENARIO_STARTED, at=Instant.exactly(1))])


def test_it_is_found_by_its_id_and_the_newest_by_last() -> None:
    with pytest.raises(UsageError, match="there is no game day here"):
        gameday_folder("last")
    for name in ("a-day", "another"):
        with EventLog(gamedays_dir() / name) as log:
            for event in day():
                log(event)

    assert gameday_folder("a-day").name == "a-day"
    assert gameday_folder("last") == gameday_folders()[0]
    assert load_gameday_record(gameday_folder("another")) == fold_gameday(day())
    with pytest.raises(UsageError, match="did you mean 'a-day'"):
        gameday_folder("a-dya")
