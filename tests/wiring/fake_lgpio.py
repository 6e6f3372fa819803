"""
A module shaped like lgpio, for a kernel with two GPIO chips that writes down what happens to its lines.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


class error(Exception):
    """
    lgpio's one exception; its text is its value.
    """

    def __init__(self, value: str) -> None:
        self.value = value
        super().__init__(value)


class FakeLgpio:
    """
    Lines that remember: direction and level as the kernel would have set them, in order.
    """

    error = error
    SET_PULL_UP, SET_PULL_DOWN, SET_PULL_NONE = 32, 64, 128
    RISING_EDGE, FALLING_EDGE, BOTH_EDGES = 1, 2, 3

    def __init__(self, labels: tuple[str, ...] = ("pinctrl-rp1", "brcmvirt-gpio"), lines: int = 54) -> None:
        self._labels, self._lines = labels, lines
        self.open: list[int] = []
        self.done: list[tuple[Any, ...]] = []
        self.outputs: dict[int, int] = {}
        self.pulls: dict[int, int] = {}
        self.claimed: set[int] = set()
        self.held_by_others: dict[int, str] = {}
        self.listeners: dict[int, Callable[..., None]] = {}
        self.refuses_to_open = False

    def gpiochip_open(self, chip: int) -> int:
        if self.refuses_to_open:
            raise error("can not open gpiochip")
        self.open.append(chip)
        return chip << 16

    def gpiochip_close(self, handle: int) -> None:
        self.open.remove(handle >> 16)

    def gpio_get_chip_info(self, handle: int) -> list[Any]:
        chip = handle >> 16
        return [0, self._lines, f"gpiochip{chip}", self._labels[chip]]

    def label_of(self, node: Path) -> str:
        """
        What the kernel itself says of a chip, without lgpio.
        """
        return self._labels[int(node.name.removeprefix("gpiochip"))]

    def gpio_get_line_info(self, handle: int, line: int) -> list[Any]:
        return [0, line, 0, f"GPIO{line}", self.held_by_others.get(line, "")]

    def gpio_get_mode(self, handle: int, line: int) -> int:
        return 2 if line in self.outputs else 0

    def gpio_claim_output(self, handle: int, line: int, level: int = 0, flags: int = 0) -> None:
        self._claim(line)
        self.outputs[line] = level
        self.pulls[line] = flags
        self.done.append(("output", line, level))

    def gpio_claim_input(self, handle: int, line: int, flags: int = 0) -> None:
        self._claim(line)
        self.outputs.pop(line, None)
        self.done.append(("input", line, flags))

    def gpio_claim_alert(self, handle: int, line: int, edges: int, flags: int = 0) -> None:
        self._claim(line)
        self.done.append(("alert", line, edges, flags))

    def gpio_free(self, handle: int, line: int) -> None:
        self.claimed.remove(line)
        self.done.append(("free", line))

    def gpio_read(self, handle: int, line: int) -> int:
        self._check(line)
        return self.outputs.get(line, 0)

    def gpio_write(self, handle: int, line: int, level: int) -> None:
        self._check(line)
        self.outputs[line] = level
        self.done.append(("write", line, level))

    def gpio_set_debounce_micros(self, handle: int, line: int, micros: int) -> None:
        self.done.append(("debounce", line, micros))

    def callback(self, handle: int, line: int, edges: int, listener: Callable[..., None]) -> Any:
        self.listeners[line] = listener
        fake = self

        class Callback:
            def cancel(self) -> None:
                del fake.listeners[line]

        return Callback()

    def _claim(self, line: int) -> None:
        if line in self.held_by_others:
            raise error("GPIO busy")
        self.claimed.add(line)

    def _check(self, line: int) -> None:
        if line not in self.claimed:
            raise error("GPIO not allocated")


def chips(folder: Path, count: int = 2) -> Path:
    """
    A folder with the chips' nodes, as /dev has them.
    """
    for number in range(count):
        (folder / f"gpiochip{number}").touch()
    return folder
