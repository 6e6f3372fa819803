"""
Poison in a cache: read back, removed again, and only that.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import anyio
import pytest

from harness import clock
from harness.devices.local_shell import LocalShell
from harness.errors import DeviceError, NotProven, UsageError
from harness.faults.cache_poison import CachePoison
from tests.devices.shells import bare
from tests.faults.batteries import Cast, carried_out, play, spec_of
from tests.faults.nodes import Node, S


def fault_of(node: Any, for_s: float | None = 2.0, service: Any = None, **keys: Any) -> CachePoison:
    keys = {"entry": "cache/a/*", "path": "/content/a", **keys}
    spec = spec_of(CachePoison, role="shell", for_s=for_s, **keys)
    return CachePoison(spec, Cast(shell=node, probes__health=service or node))


def test_poison_is_proven_by_reading_it_back() -> None:
    async def main() -> None:
        node = Node()
        node.checks_hash = False
        strike, effective, removed = await carried_out(fault_of(node), anyio.sleep_forever)
        assert effective == strike.commanded
        assert strike.removal_commanded is not None
        assert strike.removal_commanded.earliest_ns - strike.commanded.latest_ns == 2 * S
        assert removed.latest_ns >= strike.removal_commanded.latest_ns
        assert node.disk == {"cache/a/1": node.right}

    play(main)


def test_it_serves_the_poison_meanwhile_if_it_checks_nothing() -> None:
    async def main() -> None:
        node, served = Node(), set[bytes]()
        node.checks_hash = False

        async def user() -> None:
            while True:
                served.add((await node.request("GET", "/content/a")).body)
                await anyio.sleep(0.1)

        await carried_out(fault_of(node), user)
        assert len(served) == 2
        assert any(body.startswith(b"crashbench: ") for body in served)

    play(main)


def test_what_the_dut_has_healed_itself_is_left_alone() -> None:
    async def main() -> None:
        node = Node()

        async def user() -> None:
            while True:
                assert (await node.request("GET", "/content/a")).body == node.right
                await anyio.sleep(0.1)

        await carried_out(fault_of(node), user)
        assert node.disk == {"cache/a/1": node.right}

    play(main)


def test_a_write_that_did_not_last_proves_nothing() -> None:
    async def main() -> None:
        node = Node(deaf=True)
        strike, effective, _ = await carried_out(fault_of(node), anyio.sleep_forever)
        assert effective is None
        assert "cache/a/1 was overwritten, but what was read back is" in strike.why_not()

    play(main)


def test_a_dut_that_never_heals_is_its_own_failure_once_the_poison_is_gone() -> None:
    async def main() -> None:
        node = Node()
        node.heals = False
        strike, effective, removed = await carried_out(fault_of(node, prove_s=1.0), anyio.sleep_forever)
        assert effective is not None
        assert removed == strike.removal_commanded
        assert node.disk == {}

    play(main)


@pytest.mark.parametrize(
    ("breaks", "problem"),
    [
        ({"is_silent": True}, "connection refused"),
        ({"disk": {}}, "0 files"),
        ({"disk": {"cache/a/1": b"", "cache/a/2": b""}, "checks_hash": False}, "2 files"),
        ({"is_unreachable": True}, "no route to host"),
    ],
)
def test_what_is_not_as_it_should_be_beforehand_is_not_struck(breaks: dict[str, Any], problem: str) -> None:
    async def main() -> None:
        node = Node()
        node.heals = "disk" not in breaks
        for name, value in breaks.items():
            setattr(node, name, value)
        with pytest.raises(NotProven, match="before anything was done"):
            await carried_out(fault_of(node), anyio.sleep_forever)
        assert node.undone == []

    play(main)


def test_its_removal_is_insisted_on() -> None:
    async def main() -> None:
        node = Node()
        node.checks_hash, node.undo_fails = False, 2
        await carried_out(fault_of(node), anyio.sleep_forever)
        assert len(node.undone) == 3
        node.undo_fails = 100
        with pytest.raises(DeviceError, match="failed as asked"):
            await carried_out(fault_of(node), anyio.sleep_forever)

    play(main)


@pytest.mark.parametrize("entry", ["", "a b", "$(rm x)", "a;b", "'a'", "-rf", "a\nb", "`a`"])
def test_an_entry_that_a_shell_would_take_for_more_is_refused(entry: str) -> None:
    with pytest.raises(UsageError, match="must be a file's path"):
        CachePoison.Config(entry=entry, path="/")


def test_it_must_be_told_for_how_long() -> None:
    with pytest.raises(UsageError, match="missing"):
        fault_of(Node(), for_s=None)


class Files:
    """
    A DUT that serves what lies in a folder, to a shell that is a real one.
    """

    name = "files"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def open(self) -> None: ...

    async def aclose(self) -> None: ...

    async def request(self, method: str, path: str, body: bytes = b"") -> Any:
        (file,) = (self._folder / "cache" / "a").iterdir()
        return type("Answer", (), {"status": 200, "body": file.read_bytes()})()


def real(folder: Path, for_s: float = 0.2) -> CachePoison:
    (folder / "cache" / "a").mkdir(parents=True, exist_ok=True)
    (folder / "cache" / "a" / "1").write_bytes(b"right")
    shell = LocalShell("shell", LocalShell.Config(folder=str(folder)), bare())
    return fault_of(shell, for_s, Files(folder), prove_s=0.3)


def test_by_a_real_shell_it_lies_there_and_the_undo_removes_it(tmp_path: Path) -> None:
    async def main() -> None:
        fault, file = real(tmp_path), tmp_path / "cache" / "a" / "1"
        async with fault.inject() as strike:
            assert await strike.effective() == strike.commanded
            assert file.read_bytes().startswith(b"crashbench: this is not what was here ")
            file.rename(file.with_name("0"))
        assert list(file.parent.iterdir()) == []

    clock.run(main)


def test_the_undo_that_is_in_the_journal_removes_the_poison_and_nothing_else(tmp_path: Path) -> None:
    fault = real(tmp_path)
    (undo,) = fault.undo
    file = tmp_path / "cache" / "a" / "1"
    poison = fault._entry.poison
    assert hashlib.sha256(poison.encode()).hexdigest() in undo.action
    subprocess.run(undo.action, shell=True, check=True, cwd=tmp_path)
    assert file.read_bytes() == b"right"
    file.write_text(poison)
    subprocess.run(undo.action, shell=True, check=True, cwd=tmp_path)
    subprocess.run(undo.action, shell=True, check=True, cwd=tmp_path)
    assert not file.exists()
