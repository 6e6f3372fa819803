"""
A value that changes in steps: its history, and what is already known of its future.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Generic, TypeVar

T = TypeVar("T")


class Steps(Generic[T]):
    """
    A piecewise constant value on the bench clock; each step holds from its moment (nanoseconds) to the next one.
    """

    __slots__ = ("_at", "_values")

    def __init__(self, at_ns: int, value: T) -> None:
        self._at = [at_ns]
        self._values = [value]

    def at(self, at_ns: int) -> T:
        """
        The value at that moment; before the first step that is remembered, that step's.
        """
        if at_ns >= self._at[-1]:
            return self._values[-1]
        return self._values[max(0, bisect_right(self._at, at_ns) - 1)]

    def set(self, at_ns: int, value: T) -> None:
        """
        Steps to `value`; whatever was known from `at_ns` on is known no more.
        """
        self.cut(at_ns)
        self._at.append(at_ns)
        self._values.append(value)

    def cut(self, at_ns: int) -> None:
        """
        Drops every step from `at_ns` on.
        """
        while self._at and self._at[-1] >= at_ns:
            self._at.pop()
            self._values.pop()

    def between(self, from_ns: int, to_ns: int) -> list[tuple[int, T]]:
        """
        The step in effect at `from_ns` and each one after it, up to and with `to_ns`.
        """
        first = max(0, bisect_right(self._at, from_ns) - 1)
        last = bisect_right(self._at, to_ns)
        return list(zip(self._at[first:last], self._values[first:last], strict=True))

    def forget(self, before_ns: int) -> None:
        """
        Drops the steps that ended before `before_ns`.
        """
        first = bisect_right(self._at, before_ns) - 1
        if first > 0:
            del self._at[:first], self._values[:first]


class Amperes(Steps[float]):
    """
    A current that changes in steps.
    """

    __slots__ = ()

    def charge(self, from_ns: int, to_ns: int) -> float:
        """
        What flowed between two moments, in ampere-nanoseconds.
        """
        if from_ns >= self._at[-1]:
            return self._values[-1] * (to_ns - from_ns)
        flowed = 0.0
        for at_ns, amperes in reversed(self.between(from_ns, to_ns)):
            start_ns = max(at_ns, from_ns)
            flowed += amperes * (to_ns - start_ns)
            to_ns = start_ns
        # Only before the first step that is remembered is anything left of the stretch by now.
        return flowed + self._values[0] * (to_ns - from_ns)
