"""
Golden files: what each report of each example run looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "fixtures" / "reports"


def pytest_addoption(parser: pytest.Parser) -> None:
    """
    Adds `--golden`, which writes the golden files anew instead of comparing with them.
    """
    parser.addoption("--golden", action="store_true", help="write the golden reports anew")


@pytest.fixture
def is_golden(request: pytest.FixtureRequest) -> Callable[[str, str], bool]:
    """
    Whether a text is what the golden file of that name holds.
    """

    def check(text: str, name: str) -> bool:
        path = GOLDEN / name
        if request.config.getoption("--golden", default=False):
            path.write_text(text, encoding="utf-8")
        return path.read_text(encoding="utf-8") == text

    return check
