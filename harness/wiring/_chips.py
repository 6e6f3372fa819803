"""
GPIO chips as the kernel names them: their nodes, and their labels.
"""

from __future__ import annotations

import fcntl
import re
import struct
from collections.abc import Callable
from pathlib import Path

from ..errors import DeviceError, nearest
from ._nodes import DEV, missing, numbers

LabelOf = Callable[[Path], str]
"""Reads the label of the chip behind a node. Raises OSError."""

_CURE = "no GPIO chip is there at all: this machine has none, or its driver is not loaded"

# GPIO_GET_CHIPINFO_IOCTL and struct gpiochip_info of linux/gpio.h: name, label, lines.
_GET_CHIPINFO = 0x8044B401
_INFO = struct.Struct("32s32sI")


def label_of(node: Path) -> str:
    """
    Asks the kernel; takes microseconds, where opening a chip through lgpio and closing it takes a tenth of a second.
    """
    with node.open("rb", buffering=0) as chip:
        told = fcntl.ioctl(chip, _GET_CHIPINFO, bytes(_INFO.size))
    _, label, _ = _INFO.unpack(told)
    return str(label.rstrip(b"\0").decode("utf-8", "replace"))


def node_of(chip: int | str | None, dev: Path = DEV, label_of: LabelOf = label_of) -> Path:
    """
    The `gpiochipN` that a number, a path or a label means, or None where there is only one. Raises DeviceError.
    """
    there = numbers(dev, "gpiochip")
    if chip is None:
        if len(there) != 1:
            names = ", ".join(f"{dev}/gpiochip{number}" for number in there)
            raise DeviceError("gpiochip", f"give one as gpio.chip: {names}" if there else _CURE)
        return dev / f"gpiochip{there[0]}"
    name = f"gpiochip{chip}" if str(chip).isdecimal() else str(chip)
    if "/" not in name and not re.fullmatch(r"gpiochip\d+", name):
        return labelled((name,), dev, label_of)
    path = dev / name
    match = re.fullmatch(r"gpiochip\d+", path.resolve().name)
    if not path.exists() or match is None:
        raise DeviceError("gpiochip", missing(path, "gpiochip", _CURE))
    return dev / match[0]


def labelled(labels: tuple[str, ...], dev: Path = DEV, label_of: LabelOf = label_of) -> Path:
    """
    The first node whose chip has one of these labels. Raises DeviceError, naming the label nearest to the first.
    """
    found: dict[str, Path] = {}
    for number in numbers(dev, "gpiochip"):
        node = dev / f"gpiochip{number}"
        try:
            found.setdefault(label_of(node), node)
        except OSError as error:
            raise DeviceError(str(node), cannot_be_opened(error.strerror)) from error
    for label in labels:
        if label in found:
            return found[label]
    hint = nearest(labels[0], found) if found else _CURE
    raise DeviceError("gpiochip", f"there is no GPIO chip with the label '{labels[0]}'; {hint}")


def cannot_be_opened(why: object) -> str:
    """
    What to say of a chip that is there.
    """
    return f"cannot be opened: {why}; may this user read and write it (often by the group `gpio`)?"
