"""
One line of a GPIO chip, as a gpiozero pin.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gpiozero.exc import PinFixedPull, PinInvalidFunction, PinInvalidPull, PinSetInput
from gpiozero.pins.pi import PiPin

from ..clock import NS_PER_S
from ..errors import DeviceError

# Bits of lgpio's gpio_get_mode, by its documentation.
_KERNEL_OUTPUT = 1 << 1
_US_PER_S = 1_000_000


class Line(PiPin):  # type: ignore[misc]
    """
    A line that nothing touches before it is given a direction.

    Raises DeviceError when the kernel refuses, naming who holds a busy line.
    """

    def __init__(self, factory: Any, info: Any) -> None:
        super().__init__(factory, info)
        self._lg = factory.lgpio
        self._claimed = False
        self._pull = "floating"
        self._bounce_s: float | None = None
        self._edges = "both"
        self._callback: Any = None

    def output_with_state(self, state: bool) -> None:
        """
        Becomes an output at that level. Level and direction are one request, so the line never shows another level.

        It is pulled there too, where the chip can: let go by a kernel that makes an input of it, it stays where it was
        when it was taken, which for a relay is its safe level.
        """
        self._stop()
        pull = self._lg.SET_PULL_UP if state else self._lg.SET_PULL_DOWN
        with self._asking("as an output"):
            self._lg.gpio_claim_output(self._chip, self._number, int(state), pull)
        self._claimed = True

    def close(self) -> None:
        """
        Frees the line as it is; what becomes of its level is the kernel's affair.
        """
        self.when_changed = None
        if self._claimed and self._chip is not None:
            self._claimed = False
            self._lg.gpio_free(self._chip, self._number)

    @property
    def _chip(self) -> Any:
        return self._factory.handle

    @property
    def _pull_flag(self) -> int:
        flags = {"up": self._lg.SET_PULL_UP, "down": self._lg.SET_PULL_DOWN, "floating": self._lg.SET_PULL_NONE}
        return int(flags[self._pull])

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._lg.error as error:
            raise DeviceError(f"pin {self._number}", f"cannot be had {what}: {error.value}{self._holder()}") from error

    def _holder(self) -> str:
        """
        Who holds the line, as far as the kernel says.
        """
        if self._claimed:
            return ""
        try:
            _, _, _, _, consumer = self._lg.gpio_get_line_info(self._chip, self._number)
        except self._lg.error:
            return ""
        return f"; it is held by '{consumer}'" if consumer else ""

    def _get_function(self) -> str:
        with self._asking("to be looked at"):
            mode = self._lg.gpio_get_mode(self._chip, self._number)
        return "output" if mode & _KERNEL_OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value == "output":
            self.output_with_state(False)
        elif value == "input":
            self._stop()
            self._claim_input()
        else:
            raise PinInvalidFunction(f"a line is an input or an output, not '{value}'")

    def _claim_input(self) -> None:
        with self._asking("as an input"):
            self._lg.gpio_claim_input(self._chip, self._number, self._pull_flag)
        self._claimed = True

    def _get_state(self) -> bool:
        with self._asking("to be read"):
            return bool(self._lg.gpio_read(self._chip, self._number))

    def _set_state(self, value: bool) -> None:
        if self._get_function() != "output":
            raise PinSetInput(f"cannot set state of pin {self!r}")
        with self._asking("to be written"):
            self._lg.gpio_write(self._chip, self._number, int(value))

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        if self._get_function() != "input":
            raise PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        if value not in ("up", "down", "floating"):
            raise PinInvalidPull(f"invalid pull '{value}' for pin {self!r}")
        self._pull = value
        if self._claimed:
            # A second claim does not change a line's pull: it must be freed first.
            self._lg.gpio_free(self._chip, self._number)
        self._claim_input()

    def _get_bounce(self) -> float | None:
        return self._bounce_s

    def _set_bounce(self, value: float | None) -> None:
        with self._asking("with a debounce time"):
            self._lg.gpio_set_debounce_micros(self._chip, self._number, round((value or 0) * _US_PER_S))
        self._bounce_s = value

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        listener = self.when_changed
        self.when_changed = None
        self._edges = value
        self.when_changed = listener

    def _enable_event_detect(self) -> None:
        edges = {"both": self._lg.BOTH_EDGES, "rising": self._lg.RISING_EDGE, "falling": self._lg.FALLING_EDGE}
        if self._edges in edges:
            with self._asking("to be watched"):
                self._lg.gpio_claim_alert(self._chip, self._number, edges[self._edges], self._pull_flag)
            self._callback = self._lg.callback(self._chip, self._number, edges[self._edges], self._changed)

    def _disable_event_detect(self) -> None:
        if self._callback is not None:
            self._stop()
            self._claim_input()

    def _stop(self) -> None:
        if self._callback is not None:
            self._callback.cancel()
            self._callback = None

    def _changed(self, chip: int, line: int, level: int, tick_ns: int) -> None:
        # lgpio stamps edges with CLOCK_MONOTONIC, as the bench clock.
        self._call_when_changed(tick_ns / NS_PER_S, level)
