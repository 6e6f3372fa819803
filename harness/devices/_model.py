"""
What the devices of virtual rigs share: the model of a DUT that they ask.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..errors import DeviceError
from ..model.link import LinkShape
from ..protocols import HttpAnswer, Wiring

T = TypeVar("T")


class Model(Protocol):
    """
    A DUT in virtual time.
    """

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """
        One HTTP request. Raises NoAnswer.
        """

    async def connect(self) -> None:
        """
        Connects and hangs up. Raises NoAnswer.
        """

    def samples(self, since_ns: int) -> list[tuple[int, HttpAnswer | None]]:
        """
        What it would have answered, from each moment on.
        """


class Way(Protocol):
    """
    A link in virtual time.
    """

    async def carried(self, question: Callable[[], Awaitable[T]]) -> T:
        """
        The answer to a question that is put over the link. Raises NoAnswer.
        """

    def shapes(self, since_ns: int) -> list[tuple[int, LinkShape]]:
        """
        How it was, from each moment on.
        """


class ModelDevice:
    """
    A device that asks the model directly: no sockets and no threads, so that time can be virtual.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `host` is the unit's name in the rig's world, `link` the link by which it is reached, if there is one.
        """

        host: str
        link: str = ""

    def __init__(self, name: str, config: Config, wiring: Wiring) -> None:
        self.name = name
        self._host = config.host
        self._wiring = wiring
        self._unit: Model | None = None
        self._by = config.link
        self._link: Way | None = None

    async def open(self) -> None:
        """
        Finds the unit, and the way to it. Raises UsageError when the rig's world has none of that name.
        """
        self._unit = self._wiring.unit(self._host)
        if self._by:
            self._link = self._wiring.link(self._by)

    async def aclose(self) -> None:
        """
        Lets go of the unit.
        """
        self._unit = None

    def samples(self, since_ns: int) -> list[tuple[int, HttpAnswer | None]]:
        """
        For truth: what the unit would have answered to GET /health, from each moment on (nanoseconds). Nothing comes by
        a link that is down.
        """
        answers = self._model.samples(since_ns)
        return answers if self._link is None else _by_link(answers, self._link.shapes(since_ns))

    def is_foretold(self, since_ns: int) -> bool:
        """
        For truth: whether `samples` say all. What is late or lost by chance on a link is not in them.
        """
        shapes = [] if self._link is None else self._link.shapes(since_ns)
        return not any(set(shape.asks) - {"down", "refuse"} for _, shape in shapes)

    def _asked(self, question: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        """
        What the unit answers, as it comes by the link. No coroutine of its own: hundreds of trials a second ask by it.
        """
        return question() if self._link is None else self._link.carried(question)

    @property
    def _model(self) -> Model:
        if self._unit is None:
            raise DeviceError(self.name, "is not open")
        return self._unit


def _by_link(
    answers: list[tuple[int, HttpAnswer | None]], shapes: list[tuple[int, LinkShape]]
) -> list[tuple[int, HttpAnswer | None]]:
    """
    Answers as they come by a link that is down at times.
    """
    moments = sorted({at_ns for at_ns, _ in (*answers, *shapes)})
    found = []
    for moment in moments:
        answer = next((value for at_ns, value in reversed(answers) if at_ns <= moment), answers[0][1])
        shape = next((value for at_ns, value in reversed(shapes) if at_ns <= moment), None)
        found.append((moment, None if shape is not None and shape.is_down else answer))
    return found
