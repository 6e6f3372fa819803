"""
The DUT's own metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .. import clock
from ..errors import UsageError
from ..model.drill import ProbeSpec
from ..model.quantity import Quantity
from ..protocols import HttpAnswer, HttpService, NoAnswer, Roles
from ._derived import Derived, Deriving
from ._scrape import Sample, Scrape, Selector, samples_of
from ._series import total

# By the convention of Prometheus's client libraries: another one says that it is another process.
_STARTED = Selector.of("process_start_time_seconds")


class Metric:
    """
    Scrapes the DUT's metrics (Prometheus text), and measures with them what criteria may name, from the moment that the
    steady state was met. Well is a scrape whose values are within their bounds.
    """

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """
        `values` are what is measured. `uptime` is a metric that falls when the DUT was restarted, and its counters with
        it, where it has no `process_start_time_seconds`; any counter that falls says so for itself.
        """

        path: str = "/metrics"
        values: tuple[Derived, ...] = ()
        uptime: str = ""

        def __post_init__(self) -> None:
            if self.uptime:
                Selector.of(self.uptime)
            names = [value.name for value in self.values]
            for index, name in enumerate(names):
                if name in names[:index]:
                    raise UsageError(
                        f"'{name}' is measured twice; give one of them another name", key=f"values.{index}"
                    )

        @property
        def measures(self) -> Mapping[str, str]:
            """
            The names that criteria may use, with the endings of their units.
            """
            return {value.name: value.ending for value in self.values}

    measures: tuple[str, ...] = ()

    def __init__(self, spec: ProbeSpec, roles: Roles) -> None:
        assert isinstance(spec.config, Metric.Config)
        self._config = spec.config
        self._service = roles.get(spec.role, HttpService)
        # What it says in its metrics is in no simulated world's own book: only that it answers.
        self.has_truth = all(value.min is None and value.max is None for value in spec.config.values)
        self._uptime = Selector.of(spec.config.uptime) if spec.config.uptime else None
        self.arm()

    def arm(self) -> None:
        """
        The steady state is met: measuring begins.
        """
        self._values = [Deriving(value) for value in self._config.values]
        self._last_start: float | None = None
        self._last_up: float | None = None

    async def ask(self) -> bool:
        """
        Scrapes once. Raises NoAnswer.
        """
        asked_ns = clock.now_ns()
        answer = await self._service.request("GET", self._config.path)
        if answer.status != 200:
            return False
        try:
            samples = samples_of(answer.body.decode())
        except ValueError as error:
            raise NoAnswer(f"not Prometheus text: {error}") from error
        restarted = self._was_restarted(samples)
        for value in self._values:
            value.feed(Scrape(asked_ns, clock.now_ns(), samples), restarted=restarted)
        return all(value.is_well() for value in self._values)

    def accepts(self, sample: HttpAnswer | None) -> bool:
        """
        Whether an answer is well.
        """
        if sample is None or sample.status != 200:
            return False
        if self.has_truth:
            return True
        try:
            scrape = Scrape(0, 0, samples_of(sample.body.decode()))
        except ValueError:
            return False
        values = [Deriving(value) for value in self._config.values]
        for value in values:
            value.feed(scrape, restarted=False)
        return all(value.is_well() for value in values)

    def measured(self) -> dict[str, float]:
        """
        The values that are known exactly.
        """
        return {name: value for name, value in self._known() if not isinstance(value, Quantity)}

    def quantities(self) -> dict[str, Quantity]:
        """
        The values that are known within bounds.
        """
        return {name: value for name, value in self._known() if isinstance(value, Quantity)}

    def _known(self) -> list[tuple[str, float | Quantity]]:
        return [(one.spec.name, value) for one in self._values if (value := one.value()) is not None]

    def _was_restarted(self, samples: tuple[Sample, ...]) -> bool:
        started = total(_STARTED.among(samples))
        up_s = None if self._uptime is None else total(self._uptime.among(samples))
        is_another = self._last_start is not None and started is not None and started != self._last_start
        fell = self._last_up is not None and up_s is not None and up_s < self._last_up
        self._last_start, self._last_up = started or self._last_start, self._last_up if up_s is None else up_s
        return is_another or fell
