"""
The JSON that a script reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from harness.model.codec import public
from harness.reports.json_record import JsonRecord
from tests.reports import examples


@pytest.mark.parametrize("name", examples.ALL)
def test_it_is_the_golden_json(name: str, is_golden: Callable[[str, str], bool]) -> None:
    assert is_golden(JsonRecord.render(examples.ALL[name]), f"{name}.json")


@pytest.mark.parametrize("name", examples.ALL)
def test_it_is_the_public_json_of_the_run(name: str) -> None:
    assert json.loads(JsonRecord.render(examples.ALL[name])) == public(examples.ALL[name])
