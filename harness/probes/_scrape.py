"""
Prometheus text as samples, and what a drill file calls one or several of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from ..errors import UsageError

Labels = frozenset[tuple[str, str]]

_SELECTOR = re.compile(r'\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{((?:\s*\w+\s*=\s*"[^"]*"\s*,?)*)\})?\s*')
_LABEL = re.compile(r'(\w+)\s*=\s*"([^"]*)"')


class Sample(NamedTuple):
    """
    One sample of a scrape.
    """

    name: str
    labels: Labels
    value: float


class Scrape(NamedTuple):
    """
    What one scrape said, between its being asked for and its coming (nanoseconds).
    """

    asked_ns: int
    answered_ns: int
    samples: tuple[Sample, ...]


def samples_of(text: str) -> tuple[Sample, ...]:
    """
    The samples in Prometheus text. Raises ValueError for what is none.
    """
    found = []
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.append(Sample(sample.name, frozenset(sample.labels.items()), float(sample.value)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Selector:
    """
    The samples of one metric that have some labels.
    """

    name: str
    labels: Labels

    @classmethod
    def of(cls, text: str) -> Selector:
        """
        A metric as people write it, like `edge_node_worker_up{worker="sync"}`. Raises UsageError.
        """
        match = _SELECTOR.fullmatch(text)
        if match is None:
            raise UsageError(f"""'{text}' is no metric; write it like requests_total or up{{job="edge"}}""")
        return cls(match[1], frozenset(_LABEL.findall(match[2] or "")))

    def among(self, samples: Iterable[Sample]) -> Mapping[Labels, float]:
        """
        The values of the samples that it selects, by all their labels.
        """
        return {one.labels: one.value for one in samples if one.name == self.name and self.labels <= one.labels}
