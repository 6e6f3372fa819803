"""
The stream on the disk: what was flushed is there, wherever it was torn, and nothing else ever is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.model.trace import Sample, Scale
from harness.store.trace_about import STREAM, trace_path
from harness.store.trace_file import open_traces
from harness.store.trace_raw import Raw
from harness.store.trace_stream import Headless, StreamReader, StreamWriter
from tests.store.traced import ABOUT, SCALE, in_order, only, steady, told_of

Blocks = list[tuple[Scale, list[Sample]]]

volts = st.floats(1e-9, 1e3)
blocks = st.lists(st.tuples(st.builds(Scale, volts, volts), in_order(most=20)), min_size=1, max_size=4)
a_folder_each = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(path: Path, blocks: Blocks) -> list[int]:
    """
    Writes blocks, and returns how long the stream was after each, its head's length first.
    """
    writer = StreamWriter(path, ABOUT)
    writer.begin()
    sizes = [path.stat().st_size]
    for scale, samples in blocks:
        writer.append(scale, Raw(samples))
        sizes.append(path.stat().st_size)
    writer.close()
    return sizes


def read(path: Path) -> Blocks:
    return [
        (scale, [Sample(*row.values()) for row in batch.to_pylist()]) for scale, batch in StreamReader(path).blocks()
    ]


@given(blocks)
@a_folder_each
def test_what_was_written_is_read_to_the_last_bit(tmp_path: Path, blocks: Blocks) -> None:
    write(tmp_path / "stream", blocks)

    assert read(tmp_path / "stream") == blocks
    assert StreamReader(tmp_path / "stream").about == ABOUT


@pytest.mark.long
def test_a_stream_torn_at_any_byte_is_read_up_to_its_last_whole_block(tmp_path: Path) -> None:
    path, torn = tmp_path / "stream", tmp_path / "torn"
    written = [(SCALE, steady(5 * block, 5 * block + 5)) for block in range(2)]
    head, *ends = write(path, written)
    whole = path.read_bytes()

    for size in range(len(whole) + 1):
        torn.write_bytes(whole[:size])
        if size < head:
            with pytest.raises(Headless):
                read(torn)
        else:
            assert read(torn) == written[: sum(end <= size for end in ends)], size


@pytest.mark.parametrize("instead", [b"\0", b"\xff", None])
def test_no_byte_that_was_lost_becomes_a_sample(tmp_path: Path, instead: bytes | None) -> None:
    path, spoilt = tmp_path / "stream", tmp_path / "spoilt"
    written = [(SCALE, steady(0, 5)), (SCALE, steady(5, 10))]
    _, first, _ = write(path, written)
    whole = path.read_bytes()

    for at in range(first, len(whole)):
        byte = bytes([whole[at] ^ 0x10]) if instead is None else instead
        spoilt.write_bytes(whole[:at] + byte + whole[at + 1 :])
        assert read(spoilt) in (written, written[:1]), at


def test_a_tail_of_zeros_is_no_rail_without_voltage(tmp_path: Path) -> None:
    path = tmp_path / "stream"
    written = [(SCALE, steady(0, 50)), (SCALE, steady(50, 100))]
    _, first, second = write(path, written)
    os.truncate(path, second - 700)
    os.truncate(path, second + 4096)

    assert first < second - 700
    assert read(path) == written[:1]


def test_a_reader_follows_a_stream_that_grows(tmp_path: Path) -> None:
    path = trace_path(tmp_path, ABOUT.meter, STREAM)
    writer = StreamWriter(path, ABOUT)
    writer.begin()
    assert open_traces(tmp_path) == {}

    for block in range(3):
        writer.append(SCALE, Raw(steady(100 * block, 100 * block + 100)))
        assert len(told_of(only(tmp_path))) == 100 * block + 100
    writer.close()


_WRITES_UNTIL_IT_IS_KILLED = """
import sys, threading, time
from pathlib import Path
from harness.model.trace import Sample
from harness.store.trace_log import TraceLog
from tests.store.traced import METER, METERED, SCALE

log = TraceLog(Path(sys.argv[1]), run_id="killed", rig="lab", meters={METER: METERED})
pause, number = threading.Event(), 0
while True:
    log.take(METER, SCALE, [Sample(number + i, number + i, number + i + 1, 4000, 1000) for i in range(100)])
    number += 100
    print(number, time.monotonic_ns(), flush=True)
    pause.wait(0.002)
"""


@pytest.mark.lab
def test_kill_9_loses_at_most_what_was_not_flushed_yet(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WRITES_UNTIL_IT_IS_KILLED, str(tmp_path)]
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as writer:
        assert writer.stdout is not None
        handed_in = [tuple(map(int, next(writer.stdout).split())) for _ in range(1500)]
        writer.send_signal(signal.SIGKILL)
        handed_in += [tuple(map(int, line.split())) for line in writer.stdout if line.endswith("\n")]

    killed_ns = handed_in[-1][1]
    # Half a second between two flushes, and thrice as much again for a machine that has other things to do.
    surely_flushed = max(number for number, at_ns in handed_in if at_ns < killed_ns - 2_000_000_000)
    rows = told_of(only(tmp_path))
    assert len(rows) >= surely_flushed > 0
    assert [seq for seq, _, _ in rows] == list(range(len(rows)))
