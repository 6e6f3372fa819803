"""
When the steady state was lost and when it came back, from the answers of several probes.

A probe's change of mind lies between the question before it and the answer that shows it: the DUT was still as it had
been at some moment after the last such answer was *asked* for, and had changed when the first other one *arrived*.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model.instant import Instant


@dataclass(slots=True)
class Seen:
    """
    What one probe has said so far (nanoseconds); every answer is kept as (asked, answered, good).
    """

    name: str
    is_good: bool | None = None
    good_asked_ns: int | None = None
    bad_asked_ns: int | None = None
    good_since_ns: int = 0
    good_answered_ns: int = 0
    answers: list[tuple[int, int, bool]] = field(default_factory=list)


class Steadiness:
    """
    The steady state as several probes show it. It is a book, not a task: `note` every answer, read off the instants.
    """

    def __init__(self, names: list[str]) -> None:
        self.probes = {name: Seen(name) for name in names}
        self._unwell = len(names)
        self.lost: Instant | None = None
        self.regained: Instant | None = None
        self._armed = False

    def note(self, name: str, asked_ns: int, answered_ns: int, is_good: bool) -> bool:
        """
        Takes an answer; returns whether the probe changed its mind.
        """
        seen = self.probes[name]
        seen.answers.append((asked_ns, answered_ns, is_good))
        changed = seen.is_good is not is_good
        if is_good:
            if changed:
                seen.good_since_ns = answered_ns
                self._unwell -= 1
                if self._unwell == 0:
                    self.regained = self._back()
            seen.good_asked_ns, seen.good_answered_ns = asked_ns, answered_ns
        else:
            if seen.is_good:
                self._unwell += 1
            if self._armed and self.lost is None:
                self.lost = self._gone(answered_ns)
            self.regained = None
            seen.bad_asked_ns = asked_ns
        seen.is_good = is_good
        return changed

    def arm(self) -> None:
        """
        From here on a bad answer is a loss; what came before is forgotten, but for who is well.
        """
        self._armed, self.lost = True, None
        for seen in self.probes.values():
            del seen.answers[:-1]
            seen.bad_asked_ns = None

    @property
    def is_steady(self) -> bool:
        """
        Whether every probe's last answer was good.
        """
        return self._unwell == 0

    def unwell(self) -> list[str]:
        """
        The probes whose last answer was not good, or that never answered.
        """
        return [name for name, seen in self.probes.items() if not seen.is_good]

    def holds_at(self, at_ns: int) -> bool:
        """
        Whether every probe is well and has said so, in an answer that arrived at `at_ns` or later.
        """
        return self._unwell == 0 and all(seen.good_answered_ns >= at_ns for seen in self.probes.values())

    def requests(self, from_ns: int, to_ns: int) -> tuple[int, int]:
        """
        How many questions were asked in [from_ns, to_ns], and how many of those failed.
        """
        asked = [good for seen in self.probes.values() for at, _, good in seen.answers if from_ns <= at <= to_ns]
        return len(asked), asked.count(False)

    def gap_ns(self) -> int:
        """
        The longest stretch in which a loss could have gone unseen: from one question to the answer of the next.
        """
        gaps = [
            later[1] - earlier[0]
            for seen in self.probes.values()
            for earlier, later in zip(seen.answers, seen.answers[1:], strict=False)
        ]
        return max(gaps, default=0)

    def _gone(self, answered_ns: int) -> Instant:
        # Any probe's part may have been lost first, unseen since its own last good question.
        asked = [seen.good_asked_ns for seen in self.probes.values() if seen.good_asked_ns is not None]
        return Instant(min(asked, default=answered_ns), answered_ns)

    def _back(self) -> Instant | None:
        were_bad = [seen for seen in self.probes.values() if seen.bad_asked_ns is not None]
        if not were_bad:
            return None
        earliest = max(seen.bad_asked_ns or 0 for seen in were_bad)
        return Instant(earliest, max(seen.good_since_ns for seen in were_bad))
