"""
The firmware's interrupts on the real MicroPython VM: none allocates, none leaves interrupts masked.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.board.vm import node_path

pytestmark = pytest.mark.vm

ON_VM = Path(__file__).parent / "on_vm"


def on_vm(vm_modules: Path, script: str, *more: str) -> list[str]:
    """
    The lines that a script beside this file prints on the VM, which it must end well.
    """
    argv = [node_path(), str(ON_VM / "script.mjs"), str(vm_modules), script, *more]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.splitlines()


def test_no_interrupt_allocates_across_the_wrap_of_the_counter(vm_modules: Path) -> None:
    lines = on_vm(vm_modules, "interrupts")
    assert lines[-1] == "done"
    assert [line for line in lines[:-1] if not line.endswith(": ok")] == []
    assert len(lines) == 24
