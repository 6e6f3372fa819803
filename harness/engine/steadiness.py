"""
When the steady state was lost and when it came back, from the answers of several probes.

A probe's change of mind lies between the question before it and the answer that shows it: the DUT was still as it had
been at some moment after the last such answer was *asked* for, and had changed when the first other one *arrived*.

What falls and rises again between two questions of a probe is not seen by it. While things are done to the DUT the
probes that did not show it unwell themselves are therefore believed only by what they were asked since one of them did,
and while they are done again and again none is; once it is left in peace, whoever is well stays so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..model.instant import Instant


@dataclass(slots=True)
class Seen:
    """
    What one probe has said so far (nanoseconds); every answer is kept as (asked, answered, good).

    `counts`: whether the DUT is ready only when this probe is well, too.
    """

    name: str
    counts: bool
    is_good: bool | None = None
    good_asked_ns: int | None = None
    bad_asked_ns: int | None = None
    answers: list[tuple[int, int, bool]] = field(default_factory=list)


class Steadiness:
    """
    The steady state as several probes show it. It is a book, not a task: `note` every answer, read off the instants.

    `lost` is when the first of all probes became unwell, `regained` when the last of those that make the DUT ready (by
    default all) became well again, to stay so until now.
    """

    def __init__(self, names: Iterable[str], ready: Iterable[str] | None = None) -> None:
        names = list(names)
        needed = set(names if ready is None else ready)
        self.probes = {name: Seen(name, name in needed) for name in names}
        self._needed = [seen for seen in self.probes.values() if seen.counts]
        self._unwell = len(names)
        self._unready = len(self._needed)
        self.lost: Instant | None = None
        self.regained: Instant | None = None
        self._armed = False
        self._chatter_ns = 0
        self._struck_ns: int | None = None
        self._in_effect_ns: int | None = None
        self._freed_ns: int | None = None

    def note(self, name: str, asked_ns: int, answered_ns: int, is_good: bool) -> bool:
        """
        Takes an answer; returns whether the probe changed its mind.
        """
        seen = self.probes[name]
        seen.answers.append((asked_ns, answered_ns, is_good))
        changed = seen.is_good is not is_good
        if changed and (is_good or seen.is_good):
            step = -1 if is_good else 1
            self._unwell += step
            self._unready += step * seen.counts
        if is_good:
            seen.good_asked_ns = asked_ns
        else:
            seen.bad_asked_ns = asked_ns
            if self._armed and self.lost is None:
                self.lost = self._gone(asked_ns, answered_ns)
            if seen.counts:
                self.regained = None
        seen.is_good = is_good
        if self.regained is None and self._unready == 0 and self.lost is not None:
            self.regained = self._back(self.lost, answered_ns)
        return changed

    def arm(self) -> None:
        """
        From here on a bad answer is a loss; what came before is forgotten, but for who is well.
        """
        self._armed, self.lost, self.regained = True, None, None
        for seen in self.probes.values():
            del seen.answers[:-1]
            seen.bad_asked_ns = None

    def struck(self, since_ns: int, *, chatter_ns: int = 0, repeatedly: bool = False) -> None:
        """
        A fault begins, by a contact that may chatter for so long: somebody may still be well in between.

        Of one that strikes `repeatedly` whichever stroke is seen to take effect, one before may have done so unseen.
        """
        self._chatter_ns = max(self._chatter_ns, chatter_ns)
        if repeatedly:
            self._struck_ns = since_ns if self._struck_ns is None else min(self._struck_ns, since_ns)

    def in_effect(self, since_ns: int) -> None:
        """
        Every fault is in effect, and was shown to be.
        """
        self._in_effect_ns = since_ns

    def freed(self, commanded: Instant, gone: Instant) -> None:
        """
        Every fault is gone, and was shown to be. Who came back in between may have gone again until then.
        """
        self._freed_ns = gone.latest_ns
        if self.regained is not None and self.regained.latest_ns >= commanded.earliest_ns:
            self.regained = self.regained.hull(Instant.exactly(gone.latest_ns))

    @property
    def is_steady(self) -> bool:
        """
        Whether every probe's last answer was good.
        """
        return self._unwell == 0

    @property
    def is_ready(self) -> bool:
        """
        Whether the last answer was good of every probe that makes the DUT ready.
        """
        return self._unready == 0

    def unwell(self) -> list[str]:
        """
        The probes whose last answer was not good, or that never answered.
        """
        return [name for name, seen in self.probes.items() if not seen.is_good]

    def unready(self) -> list[str]:
        """
        Those of them that keep the DUT from being ready.
        """
        return [seen.name for seen in self._needed if not seen.is_good]

    def holds_at(self, at_ns: int) -> bool:
        """
        Whether every probe that counts is well, and said so when it was asked at `at_ns` or later.
        """
        return self._unready == 0 and all((seen.good_asked_ns or 0) >= at_ns for seen in self._needed)

    def last_bad_ns(self) -> int | None:
        """
        When the last question was asked that shows the DUT not ready; it had not become so before.
        """
        return max((seen.bad_asked_ns for seen in self._needed if seen.bad_asked_ns is not None), default=None)

    def requests(self, from_ns: int, to_ns: int) -> tuple[int, int]:
        """
        How many questions were asked in [from_ns, to_ns], and how many of those failed.
        """
        asked = [good for seen in self.probes.values() for at, _, good in seen.answers if from_ns <= at <= to_ns]
        return len(asked), asked.count(False)

    def gap_ns(self) -> int:
        """
        The longest stretch in which a loss could have gone unseen: from a good question to the answer of the next one.
        """
        gaps = [
            later[1] - earlier[0]
            for seen in self.probes.values()
            for earlier, later in zip(seen.answers, seen.answers[1:], strict=False)
            if earlier[2] and later[2]
        ]
        return max(gaps, default=0)

    def _gone(self, asked_ns: int, answered_ns: int) -> Instant:
        # Any probe's part may have been lost first, unseen since the last good question before this bad one.
        good = [_last_good_ns(seen.answers, asked_ns) for seen in self.probes.values()]
        if self._struck_ns is not None:
            good.append(self._struck_ns)
        earliest_ns = min((ns for ns in good if ns is not None), default=asked_ns)
        return Instant(earliest_ns - self._chatter_ns, answered_ns)

    def _back(self, lost: Instant, answered_ns: int) -> Instant | None:
        since_ns = self._believed_since_ns()
        if since_ns is None or not all(self._is_believed(seen, since_ns) for seen in self._needed):
            return None
        last_bad_ns = self.last_bad_ns()
        earliest_ns = lost.earliest_ns if last_bad_ns is None else last_bad_ns
        return Instant(earliest_ns, max(answered_ns, self._freed_ns or answered_ns))

    def _is_believed(self, seen: Seen, since_ns: int) -> bool:
        """
        Whether a probe that is well has felt the fault, or was asked late enough to show that it did not.
        """
        has_felt = self._struck_ns is None and (seen.bad_asked_ns or 0) >= (self._in_effect_ns or since_ns)
        return has_felt or (seen.good_asked_ns or 0) >= since_ns

    def _believed_since_ns(self) -> int | None:
        if self._in_effect_ns is None or self._struck_ns is not None:
            return self._freed_ns
        last_bad_ns = max(self._in_effect_ns, *(seen.bad_asked_ns or 0 for seen in self.probes.values()))
        return last_bad_ns if self._freed_ns is None else min(last_bad_ns, self._freed_ns)


def _last_good_ns(answers: list[tuple[int, int, bool]], before_ns: int) -> int | None:
    return next((asked for asked, _, is_good in reversed(answers) if is_good and asked <= before_ns), None)
