"""
Game days over HTTP: what can be held, and what was.
"""

from __future__ import annotations

from pathlib import Path

from harness import clock
from harness.config.source import shipped
from harness.host.host_bench import HostBench
from harness.store.events import FILE, EventLog
from harness.store.home import gamedays_dir
from tests.host.calling import serving
from tests.host.rehearsed import Stage
from tests.store.test_gameday_record import day


def test_game_days_are_listed_with_when_they_were_held_and_a_broken_one_with_what_is_wrong(tmp_path: Path) -> None:
    rig = tmp_path / "desk.toml"
    rig.write_text(shipped("rig")["sim"].read_text("utf-8"), "utf-8")
    (tmp_path / "gamedays").mkdir()
    (tmp_path / "gamedays" / "broken.toml").write_text("title = 3", "utf-8")
    with EventLog(gamedays_dir() / "a-day") as log:
        for event in day():
            log(event)
    (gamedays_dir() / "torn").mkdir()
    (gamedays_dir() / "torn" / FILE).write_text("not a record\n", encoding="utf-8")

    async def main() -> None:
        async with serving(HostBench(str(rig), supervisor=Stage())) as caller:
            answer = await caller.get("gamedays")
            found = {one["name"]: one for one in answer.json()}
            assert (answer.status_code, set(found)) == (200, {*shipped("game day"), "broken"})
            assert "broken.toml" in found["broken"]["problem"]
            power = found["power"]
            assert (power["title"], power["severity"], power["rig"], power["problem"]) == ("Power", "P1", "lab", "")
            assert [item["item"] for item in power["checklist"] if item["by"] == "person"] == [
                "announce",
                "on_call",
                "war_room",
            ]
            outage = power["scenarios"][0]
            assert (outage["name"], outage["drill"], outage["rig"]) == ("power-outage", "power-outage", None)
            assert "time_to_detect < 30 s" in outage["criteria"]
            (held,) = power["held"]
            assert (held["gameday_id"], held["verdict"], held["runs"]) == ("a-day", "inconclusive", ["a-run"])
            assert (held["not_run"], found["broken"]["held"]) == (["flicker"], [])

    clock.run(main)
