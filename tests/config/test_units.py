from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.units import UNITS, any_quantity, quantity, suffix_of
from harness.errors import UsageError

every_unit = st.sampled_from([(suffix, unit, size) for suffix, units in UNITS.items() for unit, size in units.items()])
numbers = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)
junk = st.text().filter(lambda text: not any(char.isdigit() for char in text))


@given(number=numbers, unit=every_unit)
def test_a_quantity_is_its_number_in_the_size_of_its_unit(number: float, unit: tuple[str, str, float]) -> None:
    suffix, name, size = unit
    assert quantity(f"{number!r} {name}", suffix) == pytest.approx(number * size, rel=1e-12, abs=1e-300)


@given(number=numbers, unit=every_unit)
def test_blanks_do_not_matter(number: float, unit: tuple[str, str, float]) -> None:
    suffix, name, _ = unit
    assert quantity(f"{number!r}{name}", suffix) == quantity(f"  {number!r}  {name} ", suffix)


@given(number=numbers, unit=every_unit)
def test_a_quantity_of_whatever_kind_is_the_same_as_one_of_its_own(number: float, unit: tuple[str, str, float]) -> None:
    suffix, name, _ = unit
    assert any_quantity(f"{number!r} {name}") == quantity(f"{number!r} {name}", suffix)


@given(number=numbers)
def test_a_bare_number_of_whatever_kind_is_itself(number: float) -> None:
    assert any_quantity(repr(number)) == number


@given(ms=st.integers(min_value=0, max_value=10_000_000))
def test_a_decimal_prefix_adds_no_rounding_error(ms: int) -> None:
    assert quantity(f"{ms} ms", "_s") == ms / 1000


@given(number=numbers, unit=every_unit, suffix=st.sampled_from(sorted(UNITS)))
def test_a_unit_of_another_kind_is_refused_with_the_right_ones(
    number: float, unit: tuple[str, str, float], suffix: str
) -> None:
    _, name, _ = unit
    if name in UNITS[suffix]:
        return
    with pytest.raises(UsageError, match=f"'{name}' is the wrong unit; use one of {next(iter(UNITS[suffix]))}"):
        quantity(f"{number!r} {name}", suffix)


@given(number=st.one_of(numbers, st.integers()), suffix=st.sampled_from(sorted(UNITS)))
def test_a_number_without_a_unit_is_refused_with_an_example(number: float, suffix: str) -> None:
    for written in (number, str(number)):
        with pytest.raises(UsageError, match=r'has no unit; .*like "'):
            quantity(written, suffix)


@pytest.mark.parametrize("suffix", sorted(UNITS))
@pytest.mark.parametrize(
    "value", [True, None, [], {}, "", "soon", "5 5 s", "1 m s", "0x10 s", "nan s", "inf s", "1__0 s"]
)
def test_what_is_no_quantity_is_refused(value: object, suffix: str) -> None:
    with pytest.raises(UsageError, match="write it like"):
        quantity(value, suffix)


@given(text=junk)
def test_no_text_without_a_digit_is_a_quantity(text: str) -> None:
    with pytest.raises(UsageError):
        any_quantity(text)


@pytest.mark.parametrize("text", ["1e999", "-1e999", "1e999 s", "1e308 h"])
def test_a_number_too_large_to_hold_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is too large"):
        any_quantity(text)


def test_an_unknown_unit_of_whatever_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'parsec' is no unit; known: .*\bmin\b"):
        any_quantity("3 parsec")


@pytest.mark.parametrize("suffix", sorted(UNITS))
def test_the_example_in_a_refusal_is_itself_a_quantity(suffix: str) -> None:
    with pytest.raises(UsageError) as refusal:
        quantity("1", suffix)
    quantity(refusal.value.problem.split('"')[1], suffix)


@pytest.mark.parametrize(("name", "suffix"), [("hold_s", "_s"), ("bus_v", "_v"), ("shunt_ohm", "_ohm"), ("pins", "")])
def test_a_fields_name_says_its_unit(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix
