"""
What else a reader should know of a run.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..model.run import Run
from ._text import sentence


def notes(run: Run) -> list[str]:
    """
    The run's own notes, what its trials warn of, and every effect that was seen before its cause, in sentences, each
    once.
    """
    # The engine's last event may say the same of an effect before its cause; a run that was killed has none.
    return [sentence(note) for note in dict.fromkeys([*run.notes, *_warnings(run), *_acausal(run)])]


def _warnings(run: Run) -> Iterator[str]:
    for trial in run.trials:
        for warning in trial.warnings():
            yield f"trial {trial.index}: {warning}"


def _acausal(run: Run) -> Iterator[str]:
    for trial in run.trials:
        for name, span in trial.durations().items():
            if span is not None and span.is_acausal:
                yield f"trial {trial.index}: {name} is negative ({span}): an effect was seen before its cause"
