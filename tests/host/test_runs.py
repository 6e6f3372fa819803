"""
Runs over HTTP: started once, listed, read, aborted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from harness import clock
from harness.config.source import shipped
from harness.errors import Exit
from harness.host.host_bench import HostBench
from harness.store.home import runs_dir
from harness.supervise.supervisor import Outcome
from tests.host.calling import Caller, serving
from tests.host.rehearsed import Stage
from tests.store.recorded import held, write

ORDER = {"drill": "control"}


def served(main: Callable[[Caller], Awaitable[None]], stage: Stage | None = None) -> None:
    async def serve() -> None:
        async with serving(HostBench("sim", supervisor=stage or Stage())) as caller:
            await main(caller)

    clock.run(serve)


async def ended(caller: Caller, run_id: str) -> dict[str, Any]:
    """
    The run, once it has ended.
    """
    with anyio.fail_after(5):
        async with caller.stream(f"runs/{run_id}/events") as stream:
            await stream.rest()
    run: dict[str, Any] = (await caller.get(f"runs/{run_id}")).json()
    return run


def test_a_run_is_accepted_with_its_id_and_its_place() -> None:
    async def main(caller: Caller) -> None:
        answer = await caller.post("runs", ORDER)
        assert (answer.status_code, answer.json()) == (202, {"run_id": "run-1", "state": "running"})
        assert answer.headers["Location"] == "/api/v1/runs/run-1"
        assert (await caller.http.get(answer.headers["Location"])).status_code == 200

    served(main)


def test_what_was_asked_for_is_what_the_supervisor_gets() -> None:
    stage = Stage()
    order = {"drill": "control", "rig": "lab", "seed": 7, "trials": 3, "set": ["drill.hold=1 s"], "until_failure": True}

    async def main(caller: Caller) -> None:
        await caller.post("runs", order)
        asked = stage.runs[0].request
        assert (asked.drill, asked.rig, asked.seed, asked.trials) == ("control", "lab", 7, 3)
        assert (asked.overrides, asked.until_failure) == (("drill.hold=1 s",), True)

    served(main, stage)


def test_a_seed_is_the_environments_else_0_in_virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(at_once=True)

    async def main(caller: Caller) -> None:
        await ended(caller, (await caller.post("runs", ORDER)).json()["run_id"])
        monkeypatch.setenv("CRASHBENCH_SEED", "12")
        await ended(caller, (await caller.post("runs", ORDER)).json()["run_id"])
        monkeypatch.setenv("CRASHBENCH_SEED", "twelve")
        assert (await caller.post("runs", ORDER)).status_code == 422
        assert [run.request.seed for run in stage.runs] == [0, 12]

    served(main, stage)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({}, "body.drill"),
        ({"drill": "contrl"}, "did you mean 'control'?"),
        ({"drill": str(shipped("drill")["control"])}, "no drill"),
        ({"drill": "control", "rig": "../sim"}, "no rig"),
        ({"drill": "control", "trails": 3}, "body.trails"),
        ({"drill": "control", "trials": 0}, "body.trials"),
        ({"drill": "control", "set": ["drill.hold"]}, "no override"),
        ({"drill": "control", "set": ["drill.hold=5 kg"]}, "hold"),
        ([], "body"),
    ],
)
def test_a_wrong_order_is_told_so_and_nothing_is_started(order: Any, said: str) -> None:
    stage = Stage()

    async def main(caller: Caller) -> None:
        answer = await caller.post("runs", order)
        assert (answer.status_code, stage.runs) == (422, [])
        assert said in answer.json()["detail"]

    served(main, stage)


def test_a_busy_rig_is_a_conflict_that_names_its_run() -> None:
    async def main(caller: Caller) -> None:
        await caller.post("runs", ORDER)
        answer = await caller.post("runs", ORDER)
        assert (answer.status_code, answer.json()["run_id"]) == (409, "run-1")

    served(main)


@pytest.mark.parametrize(("code", "status"), [(Exit.REFUSED, 403), (Exit.USAGE, 422), (Exit.BENCH, 503)])
def test_what_keeps_a_run_from_beginning_is_answered(code: int, status: int) -> None:
    async def main(caller: Caller) -> None:
        answer = await caller.post("runs", ORDER)
        assert (answer.status_code, answer.json()["detail"]) == (status, "because")

    served(main, Stage(lambda: Outcome(exit_code=code, run_id=None, problem="because")))


def test_a_key_makes_a_repetition_harmless() -> None:
    stage = Stage()

    async def main(caller: Caller) -> None:
        answers = [await caller.post("runs", ORDER, Idempotency_Key="k") for _ in range(2)]
        stage.runs[0].go_on.set()
        await ended(caller, "run-1")
        answers.append(await caller.post("runs", ORDER, Idempotency_Key="k"))
        assert [a.json()["run_id"] for a in answers] == ["run-1"] * 3
        assert [a.json()["state"] for a in answers] == ["running", "running", "ended"]
        assert {a.headers["Location"] for a in answers} == {"/api/v1/runs/run-1"}
        other = await caller.post("runs", {**ORDER, "seed": 5}, Idempotency_Key="k")
        assert (other.status_code, len(stage.runs)) == (422, 1)
        assert (await caller.post("runs", ORDER, Idempotency_Key="k" * 256)).status_code == 422

    served(main, stage)


def test_a_run_is_read_while_it_runs_and_after() -> None:
    stage = Stage()

    async def main(caller: Caller) -> None:
        await caller.post("runs", ORDER)
        run = (await caller.get("runs/run-1")).json()
        assert (run["state"], run["verdict"], run["reason"], run["trials"]) == ("running", None, "", [])
        stage.runs[0].go_on.set()
        run = await ended(caller, "run-1")
        assert (run["state"], run["verdict"], run["reason"]) == ("ended", "held", "it held")
        assert [trial["verdict"] for trial in run["trials"]] == ["recovered"]
        assert (await caller.get("runs/run-1/trials")).json() == run["trials"]
        assert (await caller.get("runs/last")).json() == run

    served(main, stage)


def test_an_abort_is_accepted_and_the_run_ends_inconclusive() -> None:
    async def main(caller: Caller) -> None:
        await caller.post("runs", ORDER)
        answer = await caller.post("runs/run-1/abort")
        assert (answer.status_code, answer.json()) == (202, {"run_id": "run-1", "state": "running"})
        run = await ended(caller, "run-1")
        assert (run["verdict"], run["reason"]) == ("inconclusive", "aborted over HTTP")
        assert (await caller.post("runs/run-1/abort")).status_code == 409

    served(main)


def test_runs_are_listed_the_newest_first() -> None:
    for number, drill in enumerate(("power-outage", "control", "control")):
        write(runs_dir(), held(f"old-{number}", drill=drill), recorded_s=1000 + number)

    async def main(caller: Caller) -> None:
        await caller.post("runs", ORDER)
        await caller.post("runs", {"drill": "control", "rig": "lab"})

        async def listed(query: str) -> list[str]:
            return [run["run_id"] for run in (await caller.get(f"runs{query}")).json()]

        assert await listed("") == ["run-2", "run-1", "old-2", "old-1", "old-0"]
        assert await listed("?limit=3") == ["run-2", "run-1", "old-2"]
        assert await listed("?drill=power-outage") == ["old-0"]
        assert await listed("?rig=sim") == ["run-1"]
        assert await listed("?rig=lab&limit=2") == ["run-2", "old-2"]
        first, *_, last = (await caller.get("runs")).json()
        assert (first["state"], first["verdict"], first["drill"]) == ("running", None, "control")
        assert (last["state"], last["verdict"], last["trials"]) == ("ended", "held", 1)
        assert (await caller.get("runs?limit=0")).status_code == 422

    served(main)


@pytest.mark.parametrize("rest", ["", "/trials", "/events", "/trace", "/report"])
def test_a_run_that_is_not_there_is_not_found(rest: str) -> None:
    async def main(caller: Caller) -> None:
        for run_id in ("run-9", "..%2Fruns"):
            answer = await caller.get(f"runs/{run_id}{rest}")
            assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")

    served(main)


def test_what_is_not_there_cannot_be_aborted() -> None:
    async def main(caller: Caller) -> None:
        assert (await caller.post("runs/run-9/abort")).status_code == 404

    served(main)


def test_no_run_has_a_trace() -> None:
    write(runs_dir(), held("old"))

    async def main(caller: Caller) -> None:
        answer = await caller.get("runs/old/trace")
        assert (answer.status_code, "run 'old' has no trace" in answer.json()["detail"]) == (404, True)

    served(main)


def test_a_record_that_is_broken_is_the_benchs_fault() -> None:
    folder = write(runs_dir(), held("old"))
    (folder / "events.jsonl").write_text("no record\n", "utf-8")

    async def main(caller: Caller) -> None:
        assert (await caller.get("runs/old")).status_code == 503
        assert [run["run_id"] for run in (await caller.get("runs")).json()] == ["old"]

    served(main)


def test_a_report_is_the_command_lines() -> None:
    write(runs_dir(), held("old"))
    kinds = {"md": "text/markdown", "junit": "application/xml", "json": "application/json", "html": "text/html"}

    async def main(caller: Caller) -> None:
        for name, kind in kinds.items():
            answer = await caller.get(f"runs/old/report?format={name}")
            assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, kind)
            assert "old" in answer.text
        assert (await caller.get("runs/old/report")).text.startswith("# Power outage")
        assert (await caller.get("runs/old/report?format=doc")).status_code == 422

    served(main)


def test_a_run_that_goes_on_has_no_report_yet() -> None:
    async def main(caller: Caller) -> None:
        await caller.post("runs", ORDER)
        assert (await caller.get("runs/run-1/report")).status_code == 409

    served(main)
