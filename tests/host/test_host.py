"""
The rest of the application: rigs, drills, health, figures, its own description, and real runs on `sim`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness import __version__, clock
from harness.config.source import shipped
from harness.host.app import create_app
from harness.host.host_bench import HostBench
from harness.store.record import load
from tests.host.calling import Caller, Frame, Stream, serving
from tests.host.rehearsed import Stage


def test_rigs_are_listed_and_the_one_that_is_served_comes_first() -> None:
    async def main() -> None:
        async with serving(HostBench("lab", supervisor=Stage())) as caller:
            await caller.post("runs", {"drill": "control"})
            first, *others = (await caller.get("rigs")).json()
            assert (first["name"], first["time"], first["duts"], first["run_id"]) == ("lab", "real", ["edge"], "run-1")
            assert {rig["name"] for rig in others} == set(shipped("rig")) - {"lab"}
            assert {rig["run_id"] for rig in others} == {None}

    clock.run(main)


def test_a_rig_is_described() -> None:
    async def main() -> None:
        async with serving(HostBench("sim", supervisor=Stage())) as caller:
            rig = (await caller.get("rigs/sim")).json()
            assert (rig["devices"]["mains"], rig["duts"][0]["roles"]["power"]) == ("relay", "mains")
            assert (rig["duts"][0]["brown_out_v"], rig["run_id"]) == (3.0, None)
            missing = await caller.get("rigs/sin")
            assert (missing.status_code, missing.json()["key"]) == (404, "rig")

    clock.run(main)


def test_drills_are_listed_and_a_broken_one_with_what_is_wrong(tmp_path: Path) -> None:
    rig = tmp_path / "desk.toml"
    rig.write_text(shipped("rig")["sim"].read_text("utf-8"), "utf-8")
    (tmp_path / "drills").mkdir()
    (tmp_path / "drills" / "broken.toml").write_text("title = 3", "utf-8")

    async def main() -> None:
        async with serving(HostBench(str(rig), supervisor=Stage())) as caller:
            drills = {drill["name"]: drill for drill in (await caller.get("drills")).json()}
            assert set(drills) == {*shipped("drill"), "broken"}
            assert "time_to_detect < 30 s" in drills["power-outage"]["criteria"]
            assert (drills["power-outage"]["severity"], drills["power-outage"]["problem"]) == ("P1", "")
            assert "broken.toml" in drills["broken"]["problem"]

    clock.run(main)


def test_health_and_figures_are_outside_the_api() -> None:
    async def main() -> None:
        async with serving(HostBench("sim", supervisor=Stage())) as caller:
            assert (await caller.http.get("/healthz")).json() == {"status": "ok", "version": __version__}
            await caller.post("runs", {"drill": "control"})
            figures = await caller.http.get("/metrics")
            assert figures.headers["Content-Type"].startswith("text/plain")
            assert "crashbench_run_active 1.0" in figures.text

    clock.run(main)


def test_every_operation_is_described_and_every_change_needs_the_token() -> None:
    async def main() -> None:
        stage = Stage()
        bench = HostBench("sim", supervisor=stage)
        async with serving(bench) as caller:
            document = (await caller.http.get("/openapi.json")).json()
            operations = [(path, method, op) for path, ops in document["paths"].items() for method, op in ops.items()]
            assert {path for path, _, _ in operations} >= {"/healthz", "/metrics", "/api/v1/runs/{run_id}/abort"}
            for path, method, operation in operations:
                assert operation["summary"]
                assert operation["description"]
                if method != "get":
                    assert operation["security"], path
                    answer = await caller.http.request(method, path, headers={"Authorization": "Bearer wrong"})
                    assert answer.status_code == 401
                for status, answer in operation["responses"].items():
                    assert (status < "4") or list(answer["content"]) == ["application/problem+json"]
        assert stage.runs == []

    clock.run(main)


def test_the_description_is_complete_in_itself() -> None:
    text = str(create_app(HostBench("sim"), "a token").openapi())
    schemas = create_app(HostBench("sim"), "a token").openapi()["components"]["schemas"]
    referred = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= set(schemas)
    assert "HTTPValidationError" not in text


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc", "/api/v1", "/api/v2/runs"])
def test_nothing_else_is_there(path: str) -> None:
    async def main() -> None:
        async with serving(HostBench("sim", supervisor=Stage())) as caller:
            answer = await caller.http.get(path)
            assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")

    clock.run(main)


# --- real runs on sim -------------------------------------------------------------------------------------------------


async def started(caller: Caller, **order: object) -> str:
    answer = await caller.post("runs", order)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run_id"])


@pytest.mark.process
def test_a_real_run_is_started_followed_and_reported() -> None:
    async def main() -> None:
        async with serving(HostBench("sim")) as caller:
            async with caller.stream("events") as stream:
                await stream.next()
                run_id = await started(caller, drill="power-outage", seed=3)
                heard = [frame async for frame in until_over(stream)]
            lines = [int(frame.id.rpartition(":")[2]) for frame in heard if frame.id]
            assert lines == list(range(1, len(lines) + 1))
            assert len(lines) == len((await caller.get(f"runs/{run_id}/events")).json()) > 20
            run = (await caller.get(f"runs/{run_id}")).json()
            assert (run["verdict"], run["seed"], run["state"], run["problem"]) == ("held", 3, "ended", "")
            assert "Power outage: held" in (await caller.get(f"runs/{run_id}/report")).text
            figures = (await caller.http.get("/metrics")).text
            assert 'crashbench_runs_total{verdict="held"} 1.0' in figures
            assert 'chaos_recovery_time_seconds_count{chaos_type="power_outage",severity="P1"} 1.0' in figures

    clock.run(main)


@pytest.mark.process
def test_a_real_run_is_aborted_and_says_so() -> None:
    async def main() -> None:
        async with serving(HostBench("sim")) as caller:
            run_id = await started(caller, drill="control", until_failure=True)
            assert (await caller.post(f"runs/{run_id}/abort")).status_code == 202
            async with caller.stream(f"runs/{run_id}/events") as stream:
                async for _ in until_over(stream):
                    pass
            assert load(run_id).verdict == "inconclusive"
            assert (await caller.get(f"runs/{run_id}")).json()["state"] == "ended"

    clock.run(main)


@pytest.mark.process
def test_the_guards_refusal_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASHBENCH_ENVIRONMENT", "production")

    async def main() -> None:
        async with serving(HostBench("sim")) as caller:
            answer = await caller.post("runs", {"drill": "power-outage"})
            assert (answer.status_code, "production" in answer.json()["detail"]) == (403, True)

    clock.run(main)


async def until_over(stream: Stream) -> AsyncIterator[Frame]:
    """
    Every event until a run is over.
    """
    async for frame in stream.events():
        yield frame
        if frame.event == "over":
            return
