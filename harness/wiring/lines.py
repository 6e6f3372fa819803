"""
A gpiozero board whose lines are whatever numbers are asked for, because not every board is a Pi.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from gpiozero.pins import BoardInfo, HeaderInfo, PinInfo


class LineBoard(BoardInfo):  # type: ignore[misc]
    """
    A board that has every GPIO line. A line goes by its number, in digits, or as `GPIOn`.
    """

    __slots__ = ()

    @classmethod
    def named(cls, model: str) -> LineBoard:
        """
        A board that calls itself `model`; what else gpiozero would know of a Pi stays blank.
        """
        blank = dict.fromkeys(cls._fields, "")
        counts = dict.fromkeys(("memory", "usb", "usb3", "ethernet", "eth_speed", "csi", "dsi"), 0)
        flags = dict.fromkeys(("wifi", "bluetooth"), False)
        return cls(**{**blank, **counts, **flags, "model": model, "headers": {}})

    @property
    def description(self) -> str:
        """
        What the board is called.
        """
        return str(self.model)

    def find_pin(self, name: Any) -> Iterator[tuple[HeaderInfo, PinInfo]]:
        """
        The one pin of that name; none for a name that is no line's.
        """
        digits = str(name).upper().removeprefix("GPIO")
        if digits.isdecimal():
            yield _header(), _line(int(digits))


@cache
def _header() -> HeaderInfo:
    return HeaderInfo(name="GPIO", rows=0, columns=0, pins={})


@cache
def _line(number: int) -> PinInfo:
    names = frozenset({number, str(number), f"GPIO{number}"})
    return PinInfo(
        number=number,
        name=f"GPIO{number}",
        names=names,
        pull="",
        row=1,
        col=1,
        interfaces=frozenset({"gpio"}),
    )
