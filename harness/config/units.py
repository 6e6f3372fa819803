"""
Quantities as people write them (`"250 ms"`, `"12 V"`, `"10 %"`) to plain numbers in the unit of a field's name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction

from ..errors import UsageError

# The ending of a field's name to the units it takes, each with its size in the field's own unit.
UNITS: Mapping[str, Mapping[str, float]] = {
    "_s": {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86_400},
    "_v": {"µV": 1e-6, "uV": 1e-6, "mV": 1e-3, "V": 1, "kV": 1e3},
    "_a": {"µA": 1e-6, "uA": 1e-6, "mA": 1e-3, "A": 1},
    "_w": {"mW": 1e-3, "W": 1},
    "_j": {"mJ": 1e-3, "J": 1, "kJ": 1e3},
    "_ohm": {"mohm": 1e-3, "mΩ": 1e-3, "ohm": 1, "Ω": 1, "kohm": 1e3, "kΩ": 1e3},
    "_hz": {"Hz": 1, "kHz": 1e3, "MHz": 1e6},
    "_bps": {"bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9},
    "_ratio": {"%": 0.01, "ppm": 1e-6},
}

_EXAMPLES = {
    "_s": "250 ms",
    "_v": "5 V",
    "_a": "500 mA",
    "_w": "2 W",
    "_j": "40 J",
    "_ohm": "100 mohm",
    "_hz": "100 Hz",
    "_bps": "256 kbit/s",
}
_QUANTITY = re.compile(r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s]*)\s*")


def suffix_of(name: str) -> str:
    """
    The unit ending of a field's name, or an empty string.

    >>> suffix_of("hold_s")
    '_s'
    """
    return next((suffix for suffix in UNITS if name.endswith(suffix)), "")


def quantity(text: object, suffix: str) -> float:
    """
    A quantity in the unit that `suffix` stands for.

    >>> quantity("250 ms", "_s")
    0.25

    Raises UsageError for a number without a unit, or a unit of another kind.
    """
    units = UNITS[suffix]
    example = _EXAMPLES.get(suffix, "10 %")
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        raise UsageError(f'{text} has no unit; write it like "{example}"')
    match = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise UsageError(f'{text!r} is not a quantity; write it like "{example}"')
    number, unit = match.groups()
    if unit not in units:
        shown = f"'{unit}' is the wrong unit" if unit else f"'{text}' has no unit"
        raise UsageError(f'{shown}; use one of {", ".join(units)}, like "{example}"')
    # Divided where that is exact: 250 ms is 0.25, not 0.25 and a bit.
    size = units[unit]
    return _finite(float(number) / round(1 / size) if size < 1 else float(number) * size, number)


def steps(first: object, last: object, step: object) -> list[str | int]:
    """
    Every quantity from `first` to `last`, both included, in the unit of `first`; whole numbers without one.

    >>> steps("0.2 ms", "500 us", "100 us")
    ['0.2 ms', '0.3 ms', '0.4 ms', '0.5 ms']
    >>> steps(3, 1, 1)
    [3, 2, 1]

    Raises UsageError when `last` is no whole number of steps away.
    """
    (start, unit), (end, last_unit), (by, step_unit) = _exact(first), _exact(last), _exact(step)
    if len({_kind(unit), _kind(last_unit), _kind(step_unit)}) > 1:
        raise UsageError('from, to and step must be of one kind, like "10 ms"')
    if by <= 0:
        raise UsageError("step must be more than 0")
    count = abs(end - start) / by
    if count.denominator != 1:
        raise UsageError(f"from {first} to {last} is no whole number of steps of {step}")
    by = by if end >= start else -by
    values = [(start + index * by) / _size(unit) for index in range(int(count) + 1)]
    return [f"{float(value):.12g} {unit}" if unit else int(value) for value in values]


def _exact(text: object) -> tuple[Fraction, str]:
    """
    A quantity in its kind's own unit, without rounding, and the unit that it was written in.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return Fraction(text), ""
    match = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if match is None or not match[2]:
        raise UsageError(f'{text!r} is neither a quantity like "10 ms" nor a whole number')
    return Fraction(match[1]) * _size(match[2]), match[2]


def _kind(unit: str) -> str:
    if not unit:
        return ""
    for suffix, units in UNITS.items():
        if unit in units:
            return suffix
    raise UsageError(f"'{unit}' is no unit")


def _size(unit: str) -> Fraction:
    return Fraction(str(UNITS[_kind(unit)][unit])) if unit else Fraction(1)


def any_quantity(text: str) -> float:
    """
    A quantity of whatever kind, or a bare number, in the kind's own unit.

    >>> any_quantity("5 min")
    300.0

    Raises UsageError.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UsageError(f"'{text}' is not a number")
    if not match[2]:
        return _finite(float(match[1]), text)
    for suffix, units in UNITS.items():
        if match[2] in units:
            return quantity(text, suffix)
    known = sorted({unit for units in UNITS.values() for unit in units})
    raise UsageError(f"'{match[2]}' is no unit; known: {', '.join(known)}")


def _finite(value: float, text: str) -> float:
    if math.isinf(value):
        raise UsageError(f"{text} is too large")
    return value
