"""
The traces of a run over HTTP: from far away as JSON, and every sample as a download.
"""

from __future__ import annotations

import io
import json

import pyarrow.parquet as pq
import pytest

from harness.model.trace import Code
from harness.store.home import runs_dir
from tests.host.calling import Caller
from tests.host.test_runs import served
from tests.store.recorded import held, write
from tests.store.traced import METER, MS, log, sample, steady
from tests.store.vcd_parser import parse


@pytest.fixture(autouse=True)
def _a_run() -> None:
    log(write(runs_dir(), held("old")), steady(0, 5000), [sample(5000, Code.GAP, 10)])


def test_an_overview_has_each_quantity_in_as_many_points_as_were_asked_for() -> None:
    async def main(caller: Caller) -> None:
        told = (await caller.get("runs/old/trace?points=100")).json()
        assert told["run_id"] == "old"
        trace = told["meters"][METER]
        assert (trace["dut"], trace["span"]) == ("edge", {"earliest_ns": 0, "latest_ns": 5001 * MS})
        assert "10 of 5,010 are missing" in trace["told"]
        assert 50 < len(trace["overview"]["start_ns"]) <= 100
        assert {len(column) for column in trace["overview"].values()} == {len(trace["overview"]["start_ns"])}
        assert min(trace["overview"]["bus_v_min"]) == 5.0

    served(main)


def test_a_stretch_is_told_sample_by_sample_and_a_gap_is_null() -> None:
    async def main(caller: Caller) -> None:
        answer = await caller.get(f"runs/old/trace?from_ns={4999 * MS}&meter={METER}")
        told = json.loads(answer.text, parse_constant=pytest.fail)["meters"][METER]["overview"]
        assert told["start_ns"] == [4998 * MS, 4999 * MS, 5000 * MS]
        assert told["bus_v_mean"][-1] is None
        assert told["missing"] == [0, 0, 10]

    served(main)


def test_every_sample_can_be_downloaded() -> None:
    async def main(caller: Caller) -> None:
        csv = await caller.get("runs/last/trace?format=csv")
        assert csv.headers["Content-Type"].startswith("text/csv")
        assert csv.headers["Content-Disposition"] == 'attachment; filename="old.csv"'
        assert len(csv.text.splitlines()) == 5002
        parquet = await caller.get("runs/old/trace?format=parquet")
        assert pq.read_table(io.BytesIO(parquet.content)).num_rows == 5001
        assert "monitor.bus_v" in parse((await caller.get("runs/old/trace?format=vcd")).text).types

    served(main)


@pytest.mark.parametrize(
    ("query", "status"), [("meter=other", 404), ("format=wav", 422), ("points=0", 422), ("format=csv&meter=other", 404)]
)
def test_what_cannot_be_had_is_a_problem(query: str, status: int) -> None:
    async def main(caller: Caller) -> None:
        answer = await caller.get(f"runs/old/trace?{query}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")

    served(main)


def test_a_run_whose_meters_were_not_sampled_has_none() -> None:
    write(runs_dir(), held("bare"))

    async def main(caller: Caller) -> None:
        answer = await caller.get("runs/bare/trace")
        assert (answer.status_code, "run 'bare' has no trace" in answer.json()["detail"]) == (404, True)

    served(main)
