"""
Game-day files: what they say, and every mistake as one line with file, key and the nearest right word.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.data import data
from harness.config.gameday import load_gameday
from harness.config.source import shipped
from harness.errors import UsageError
from harness.model.drill import Severity
from harness.model.gameday import WORDS, By, Item

GAMEDAY = """
title = "A small one"
severity = "P3"
rig = "sim"

[checklist.announce]
[checklist.monitoring]
by = "proof"
within = "2 s"
[checklist.rollback]
by = "proof"
[checklist.on_call]
what = "Brief Ada and Grace"
[checklist.war_room]
[checklist.baseline]
by = "proof"
for = "3 s"

[[scenario]]
drill = "power-outage"
procedure = ["Cut it.", "Look."]
defect = [{ name = "loses_writes", deviates = "lost_writes" }, { name = "never_boots" }]

[[scenario]]
name = "nothing"
drill = "control"
rig = "sim-board"
hypothesis = "Nothing happens."
procedure = ["Do nothing."]
set = ["drill.hold=1 s"]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "day.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_what_is_done_in_which_order_and_who_sees_to_what(tmp_path: Path) -> None:
    day = load_gameday(str(write(tmp_path, GAMEDAY)))

    assert (day.name, day.title, day.severity, day.rig) == ("day", "A small one", Severity.P3, "sim")
    assert [check.item for check in day.checklist] == list(Item)
    assert {check.item for check in day.checklist if check.by is By.PROOF} == {"monitoring", "rollback", "baseline"}
    assert day.check(Item.ON_CALL).what == "Brief Ada and Grace"
    assert day.check(Item.ANNOUNCE).what == WORDS[Item.ANNOUNCE]
    assert (day.check(Item.BASELINE).for_s, day.check(Item.MONITORING).within_s) == (3.0, 2.0)
    outage, nothing = day.scenarios
    assert (outage.name, outage.drill, outage.rig, outage.procedure) == (
        "power-outage",
        "power-outage",
        None,
        ("Cut it.", "Look."),
    )
    assert "loses its supply" in outage.hypothesis
    assert [(defect.name, defect.deviates) for defect in outage.defects] == [
        ("loses_writes", "lost_writes"),
        ("never_boots", ""),
    ]
    assert (nothing.name, nothing.hypothesis, nothing.rig) == ("nothing", "Nothing happens.", "sim-board")
    assert nothing.overrides == ("drill.hold=1 s",)


def test_a_drill_and_a_rig_may_lie_beside_the_game_day(tmp_path: Path) -> None:
    for what, name in (("drill", "control"), ("rig", "sim")):
        (tmp_path / f"own-{name}.toml").write_text(shipped(what)[name].read_text("utf-8"), "utf-8")
    text = GAMEDAY.replace('drill = "control"', 'drill = "own-control.toml"').replace('"sim-board"', '"own-sim.toml"')

    scenario = load_gameday(str(write(tmp_path, text))).scenarios[1]

    assert (scenario.drill, scenario.rig) == (str(tmp_path / "own-control.toml"), str(tmp_path / "own-sim.toml"))


@pytest.mark.parametrize("name", sorted(shipped("game day")))
def test_every_shipped_game_day_loads(name: str) -> None:
    assert load_gameday(name).name == name


CHECKLIST = GAMEDAY[GAMEDAY.index("[checklist") : GAMEDAY.index("[[scenario")]

# What is changed, and what the one line must name.
CASES = {
    "no scenario": (GAMEDAY[GAMEDAY.index("[[scenario]]") :], "", ("scenario: missing", "[[scenario]]")),
    "unknown drill": ('"power-outage"', '"power-outgae"', ("scenario.0.drill", "'power-outage'")),
    "unknown rig": ('rig = "sim"', 'rig = "smi"', ("rig", "'sim'")),
    "unknown rig of a scenario": ('"sim-board"', '"sim-bord"', ("scenario.1.rig", "'sim-board'")),
    "no file beside it": ('"control"', '"control.toml"', ("scenario.1.drill", "control.toml")),
    "unknown table": ("[checklist.war_room]", "[cheklist.war_room]", ("cheklist", "'checklist'")),
    "unknown key": ("title =", "titel =", ("titel", "'title'")),
    "unknown key of a scenario": ("procedure = [\"Do", "procedrue = [\"Do", ("scenario.1.procedrue", "'procedure'")),
    "no procedure": ('procedure = ["Do nothing."]', "", ("scenario.1.procedure", "missing")),
    "empty procedure": ('["Do nothing."]', "[]", ("scenario.1.procedure", "empty")),
    "no checklist": (CHECKLIST, "", ("checklist.announce", "missing")),
    "an item is missing": ("[checklist.war_room]\n", "", ("checklist.war_room", "missing", "war room")),
    "unknown item": ("[checklist.war_room]", "[checklist.warroom]", ("checklist.warroom", "'war_room'")),
    "unknown key of an item": ("what =", "waht =", ("checklist.on_call.waht", "'what'")),
    "unknown way": ('"proof"\nfor', '"prof"\nfor', ("checklist.baseline.by", "'proof'")),
    "nothing proves it": ("[checklist.war_room]", '[checklist.war_room]\nby = "proof"', ("war_room.by", "person")),
    "a time without a unit": ('for = "3 s"', "for = 3", ("checklist.baseline.for", "unit")),
    "no time": ('for = "3 s"', 'for = "0 s"', ("checklist.baseline.for", "more than 0")),
    "a key of another item": ('within = "2 s"', 'for = "2 s"', ("checklist.monitoring.for", "[checklist.baseline]")),
    "unknown probe": ('within = "2 s"', 'probe = { kind = "htpp", role = "x" }', ("monitoring.probe.kind", "'http'")),
    "unknown severity": ('"P3"', '"P9"', ("severity", "P0")),
    "twice the same": ('name = "nothing"', 'name = "power-outage"', ("scenario.1.name", "already")),
    "a bad override": ("drill.hold=1 s", "drill.hodl=1 s", ("hodl", "'hold'")),
    "unknown criterion": ('= "lost_writes"', '= "lost_wirtes"', ("scenario.0.defect.0.deviates", "'lost_writes'")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_one_line_with_file_key_and_the_nearest(case: str, tmp_path: Path) -> None:
    old, new, named = CASES[case]
    assert old in GAMEDAY

    with pytest.raises(UsageError) as error:
        load_gameday(str(write(tmp_path, GAMEDAY.replace(old, new, 1))))

    told = str(error.value)
    assert "\n" not in told
    for name in ("day.toml" if case != "a bad override" else "control.toml", *named):
        assert name in told, told


def test_an_unknown_game_day_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="no shipped game day 'powr'; did you mean 'power'"):
        load_gameday("powr")


def test_the_four_game_days_of_the_mission_are_shipped() -> None:
    assert (data("rigs") / "gamedays" / "power.toml").is_file()
