"""
The lane: one run per rig at a time, whatever becomes of it, and none left behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from harness import clock
from harness.config.rig import load_rig
from harness.config.source import shipped
from harness.errors import BenchError, CrashbenchError, Exit, Refused, UsageError
from harness.host.feed import Feed
from harness.host.lane import Lane
from harness.host.live_run import LiveRun
from harness.host.problems import Busy
from harness.store.record import load
from harness.supervise.lease import Lease
from harness.supervise.request import RunRequest
from harness.supervise.supervisor import Outcome
from tests.host.rehearsed import Rehearsal, Stage

SIM, LAB = load_rig("sim"), load_rig("lab")


def request(rig: str = "sim") -> RunRequest:
    return RunRequest(drill="control", rig=rig, seed=1)


@asynccontextmanager
async def opened(stage: Stage) -> AsyncIterator[Lane]:
    lane = Lane(Feed(), stage)
    async with lane.open():
        yield lane


async def over(lane: Lane, run_id: str) -> None:
    """
    Waits for a run's end.
    """
    run = lane.find(run_id)
    if run is not None:
        with anyio.fail_after(5):
            await run.over.wait()


def in_lane(stage: Stage, main: Callable[[Lane], Awaitable[None]]) -> None:
    async def opening() -> None:
        async with opened(stage) as lane:
            await main(lane)

    clock.run(opening)


def test_a_run_is_there_from_its_beginning_to_its_end() -> None:
    stage = Stage()

    async def main(lane: Lane) -> None:
        run_id = await lane.start(request(), SIM)
        run = lane.find(run_id)
        assert run is not None
        assert lane.on(SIM) == run_id
        assert (run.so_far().trials, run.so_far().ended) == ((), False)
        stage.runs[0].go_on.set()
        await over(lane, run_id)
        assert (lane.find(run_id), lane.on(SIM), lane.running) == (None, None, [])
        assert load(run_id).verdict == "held"

    in_lane(stage, main)


def test_when_it_has_ended_its_reports_are_written(home: Path) -> None:
    stage = Stage(at_once=True)

    async def main(lane: Lane) -> None:
        await over(lane, await lane.start(request(), SIM))
        assert {path.name for path in (home / "runs" / "run-1").iterdir()} >= {"report.md", "junit.xml", "run.json"}

    in_lane(stage, main)


def test_a_rig_has_one_run_at_a_time_and_another_rig_its_own() -> None:
    stage = Stage()

    async def main(lane: Lane) -> None:
        await lane.start(request(), SIM)
        with pytest.raises(Busy, match="has run run-1") as busy:
            await lane.start(request(), SIM)
        assert busy.value.run_id == "run-1"
        assert await lane.start(request("lab"), LAB) == "run-2"
        assert [run.run_id for run in lane.running] == ["run-2", "run-1"]
        stage.runs[0].go_on.set()
        await over(lane, "run-1")
        assert await lane.start(request(), SIM) == "run-3"

    in_lane(stage, main)


def test_two_at_the_same_moment_start_one() -> None:
    async def main(lane: Lane) -> None:
        got: list[str] = []

        async def ask() -> None:
            try:
                got.append(await lane.start(request(), SIM))
            except Busy:
                got.append("busy")

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(ask)
        assert sorted(got) == ["busy", "busy", "busy", "run-1"]

    in_lane(Stage(), main)


def test_an_abort_ends_it_inconclusive() -> None:
    async def main(lane: Lane) -> None:
        run_id = await lane.start(request(), SIM)
        run = lane.find(run_id)
        assert run is not None
        run.abort("somebody said so")
        await over(lane, run_id)
        assert (load(run_id).verdict, load(run_id).reason) == ("inconclusive", "somebody said so")

    in_lane(Stage(), main)


def failing(error: Exception) -> Callable[[], Outcome]:
    def fail() -> Outcome:
        raise error

    return fail


@pytest.mark.parametrize(
    ("instead", "kind", "match"),
    [
        (failing(UsageError("unknown key")), UsageError, "unknown key"),
        (failing(BenchError("no lab")), BenchError, "no lab"),
        (failing(ZeroDivisionError("a bug")), BenchError, "the supervisor failed: a bug"),
        (lambda: Outcome(exit_code=Exit.USAGE, run_id=None, problem="no role"), UsageError, "no role"),
        (lambda: Outcome(exit_code=Exit.BENCH, run_id=None, problem="no chip"), BenchError, "no chip"),
        (lambda: Outcome(exit_code=Exit.REFUSED, run_id=None, problem="production"), Refused, "production"),
        (lambda: Outcome(exit_code=Exit.HELD, run_id=None), BenchError, "before it began"),
    ],
)
def test_what_keeps_it_from_beginning_is_raised_and_the_rig_is_free_again(
    instead: Callable[[], Outcome], kind: type[CrashbenchError], match: str
) -> None:
    stage = Stage(instead)

    async def main(lane: Lane) -> None:
        with pytest.raises(kind, match=match) as raised:
            await lane.start(request(), SIM)
        assert not isinstance(raised.value, Busy)
        stage.instead = None
        assert await lane.start(request(), SIM) == "run-2"

    in_lane(stage, main)


def test_a_rig_that_another_process_holds_is_busy(tmp_path: Path) -> None:
    rig = tmp_path / "held.toml"
    rig.write_text(shipped("rig")["lab"].read_text("utf-8"), "utf-8")
    spec = load_rig(str(rig))
    stage = Stage(lambda: Outcome(exit_code=Exit.REFUSED, run_id=None, problem="is held"))

    async def main(lane: Lane) -> None:
        with Lease(spec, "crashbench run elsewhere"), pytest.raises(Busy, match="crashbench run elsewhere"):
            await lane.start(request(str(rig)), spec)

    in_lane(stage, main)


def test_what_the_record_cannot_say_is_remembered() -> None:
    stage = Stage()

    async def main(lane: Lane) -> None:
        run_id = await lane.start(request(), SIM)
        stage.runs[0].problem = "the bench process died; the rig was made safe"
        stage.runs[0].go_on.set()
        await over(lane, run_id)
        assert lane.problem_of(run_id) == "the bench process died; the rig was made safe"
        assert lane.problem_of("run-9") == ""

    in_lane(stage, main)


class Silent(Rehearsal):
    """
    Never begins, until it is aborted.
    """

    async def run(self) -> Outcome:
        """
        Waits for its abort.
        """
        await self.go_on.wait()
        return Outcome(exit_code=Exit.BENCH, run_id=None, problem="aborted")


def test_one_that_gives_no_sign_of_life_is_aborted() -> None:
    async def main() -> None:
        run = LiveRun(request(), SIM, Feed(), lambda asked, listen: silent)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run.carry_out)
            with pytest.raises(BenchError, match="no sign of life for 60 s"):
                await run.begun(60)
        assert silent.aborts == ["it did not begin in time"]

    silent = Silent(request(), lambda event: None)
    clock.run(main, virtual=True)


def test_a_host_that_ends_aborts_what_runs_waits_for_it_and_starts_nothing_more() -> None:
    async def main() -> None:
        stage = Stage()
        async with opened(stage) as lane:
            run_id = await lane.start(request(), SIM)
            assert await lane.close("the host was ended by SIGTERM") == 1
            assert load(run_id).reason == "the host was ended by SIGTERM"
            with pytest.raises(BenchError, match="ended by SIGTERM"):
                await lane.start(request(), SIM)
            assert await lane.close("again") == 0
        assert len(stage.runs) == 1

    clock.run(main)


def test_leaving_an_open_lane_ends_its_runs_too() -> None:
    async def main() -> None:
        async with opened(Stage()) as lane:
            run_id = await lane.start(request(), SIM)
        assert load(run_id).verdict == "inconclusive"

    clock.run(main)


def test_a_supervisor_that_does_not_obey_is_not_waited_for_for_ever() -> None:
    class Deaf(Silent):
        def abort(self, reason: str, exit_code: int = Exit.BENCH) -> None:
            """
            Does not obey.
            """

    async def main() -> None:
        lane = Lane(Feed(), lambda asked, listen: Deaf(asked, listen))
        async with lane.open(), anyio.create_task_group() as tasks:
            tasks.start_soon(start, lane)
            await anyio.sleep(1)
            start_ns = clock.now_ns()
            assert await lane.close("enough") == 1
            assert clock.now_ns() - start_ns == 60 * clock.NS_PER_S

    async def start(lane: Lane) -> None:
        with pytest.raises(BenchError):
            await lane.start(request(), SIM)

    clock.run(main, virtual=True)
