"""
An audit never leaves a DUT in the dark: whenever it is aborted, whatever fails, however.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engine.odometer import Odometer
from harness.errors import BenchError, RecordError, Unrestored
from tests.audit.audits import Counting, audited
from tests.benches import rig
from tests.failing import WAYS, FailsAt

pytestmark = pytest.mark.long

# An audit takes a while: the first stroke and a late one here, the others in the long form.
CALLS = [1, 13, *(pytest.param(nth, marks=pytest.mark.soak) for nth in (2, 3, 6, 26))]


@given(st.floats(0.0, 12.0), st.integers(1, 1000))
@settings(max_examples=6, deadline=None)
def test_an_audit_that_is_aborted_at_any_moment_leaves_the_dut_fed(at_s: float, seed: int) -> None:
    done = audited(rig(), seed, abort_at_s=at_s)
    assert done.error is None
    assert done.trouble in ("enough", "")
    assert done.is_fed
    assert done.pending.is_clean


@pytest.mark.parametrize("after", [0, 1, 7, 19, 27])
def test_a_switch_that_fails_ends_its_strokes_and_leaves_the_dut_fed(after: int) -> None:
    done = audited(rig(), wrap=Counting(fails_after=after))
    if after < 20:
        assert ("strokes", "mains") in done.wrong or "it was not struck" in done.of("strokes").measured
    assert done.is_fed
    assert done.pending.is_clean


def test_a_switch_that_never_feeds_again_is_cried_out_for() -> None:
    done = audited(rig(), wrap=Counting(sticks_after=2))
    assert isinstance(done.error, Unrestored) or done.trouble.startswith("UNRESTORED mains")
    assert not done.is_fed
    assert not done.pending.is_clean


def test_nothing_is_struck_that_cannot_be_written_down(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_text("")
    offs = Counting()
    done = audited(rig(), odometer=Odometer(folder / "strokes.log"), wrap=offs)
    assert isinstance(done.error, RecordError) or "cannot be written" in done.of("strokes").measured
    assert offs.count == 0
    assert done.is_fed


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("nth", CALLS)
@pytest.mark.parametrize("for_good", [False, True])
def test_whichever_stroke_fails_however_the_dut_is_fed_or_cried_out_for(nth: int, way: str, for_good: bool) -> None:
    failing = FailsAt(nth, way, for_good=for_good, calls=("on", "off", "make_safe", "undo"))
    done = audited(rig(), wrap=failing)
    assert failing.was_reached
    assert done.error is None or isinstance(done.error, BenchError)
    if done.is_fed:
        assert done.pending.is_clean or done.trouble.startswith("UNRESTORED mains")
    else:
        assert done.trouble.startswith("UNRESTORED mains")
        assert not done.pending.is_clean
