"""
The firmware on the real MicroPython VM with nothing of the virtual board around it: its interrupts, of which none
allocates or leaves interrupts masked, and its main loop as a board runs it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.board import frames, protocol
from harness.board.vm import node_path

pytestmark = pytest.mark.vm

ON_VM = Path(__file__).parent / "on_vm"


def on_vm(vm_modules: Path, script: str, *more: str) -> bytes:
    """
    What a script of the folder `on_vm` writes on the VM, which it must end well.
    """
    argv = [node_path(), str(ON_VM / "script.mjs"), str(vm_modules), script, *more]
    result = subprocess.run(argv, capture_output=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_no_interrupt_allocates_across_the_wrap_of_the_counter(vm_modules: Path) -> None:
    lines = on_vm(vm_modules, "interrupts").decode("ascii").splitlines()
    assert lines[-1] == "done"
    assert [line for line in lines[:-1] if not line.endswith(": ok")] == []
    assert len(lines) == 24


def test_the_main_loop_answers_on_its_port_and_feeds_the_watchdog_while_all_is_well(
    vm_modules: Path, tmp_path: Path
) -> None:
    def request(seq: int, name: str, *values: int) -> bytes:
        return frames.encode(seq, protocol.OPS[name].number, protocol.pack(name, *values))

    asked = request(1, "hello", protocol.checksum()) + request(2, "arm", 60_000) + request(3, "write", 0, 1)
    # One turn of the loop for each byte, and 3 is a byte like any other.
    given = tmp_path / "port"
    given.write_bytes(b"boot\r\n\x03" + asked + bytes(8_000) + request(4, "sum", 40, 2) + b"\xa5")

    written = on_vm(vm_modules, "main_loop", str(given))

    answers = {frame.seq: frame for frame in frames.Decoder().feed(written) if frame.op not in protocol.EVENTS}
    assert [answers[seq].op for seq in (1, 2, 3, 4)] == [0x81, 0x86, 0x88, 0x83]
    assert answers[4].payload == b"\x2a\0\0\0"
    words = written.decode("ascii", "replace").splitlines()[-1].split()
    assert words[0] == "fed"
    well, stopped, again = (int(word) for word in words[1:4])
    assert well > 10
    assert stopped <= 1
    assert again > 0
    assert words[4:] == ["output", "0"], "the port has ended: everything is safe"
