"""
A ladder as it is written: ranges, lists and their combinations, each row a fault that is checked like any other.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.drill import load_drill
from harness.config.units import quantity, steps
from harness.errors import UsageError
from harness.model.drill import DrillSpec

HEAD = """
title = "Rows"
hypothesis = "It comes back."
chaos_type = "dip"
component = "gateway"

[[steady_state]]
kind = "http"
timeout = "1 s"
role = "probes.health"
"""
FAULT = """
[[fault]]
kind = "supply_dip"
role = "power"
at = "1 s"
"""
LADDER = """
[ladder]
shaped_after = "a standard"
source = "a manual"
"""


def load(folder: Path, *parts: str, sets: tuple[str, ...] = ()) -> DrillSpec:
    path = folder / "rows.toml"
    path.write_text("".join(parts), encoding="utf-8")
    return load_drill(str(path), sets)


def rows(folder: Path, text: str, fault: str = FAULT) -> list[str]:
    """
    What each row of a ladder asks for.
    """
    ladder = load(folder, HEAD, fault, LADDER, text).ladder
    assert ladder is not None
    assert [row.number for row in ladder.rows] == list(range(1, len(ladder.rows) + 1))
    return [row.asked for row in ladder.rows]


def refusal(folder: Path, *parts: str) -> str:
    with pytest.raises(UsageError) as caught:
        load(folder, *parts)
    return str(caught.value).partition("rows.toml: ")[2]


# --- steps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (("10 us", "30 us", "10 us"), ["10 us", "20 us", "30 us"]),
        (("0.2 ms", "0.5 ms", "100 us"), ["0.2 ms", "0.3 ms", "0.4 ms", "0.5 ms"]),
        (("10 %", "0 %", "5 %"), ["10 %", "5 %", "0 %"]),
        (("1 s", "1 s", "1 s"), ["1 s"]),
        ((1, 3, 1), [1, 2, 3]),
    ],
)
def test_a_range_is_written_out_in_the_unit_of_its_first(
    given: tuple[str | int, str | int, str | int], written: list[str | int]
) -> None:
    assert steps(*given) == written


@given(st.integers(0, 10_000), st.integers(0, 60), st.integers(1, 500), st.sampled_from(["us", "ms", "s"]))
def test_a_range_has_both_ends_and_even_steps(start: int, count: int, by: int, unit: str) -> None:
    written = steps(f"{start} {unit}", f"{start + count * by} {unit}", f"{by} {unit}")
    assert len(written) == count + 1
    values = [quantity(text, "_s") for text in written]
    size = quantity(f"1 {unit}", "_s")
    assert values == [pytest.approx((start + index * by) * size) for index in range(count + 1)]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("1 s", "2 s", "300 ms"), "no whole number of steps"),
        (("1 s", "2 V", "1 s"), "of one kind"),
        (("1 s", "2 s", "0 s"), "step must be more than 0"),
        (("1 s", "2 s", "-1 s"), "step must be more than 0"),
        (("1", "2 s", "1 s"), "'1' is neither a quantity"),
        (("1 parsec", "2 s", "1 s"), "'parsec' is no unit"),
        ((True, 2, 1), "True is neither a quantity"),
    ],
)
def test_an_uneven_range_is_the_callers_mistake(given: tuple[str, str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        steps(*given)


# --- rows -------------------------------------------------------------------------------------------------------------


def test_ranges_and_lists_become_rows_in_their_order(tmp_path: Path) -> None:
    text = """
    [[ladder.row]]
    off = { from = "10 ms", to = "30 ms", step = "10 ms" }

    [[ladder.row]]
    residual = ["40 %", "70 %"]
    off = ["1 s", "2 s"]
    """
    assert rows(tmp_path, text) == [
        "off 10 ms",
        "off 20 ms",
        "off 30 ms",
        "residual 40 %, off 1 s",
        "residual 40 %, off 2 s",
        "residual 70 %, off 1 s",
        "residual 70 %, off 2 s",
    ]


def test_a_row_overrides_its_faults_keys_and_leaves_the_others(tmp_path: Path) -> None:
    other = '[[fault]]\nkind = "noop"\nfor = "1 s"\n'
    text = '[[ladder.row]]\noff = "20 ms"\nat = "3 s"\nrepeats = 3\n[[ladder.row]]\noff = "30 ms"\n'
    drill = load(tmp_path, HEAD, FAULT, other, LADDER, text)
    assert drill.ladder is not None
    first, second = drill.ladder.rows
    assert (first.repeats, second.repeats) == (3, 1)
    assert [fault.kind for fault in first.faults] == ["supply_dip", "noop"]
    assert [row.faults[0].at_s for row in (first, second)] == [3.0, 1.0]
    assert [row.faults[0].config.off_s for row in (first, second)] == [0.02, 0.03]  # type: ignore[attr-defined]
    assert drill.faults == first.faults
    assert [form.faults for form in drill.forms()] == [first.faults, second.faults]
    assert all(form.ladder is None for form in drill.forms())


def test_a_row_may_be_of_a_kind_of_its_own(tmp_path: Path) -> None:
    fault = '[[fault]]\nrole = "power"\n'
    text = '[[ladder.row]]\nkind = "power_cut"\nfor = "1 s"\n[[ladder.row]]\nkind = "jittery_plug"\nout = "1 s"\n'
    assert rows(tmp_path, text, fault) == ["power_cut, for 1 s", "jittery_plug, out 1 s"]


def test_a_row_of_ones_own_says_what_it_is_done_instead_of_and_why(tmp_path: Path) -> None:
    own = '[[ladder.row]]\noff = ["20 ms", "30 ms"]\ninstead_of = "10 us"\nbecause = "no relay makes it"\n'
    ladder = load(tmp_path, HEAD, FAULT, LADDER, own + '[[ladder.row]]\noff = "1 s"').ladder
    assert ladder is not None
    told = [(row.asked, row.instead_of, row.because) for row in ladder.rows]
    assert told == [
        ("off 20 ms", "10 us", "no relay makes it"),
        ("off 30 ms", "10 us", "no relay makes it"),
        ("off 1 s", "", ""),
    ]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('because = "it is"', "drill.ladder.row.0.instead_of: missing; `instead_of` and `because` go together"),
        ('instead_of = "10 us"', "drill.ladder.row.0.because: missing; `instead_of` and `because` go together"),
        ('instead_of = "10 us"\nbecause = 3', "drill.ladder.row.0.because: must be a sentence"),
    ],
)
def test_what_a_row_is_done_instead_of_has_its_reason(tmp_path: Path, keys: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, HEAD, FAULT, LADDER, f'[[ladder.row]]\noff = "20 ms"\n{keys}\n')
    assert told.removeprefix("drill.") in str(caught.value)


def test_a_ladder_over_the_second_fault_leaves_the_first(tmp_path: Path) -> None:
    noop = '[[fault]]\nkind = "noop"\nfor = "1 s"\n'
    drill = load(tmp_path, HEAD, noop, FAULT, LADDER, "fault = 1\n", '[[ladder.row]]\noff = "20 ms"')
    assert [fault.kind for fault in drill.faults] == ["noop", "supply_dip"]


def test_a_set_shortens_a_ladder(tmp_path: Path) -> None:
    text = '[[ladder.row]]\noff = "20 ms"\n'
    drill = load(tmp_path, HEAD, FAULT, LADDER, text, sets=('drill.ladder.row=[{off=["1 s","2 s"]}]',))
    assert drill.ladder is not None
    assert [row.asked for row in drill.ladder.rows] == ["off 1 s", "off 2 s"]


@pytest.mark.parametrize(
    ("kinds", "expects"),
    [
        ((), None),
        (('kind = "noop"\nfor = "1 s"',), None),
        (('kind = "power_cut"\nrole = "power"\nfor = "1 s"',), True),
    ],
)
def test_a_loss_is_left_open_unless_some_fault_expects_one(
    tmp_path: Path, kinds: tuple[str, ...], expects: bool | None
) -> None:
    others = "".join(f"[[fault]]\n{kind}\n" for kind in kinds)
    text = '[[ladder.row]]\noff = "20 ms"\n'
    assert load(tmp_path, HEAD, FAULT, others, LADDER, text).expects_loss is expects


def test_what_differs_everywhere_is_said_once(tmp_path: Path) -> None:
    text = '[[ladder.differs]]\nasked = "six"\ndelivered = "one"\nwhy = "there is one"\n[[ladder.row]]\noff = "1 s"\n'
    ladder = load(tmp_path, HEAD, FAULT, LADDER, text).ladder
    assert ladder is not None
    (differs,) = ladder.differs
    assert (differs.row, differs.asked, differs.delivered, differs.why) == ("all", "six", "one", "there is one")


ROW = '[[ladder.row]]\noff = "20 ms"\n'


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((FAULT, LADDER), "ladder.row: missing; a ladder needs at least one [[ladder.row]]"),
        ((LADDER, ROW), "ladder: needs the [[fault]] that its rows override"),
        ((FAULT, LADDER.replace("source", "sauce"), ROW), "ladder.sauce: unknown key; did you mean 'source'?"),
        ((FAULT, LADDER, "fault = 1\n", ROW), "ladder.fault: there is no fault 1; count from 0"),
        ((FAULT, LADDER, "fault = -1\n", ROW), "ladder.fault: must be a fault's place in the file, from 0 up"),
        ((FAULT, LADDER, "row = 3\n"), "ladder.row: must be a list of tables; write [[ladder.row]]"),
        ((FAULT, LADDER, ROW, "[[ladder.row]]\nof = '1 s'\n"), "ladder.row.1.of: unknown key; did you mean 'off'?"),
        ((FAULT, LADDER, ROW, "repeats = 0\n"), "ladder.row.0.repeats: must be a whole number from 1 up"),
        ((FAULT, LADDER, "[[ladder.row]]\noff = []\n"), "ladder.row.0.off: must not be empty"),
        (
            (FAULT, LADDER, '[[ladder.row]]\noff = { from = "1 s", to = "2 s" }\n'),
            "ladder.row.0.off: missing; add `step = …`; a range is { from, to, step }",
        ),
        (
            (FAULT, LADDER, '[[ladder.row]]\noff = { from = "1 s", to = "2 s", step = "3 s" }\n'),
            "ladder.row.0.off: from 1 s to 2 s is no whole number of steps of 3 s; a range is { from, to, step }",
        ),
        (
            (FAULT, LADDER, ROW, "[[ladder.differs]]\nasked = 'x'\n"),
            "ladder.differs.0.delivered: missing; add `delivered = …`",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_key(tmp_path: Path, parts: tuple[str, ...], told: str) -> None:
    assert refusal(tmp_path, HEAD, *parts) == told


def test_a_ladder_that_is_no_table_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path, "ladder = 3\n", HEAD, FAULT) == "ladder: must be a table; write [ladder]"
