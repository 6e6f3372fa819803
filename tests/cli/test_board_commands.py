"""
`crashbench board`, against the real firmware on the virtual board: who it is, what it sees, and how it is flashed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.board.answers import Identity, State
from harness.board.client import Board
from harness.board.failures import BoardError
from harness.board.flash import ASIDE, MAIN
from harness.board.link import Link
from harness.board.seam import World
from harness.board.unsolicited import Booted, Done, Edges, EStop, Switching, Tripped
from harness.board.vm import VMBoard
from harness.cli.board_commands import lines
from harness.cli.main import run
from harness.config.data import data
from harness.config.rig import load_rig
from harness.errors import BenchError
from harness.lab.virtual_machine import node_modules
from harness.supervise import board_by_hand
from harness.supervise.board_by_hand import flash_by_hand, repl
from harness.supervise.lease import Lease

from ..bench._repl import repl_port
from ..board.fake_files import FakeFiles

Captured = pytest.CaptureFixture[str]
FIRMWARE = data("firmware")


@pytest.fixture(name="vm")
def _vm() -> Iterator[VMBoard]:
    with VMBoard(firmware=FIRMWARE, fixtures=data("fixtures") / "board", vm=node_modules()) as board:
        yield board


def rig_with(folder: Path, board: str) -> Path:
    """
    A rig of one board that feeds one DUT.
    """
    path = folder / "bench.toml"
    path.write_text(
        f'title = "A bench"\n[devices.pico]\nkind = "board"\n{board}\n'
        '[devices.mains]\nkind = "board_switch"\nboard = "pico"\noutput = 0\ncontact = "nc"\n'
        '[dut.edge]\nnominal = "5 V"\n[dut.edge.roles]\npower = "mains"\n',
        encoding="utf-8",
    )
    return path


def refusal(capfd: Captured) -> str:
    """
    The one line that an error is told in.
    """
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("crashbench: ")
    assert err.count("\n") == 1
    return err


def said(process: subprocess.Popen[str], ending: str) -> bool:
    """
    Waits for a line with that ending; False when the process ends without it.
    """
    assert process.stdout is not None
    return any(line.endswith(ending) for line in process.stdout)


class FakeRepl(FakeFiles):
    """
    mpremote's place: opened at a port, it is a board in its REPL.
    """

    def __call__(self, path: str) -> FakeRepl:
        # A port that is still held would let two programs talk to the board at once.
        with Link(path):
            self.done.append(("open", path))
        return self

    def reset(self) -> None:
        """
        Restarts the board.
        """
        self.done.append(("reset",))

    def close(self) -> None:
        """
        Lets go of the port.
        """
        self.done.append(("close",))


@pytest.mark.vm
def test_info_says_who_the_board_is(vm: VMBoard, capfd: Captured) -> None:
    assert run(["board", "info", "--port", vm.path, "--json"]) == 0

    told = json.loads(capfd.readouterr().out)
    assert told["port"] == vm.path
    assert told["unique_id"] == "e661000000000001"
    assert told["wiring"].endswith(" (as shipped)")
    assert (told["state"], told["last_cause"], told["estop"]) == ("safe", "boot", "closed")

    assert run(["board", "info", "--port", vm.path]) == 0
    again = dict(line.split(maxsplit=1) for line in capfd.readouterr().out.replace("boot id", "boot_id").splitlines())
    assert again["firmware"] == told["firmware"]
    assert again["boot_id"] == told["boot_id"]


@pytest.mark.vm
def test_info_through_a_rig_that_gives_the_port(vm: VMBoard, tmp_path: Path, capfd: Captured) -> None:
    rig = rig_with(tmp_path, f'port = "{vm.path}"')
    assert run(["board", "info", "--rig", str(rig), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["port"] == vm.path


@pytest.mark.vm
def test_monitor_prints_edges_and_the_e_stop_until_it_is_interrupted(vm: VMBoard) -> None:
    argv = [sys.executable, "-u", "-m", "harness.cli.main", "board", "monitor", "--port", vm.path]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process, World(vm.world, timeout_s=10) as world:
        assert said(process, ", safe\n")
        world.set_level(10, 1)
        assert said(process, "input 0 rises\n")
        world.set_level(10, 0)
        assert said(process, "input 0 falls\n")
        world.set_level(14, 1)
        assert said(process, "e-stop open\n")
        world.reset_board()
        assert said(process, ", safe\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130


@pytest.mark.vm
def test_monitor_does_not_keep_a_dead_hosts_outputs_alive(vm: VMBoard) -> None:
    with Link(vm.path) as link:
        host = Board(link)
        host.hello()
        host.arm(60_000)
        host.write(0, 1)
    argv = [sys.executable, "-u", "-m", "harness.cli.main", "board", "monitor", "--port", vm.path]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process, World(vm.world) as world:
        assert said(process, ", armed\n")
        world.wait_for_level(2, 0, timeout_s=10)
        process.send_signal(signal.SIGINT)


@pytest.mark.vm
def test_flash_copies_what_differs_and_restarts_the_board(vm: VMBoard) -> None:
    with Link(vm.path) as link:
        before = Board(link).hello()
    files = {path.name: path.read_bytes() for path in FIRMWARE.glob("*.py")}
    fake = FakeRepl(files | {"core.py": b"of the last version"})

    flashed, identity = flash_by_hand(vm.path, None, fake)

    assert flashed.copied == ("core.py",)
    assert len(flashed.kept) == len(files) - 1
    assert fake.done == [
        ("open", vm.path),
        ("rename", MAIN, ASIDE),
        ("write", "core.py"),
        ("rename", ASIDE, MAIN),
        ("reset",),
        ("close",),
    ]
    assert fake.files == files
    # It was told to restart into its REPL; the virtual board has none, and runs the firmware again.
    assert identity.boot_id != before.boot_id


@pytest.mark.vm
def test_flash_puts_a_pin_table_there_only_when_asked(vm: VMBoard, tmp_path: Path) -> None:
    files = {path.name: path.read_bytes() for path in FIRMWARE.glob("*.py")}
    fake = FakeRepl(files | {"pins.py": b"OUTPUTS = ()\n"})
    assert flash_by_hand(vm.path, None, fake)[0].copied == ()
    assert fake.files["pins.py"] == b"OUTPUTS = ()\n"
    own = tmp_path / "own.py"
    own.write_bytes(b"OUTPUTS = ((2, 1),)\n")
    assert flash_by_hand(vm.path, None, fake, pins=own)[0].copied == ("pins.py",)
    assert fake.files["pins.py"] == own.read_bytes()


def test_what_is_no_pin_table_is_not_flashed(tmp_path: Path, capfd: Captured) -> None:
    broken = tmp_path / "pins.py"
    broken.write_text("OUTPUTS = (", encoding="utf-8")
    for path, why in ((broken, "is no pin table"), (tmp_path / "none.py", "cannot be read")):
        assert run(["board", "flash", "--port", "/dev/nothing", "--pins", str(path)]) == 2
        assert why in refusal(capfd)


@pytest.mark.vm
def test_nobody_elses_port_is_flashed_or_opened(vm: VMBoard, capfd: Captured) -> None:
    with Link(vm.path) as link:
        Board(link).hello()
        for command in ("flash", "info", "monitor", "repl"):
            assert run(["board", command, "--port", vm.path]) == 4
            assert "somebody else has the board" in refusal(capfd)
        assert Board(link).sum(1, 2) == 3


@pytest.mark.vm
def test_a_leased_rigs_board_is_not_flashed(vm: VMBoard, tmp_path: Path, capfd: Captured) -> None:
    rig = rig_with(tmp_path, f'port = "{vm.path}"')
    with Lease(load_rig(str(rig)), "a run of somebody's"):
        assert run(["board", "flash", "--rig", str(rig)]) == 4
    assert "a run of somebody's" in refusal(capfd)


@pytest.mark.vm
def test_repl_hands_the_free_port_to_mpremote() -> None:
    called: list[list[str]] = []

    def call(argv: list[str]) -> int:
        called.append(argv)
        return 0

    with repl_port() as path:
        repl(path, None, call)
    assert called == [[sys.executable, "-P", "-m", "mpremote", "connect", path, "resume", "repl"]]


def test_no_board_is_one_line_that_names_what_is_there(tmp_path: Path, capfd: Captured) -> None:
    rig = rig_with(tmp_path, 'serial_number = "nobody has this"')
    assert run(["board", "info", "--rig", str(rig)]) == 3
    assert "no board fits; boards on USB: " in refusal(capfd)


def test_a_port_that_is_not_there(capfd: Captured) -> None:
    assert run(["board", "info", "--port", "/dev/nothing"]) == 3
    assert "/dev/nothing" in refusal(capfd)


def test_a_board_that_says_nothing(capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_by_hand, "_HELLO_S", 0.25)
    master, slave = os.openpty()
    try:
        assert run(["board", "info", "--port", os.ttyname(slave)]) == 3
    finally:
        os.close(master)
        os.close(slave)
    assert "hello: no answer" in refusal(capfd)


def test_without_mpremote_the_cure_is_named(monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    monkeypatch.setitem(sys.modules, "mpremote", None)
    for command in ("flash", "repl"):
        assert run(["board", command, "--port", "/dev/nothing"]) == 2
        assert "pip install 'crashbench[board]'" in refusal(capfd)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["info", "--rig", "sim"], "virtual time"),
        (["flash", "--rig", "lab"], "is played"),
        (["repl", "--rig", "lab"], "is played"),
        (["info", "--rig", "lab", "--port", "/dev/ttyACM0"], "either a port or a rig"),
    ],
)
def test_what_cannot_be_is_the_callers_mistake(words: list[str], why: str, capfd: Captured) -> None:
    assert run(["board", *words]) == 2
    assert why in refusal(capfd)


def test_a_board_that_takes_no_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_by_hand, "_HELLO_S", 0.25)

    def full(path: str) -> FakeRepl:
        raise BoardError(f"{path}: its file system is full")

    master, slave = os.openpty()
    try:
        with pytest.raises(BenchError, match="its file system is full"):
            flash_by_hand(os.ttyname(slave), None, full)
    finally:
        os.close(master)
        os.close(slave)


def test_the_firmwares_readme_flashes_in_three_commands_that_exist(capfd: Captured) -> None:
    section = (FIRMWARE / "README.md").read_text("utf-8").partition("## Flash it in three commands")[2]
    commands = section.split("```")[1].splitlines()[1:]
    assert len(commands) == 3
    own = [command.split()[1:] for command in commands if command.startswith("crashbench ")]
    assert own == [["board", "flash"]]
    assert run([*own[0], "--help"]) == 0
    assert "--port" in capfd.readouterr().out


def test_every_event_has_its_words() -> None:
    at, edge = 1_500_000, Switching(is_output=True, line=3, level=0, ticks_us=2_000_001)
    identity = Identity(firmware="0.1.0", machine="m", unique_id="u", boot_id=1, ticks_us=at, state=State.TRIPPED)
    told = [
        *lines(identity),
        *lines(Edges(received_ns=0, missed=2, first=0, lost=7, edges=(edge,))),
        *lines(Tripped(received_ns=0, missed=0, cause=1, levels_before=1, ticks_us=at)),
        *lines(EStop(received_ns=0, missed=0, is_stopped=False, ticks_us=at)),
        *lines(Done(received_ns=0, missed=0, output=1, switchings=4, late_us=9)),
        *lines(Booted(received_ns=0, missed=0, boot_id=1)),
    ]
    assert [line.strip() for line in told] == [
        "1.500000 s firmware 0.1.0, tripped",
        "2 event(s) missed",
        "7 edge(s) lost so far",
        "2.000001 s output 3 falls",
        "1.500000 s tripped by deadman",
        "1.500000 s e-stop closed",
        "output 1 done: 4 switchings, 9 us late at most",
        "started",
    ]
