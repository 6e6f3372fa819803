"""
The names of environments, and which of them mean production.
"""

from __future__ import annotations

import difflib
import re
import unicodedata

PRODUCTION = "production"

_STEM = "prod"
_ALSO = ("prd", "live")
_SLIP_RATIO = 0.85


def folded(name: str) -> str:
    """
    A name as it is compared: without its capitals, and the blanks around it.

    >>> folded(" Staging\t")
    'staging'
    """
    return unicodedata.normalize("NFKC", name).strip().casefold()


def is_production(name: str) -> bool:
    """
    Whether a name means production, or may be meant to: with `prod` anywhere in it, `prd` or `live` as a word of it, or
    a slip of the pen. No name at all means it too.

    >>> [name for name in ("PROD", "eu-live-2", "podruction", "staging", "delivery") if is_production(name)]
    ['PROD', 'eu-live-2', 'podruction']
    """
    words = re.findall(r"[^\W\d_]+", folded(name))
    if not folded(name) or _STEM in "".join(words):
        return True
    return any(word in _ALSO or difflib.get_close_matches(word, (PRODUCTION,), 1, _SLIP_RATIO) for word in words)
