"""
Figures as JSON, for a page to carry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_json(figures: Mapping[str, Any]) -> str:
    """
    Figures by name as the JSON that plotly's script draws; nothing in it can end the element that carries it.
    """
    plain = {name: figure.to_plotly_json() for name, figure in figures.items()}
    encoded = json.dumps(plain, separators=(",", ":"), allow_nan=False)
    return encoded.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
