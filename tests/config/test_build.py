from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.build import build, key_of, optional
from harness.errors import UsageError


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    pin: int
    colour: Colour = Colour.RED
    blink_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    title: str
    hold_s: float = 5.0
    steps_v: tuple[float, ...] = ()
    mode: Literal["day", "night"] = "day"
    names: tuple[str, ...] = ()
    is_lit: bool = False
    main: Lamp | None = None
    lamps: tuple[Lamp, ...] = ()
    by_name: Mapping[str, Lamp] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.title == "forbidden":
            raise ValueError("nobody may call it that")


def panel(text: str) -> Panel:
    return build(Panel, tomllib.loads(text))


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as error:
        panel(text)
    return str(error.value)


def test_a_table_fills_a_dataclass_to_its_depth() -> None:
    built = panel(
        """
        title = "front"
        hold = "250 ms"
        steps = ["1 V", "500 mV"]
        mode = "night"
        names = ["a", "b"]
        is_lit = true
        main = { pin = 1, blink = "2 s" }
        [[lamps]]
        pin = 2
        colour = "green"
        [by_name.left]
        pin = 3
        """
    )
    assert built == Panel(
        title="front",
        hold_s=0.25,
        steps_v=(1.0, 0.5),
        mode="night",
        names=("a", "b"),
        is_lit=True,
        main=Lamp(pin=1, blink_s=2.0),
        lamps=(Lamp(pin=2, colour=Colour.GREEN),),
        by_name={"left": Lamp(pin=3)},
    )


def test_what_is_left_out_has_its_default() -> None:
    assert panel('title = "front"') == Panel(title="front")


TITLE = 'title = "front"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "title: missing; add `title = …`"),
        (TITLE + 'holt = "2 s"', "holt: unknown key; did you mean 'hold'?"),
        (TITLE + 'hold_s = "2 s"', "hold_s: unknown key; did you mean 'hold'?"),
        (TITLE + "hold = 2", 'hold: 2 has no unit; write it like "250 ms"'),
        (
            TITLE + 'hold = "2 V"',
            "hold: 'V' is the wrong unit; use one of ns, us, µs, ms, s, min, h, d, like \"250 ms\"",
        ),
        (TITLE + 'steps = "2 V"', "steps: must be a list, not text ('2 V')"),
        (
            TITLE + 'steps = ["2 V", "2 s"]',
            "steps.1: 's' is the wrong unit; use one of µV, uV, mV, V, kV, like \"5 V\"",
        ),
        (TITLE + 'mode = "dya"', "mode: 'dya' is none of them; did you mean 'day'?"),
        (TITLE + "mode = 3", "mode: '3' is none of them; known: day, night"),
        (TITLE + 'names = "a"', "names: input should be a valid array, not text ('a')"),
        (TITLE + 'names = ["a", 2]', "names.1: input should be a valid string, not a number (2)"),
        (TITLE + "is_lit = 1", "is_lit: input should be a valid boolean, not a number (1)"),
        (TITLE + "main = 3", "main: must be a table, not a number (3)"),
        (TITLE + "main = { }", "main.pin: missing; add `pin = …`"),
        (TITLE + 'main = { pin = "3" }', "main.pin: input should be a valid integer, not text ('3')"),
        (TITLE + "main = { pin = true }", "main.pin: input should be a valid integer, not true or false (True)"),
        (TITLE + "main = { pin = 3.5 }", "main.pin: input should be a valid integer, not a number (3.5)"),
        (TITLE + 'main = { pin = 3, colour = "gren" }', "main.colour: 'gren' is none of them; did you mean 'green'?"),
        (TITLE + "lamps = { pin = 3 }", "lamps: must be a list, not a table"),
        (TITLE + "lamps = [{ pin = 1 }, { pni = 2 }]", "lamps.1.pni: unknown key; did you mean 'pin'?"),
        (
            TITLE + 'lamps = [{ pin = 1, blink = "x" }]',
            "lamps.0.blink: 'x' is not a quantity; write it like \"250 ms\"",
        ),
        (TITLE + "by_name = [1]", "by_name: must be a table of tables, not a list"),
        (TITLE + "by_name.left = 1", "by_name.left: must be a table, not a number (1)"),
        (TITLE + "by_name.left.pin = 1.5", "by_name.left.pin: input should be a valid integer, not a number (1.5)"),
        ("title = 2026-01-01", "title: must not be a date or a time; nothing here is"),
        ('title = "forbidden"', "nobody may call it that"),
    ],
)
def test_a_mistake_is_told_at_its_key(text: str, told: str) -> None:
    assert refusal(text) == told


@pytest.mark.parametrize("table", [None, 3, "x", [], [{}]])
def test_only_a_table_can_be_built_from(table: object) -> None:
    with pytest.raises(UsageError, match="must be a table"):
        build(Panel, table)


keys = st.sampled_from([*map(key_of, Panel.__dataclass_fields__), *map(key_of, Lamp.__dataclass_fields__), "left"])
scalars = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.sampled_from(["red", "day", "2 s", "5 V"]), st.dates()
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=6,
)


@given(table=st.dictionaries(keys, values, max_size=6))
def test_whatever_a_table_holds_it_is_built_or_it_is_a_usage_error_of_one_line(table: dict[str, Any]) -> None:
    try:
        built: object = build(Panel, table)
    except UsageError as error:
        built = error
    assert isinstance(built, Panel) or "\n" not in str(built)


@pytest.mark.parametrize(("name", "key"), [("hold_s", "hold"), ("bus_v", "bus"), ("title", "title")])
def test_a_key_is_its_fields_name_without_the_unit(name: str, key: str) -> None:
    assert key_of(name) == key


@pytest.mark.parametrize(
    ("hint", "split"),
    [
        (int, (int, False)),
        (int | None, (int, True)),
        (int | str | None, (int | str, True)),
        (int | str, (int | str, False)),
    ],
)
def test_a_types_none_is_taken_off(hint: Any, split: tuple[Any, bool]) -> None:
    assert optional(hint) == split
