"""
Events over HTTP: a list, or a stream that can be cut anywhere and resumed.
"""

from __future__ import annotations

import random

import anyio
import pytest

from harness import clock
from harness.host.host_bench import HostBench
from harness.store.home import runs_dir
from tests.host.calling import Stream, serving
from tests.host.rehearsed import Stage, rail
from tests.store.recorded import held, write

ORDER = {"drill": "control"}
LINES = ["run_started", "trial_started", "trial_ended", "run_ended"]


async def some(stream: Stream, count: int) -> list[tuple[str, str]]:
    """
    The next events that are on record, and then no more is asked for.
    """
    got: list[tuple[str, str]] = []
    async for frame in stream.events():
        if frame.id:
            got.append((frame.id, frame.event))
        if len(got) == count:
            break
    return got


def test_the_events_of_a_run_are_a_list() -> None:
    write(runs_dir(), held("old"))

    async def main() -> None:
        async with serving(HostBench("sim", supervisor=Stage())) as caller:
            events = (await caller.get("runs/old/events")).json()
            assert [(event["line"], event["kind"]) for event in events] == [*enumerate(LINES, start=1)]
            assert {event["run_id"] for event in events} == {"old"}
            assert (await caller.get("runs/old/events?after=2")).json() == events[2:]
            assert (await caller.get("runs/old/events?after=1&limit=2")).json() == events[1:3]
            assert (await caller.get("runs/old/events?after=9")).json() == []
            assert (await caller.get("runs/old/events?after=-1")).status_code == 422

    clock.run(main)


def test_a_list_of_a_running_runs_events_ends_at_the_present() -> None:
    async def main() -> None:
        async with serving(HostBench("sim", supervisor=Stage())) as caller:
            await caller.post("runs", ORDER)
            assert [event["kind"] for event in (await caller.get("runs/run-1/events")).json()] == ["run_started"]

    clock.run(main)


def test_a_runs_stream_has_everything_from_its_beginning_and_ends_with_it() -> None:
    async def main() -> None:
        stage = Stage()
        async with serving(HostBench("sim", supervisor=stage)) as caller:
            await caller.post("runs", ORDER)
            async with caller.stream("runs/run-1/events") as stream:
                assert (await stream.next()).comment == "connected"
                assert (await stream.next()).id == "run-1:1"
                stage.runs[0].listen(rail(4.9))
                shown = await stream.next()
                assert (shown.event, shown.id, shown.data["data"]) == ("reading", "", {"bus_v": 4.9})
                stage.runs[0].problem = "something that no record says"
                stage.runs[0].go_on.set()
                rest = await stream.rest()
            assert [(f.event, f.id) for f in rest[:3]] == [(k, f"run-1:{n}") for n, k in enumerate(LINES[1:], 2)]
            assert [(f.event, f.data["problem"]) for f in rest[3:]] == [("over", "something that no record says")]
            run = (await caller.get("runs/run-1")).json()
            assert (run["state"], run["problem"]) == ("ended", "something that no record says")

    clock.run(main)


@pytest.mark.parametrize(("last", "first"), [("old:2", 3), ("old:0", 1), ("another:2", 1), (None, 1)])
def test_the_stream_of_a_run_on_record_resumes_and_ends(last: str | None, first: int) -> None:
    write(runs_dir(), held("old"))

    async def main() -> None:
        async with serving(HostBench("sim", supervisor=Stage())) as caller, caller.stream("runs/old/events", last) as s:
            assert [frame.id for frame in await s.rest()] == [f"old:{line}" for line in range(first, 5)]

    clock.run(main)


def test_a_wrong_id_is_refused() -> None:
    async def main() -> None:
        async with serving(HostBench("sim", supervisor=Stage())) as caller:
            answer = await caller.get("events", **{"Last-Event-ID": "seventeen"})
            assert (answer.status_code, answer.json()["key"]) == (422, "Last-Event-ID")

    clock.run(main)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (1, 2))])
@pytest.mark.parametrize("memory", [1, 3, 4096])
def test_a_stream_of_all_runs_cut_at_random_and_resumed_has_no_gap_and_no_repetition(seed: int, memory: int) -> None:
    chance = random.Random(seed)
    every = [(f"run-{run}:{line}", kind) for run in range(1, 6) for line, kind in enumerate(LINES, start=1)]

    async def main() -> None:
        bench = HostBench("sim", supervisor=Stage(at_once=True), memory=memory)
        got: list[tuple[str, str]] = []
        async with serving(bench) as caller:
            while len(got) < len(every):
                if bench.feed.now < len(every):
                    await caller.post("runs", {**ORDER, "rig": chance.choice(["sim", "lab"])})
                    await runs_ended(bench)
                last = got[-1][0] if got else "run-1:0"
                async with caller.stream("events", last) as stream:
                    got += await some(stream, chance.randint(1, max(1, bench.feed.now - len(got))))
        assert got == every

    clock.run(main)


async def runs_ended(bench: HostBench) -> None:
    """
    Waits until no run is going on.
    """
    with anyio.fail_after(5):
        for run in bench.lane.running:
            await run.over.wait()


def test_every_stream_hears_the_end_when_the_host_ends() -> None:
    async def main() -> None:
        bench = HostBench("sim", supervisor=Stage())
        async with serving(bench) as caller, caller.stream("events") as stream:
            await stream.next()
            await caller.post("runs", ORDER)
            await bench.close("the host was ended by SIGTERM")
            rest = await stream.rest()
            assert [frame.event for frame in rest] == [*LINES, "over"]
            assert rest[-2].data["data"]["reason"] == "the host was ended by SIGTERM"

    clock.run(main)
