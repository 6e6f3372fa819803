"""
The odometer: never less than was struck, whatever becomes of its file, and no wall clock in it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.engine.odometer import Odometer
from harness.errors import RecordError

HOUR_S = 3600.0


def in_time(*steps: float | tuple[str, int] | tuple[str, int, str], path: Path) -> dict[str, int]:
    """
    Strokes of devices, each in an odometer of its own as a new process would have it, and waits (seconds) in between;
    what it shows of the last hour, by device. A third word names the boot.
    """
    found: dict[str, int] = {}

    async def main() -> None:
        for step in steps:
            if isinstance(step, float):
                await anyio.sleep(step)
                continue
            odometer = Odometer(path, step[2] if len(step) == 3 else "one boot")
            if step[1]:
                odometer.count(step[0], step[1])
            found[step[0]] = odometer.within_hour(step[0])

    clock.run(main, virtual=True)
    return found


def test_strokes_add_up_over_processes(tmp_path: Path) -> None:
    for strokes in (1, 3, 2):
        Odometer(tmp_path / "rig" / "log").count("mains", strokes)
    Odometer(tmp_path / "rig" / "log").count("heater")
    odometer = Odometer(tmp_path / "rig" / "log")
    assert (odometer.total("mains"), odometer.total("heater"), odometer.total("fan")) == (6, 1, 0)


def test_without_a_file_they_are_counted_as_long_as_it_lives() -> None:
    odometer = Odometer(None)
    odometer.count("mains", 2)
    odometer.count("mains")
    assert (odometer.total("mains"), odometer.within_hour("mains"), Odometer(None).total("mains")) == (3, 3, 0)


def test_the_last_hour_goes_over_processes_and_ends(tmp_path: Path) -> None:
    first, second = ("mains", 2), ("mains", 1)
    assert in_time(first, 1800.0, second, path=tmp_path / "a") == {"mains": 3}
    assert in_time(first, HOUR_S + 1, second, path=tmp_path / "b") == {"mains": 1}
    assert in_time(first, HOUR_S + 1, ("mains", 0), path=tmp_path / "c") == {"mains": 0}


def test_a_stroke_of_an_earlier_boot_is_as_young_as_it_can_be(tmp_path: Path) -> None:
    path = tmp_path / "log"
    in_time(10_000.0, ("mains", 1, "first"), 100.0, ("mains", 1, "first"), path=path)
    # The clock starts anew with the boot: how long it was off is not known, and taken for nothing.
    assert in_time(3400.0, ("mains", 0, "second"), path=path) == {"mains": 2}
    assert in_time(3550.0, ("mains", 0, "second"), path=path) == {"mains": 1}
    assert in_time(3601.0, ("mains", 0, "second"), path=path) == {"mains": 0}


def test_where_boots_have_no_name_a_clock_that_went_back_tells_them_apart(tmp_path: Path) -> None:
    path = tmp_path / "log"
    in_time(10_000.0, ("mains", 1, ""), path=path)
    assert in_time(100.0, ("mains", 1, ""), path=path) == {"mains": 2}
    assert in_time(3650.0, ("mains", 0, ""), path=path) == {"mains": 1}


@given(st.data())
def test_a_torn_file_loses_at_most_its_last_stroke(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("rig") / "log"
    for _ in range(4):
        Odometer(path).count("mains")
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    left = path.read_bytes()
    odometer = Odometer(path)
    # The line that is torn was of a stroke that has not been permitted.
    assert odometer.total("mains") == left.count(b"\n")
    odometer.count("mains")
    assert Odometer(path).total("mains") == left.count(b"\n") + 1
    assert Odometer(path).unreadable == (0 if not left or left.endswith(b"\n") else 1)


def test_a_lost_line_is_made_good_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for _ in range(3):
        Odometer(path).count("mains")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"rubbish\n" + lines[2])
    odometer = Odometer(path)
    assert (odometer.total("mains"), odometer.unreadable) == (3, 1)
    odometer.count("mains")
    assert (Odometer(path).total("mains"), Odometer(path).unreadable) == (4, 1)


def test_a_long_file_is_shortened_to_what_counts(tmp_path: Path) -> None:
    path = tmp_path / "log"

    async def main() -> None:
        odometer = Odometer(path, "boot")
        odometer.count("heater", 7)
        for _ in range(4200):
            odometer.count("mains")
            await anyio.sleep(60)
        Odometer(path, "boot").count("mains")

    fsync, os.fsync = os.fsync, lambda fd: None
    try:
        clock.run(main, virtual=True)
    finally:
        os.fsync = fsync
    assert len(path.read_bytes().splitlines()) < 70
    odometer = Odometer(path, "boot")
    assert (odometer.total("mains"), odometer.total("heater")) == (4201, 7)


def test_a_replaced_relay_begins_anew(tmp_path: Path) -> None:
    odometer = Odometer(tmp_path / "log")
    odometer.count("mains", 90)
    odometer.replaced("mains")
    odometer.count("mains")
    assert (odometer.total("mains"), odometer.within_hour("mains")) == (1, 1)
    again = Odometer(tmp_path / "log")
    assert (again.total("mains"), again.within_hour("mains")) == (1, 1)


def test_what_cannot_be_written_must_not_be_struck(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match=r"nothing may be struck|cannot be read"):
        Odometer(tmp_path / "file" / "log").count("mains")


STRIKER = """
import sys
from pathlib import Path
from harness.engine.odometer import Odometer
odometer = Odometer(Path(sys.argv[1]))
while True:
    odometer.count("mains")
    sys.stdout.write("x")
    sys.stdout.flush()
"""


@pytest.mark.lab
def test_no_stroke_is_lost_when_its_process_is_killed(tmp_path: Path) -> None:
    for _ in range(3):
        before = Odometer(tmp_path / "log").total("mains")
        command = [sys.executable, "-c", STRIKER, str(tmp_path / "log")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        struck = len(process.stdout.read(20))
        process.send_signal(signal.SIGKILL)
        struck += len(process.communicate()[0])
        # Counted before it is made: one at most was counted and not made.
        assert 0 <= Odometer(tmp_path / "log").total("mains") - before - struck <= 1
