"""
What a share of something shows: so many of so many, and what that leaves room for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..science.binomial import lower_bound

_CONFIDENCE = 0.95

# A share is there when there is surely a quarter of it: that much is no accident of a link that is well.
_SURELY = 0.25


@dataclass(slots=True)
class Share:
    """
    How many of `asked` packets, connections or round trips were `struck`, of which `ratio` should be.
    """

    ratio: float
    asked: int = 0
    struck: int = 0

    def count(self, asked: int, struck: int) -> None:
        """
        So many more.
        """
        self.asked += asked
        self.struck += struck

    @property
    def is_shown(self) -> bool:
        """
        Whether it is there, at 95 %.
        """
        return self.asked > 0 and lower_bound(self.struck, self.asked, _CONFIDENCE) >= _SURELY * self.ratio

    @property
    def enough(self) -> int:
        """
        So many in a row without one that is struck would be an accident of one in twenty, if it were there.
        """
        return 1 if self.ratio >= 1 else math.ceil(math.log(1 - _CONFIDENCE) / math.log(1 - self.ratio))

    def __str__(self) -> str:
        least = lower_bound(self.struck, self.asked, _CONFIDENCE) if self.asked else 0.0
        share = 100 * self.struck / max(1, self.asked)
        return f"{self.struck} of {self.asked} ({share:.1f} %, at least {100 * least:.1f} % with 95 % confidence)"
