"""
A shell by the system's ssh: what ssh is told, what it means by what it says, and a real one on loopback.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from harness.devices.ssh_shell import SshShell
from harness.errors import DeviceError, UsageError
from harness.protocols import NoAnswer, Shell, ShellAnswer
from tests.edge_node.playing import free_port

from .shells import bare

FAKE = """#!/bin/sh
for word do printf '%s\\n' "$word"; done > "{folder}/words"
{does}
"""


def shell(**config: Any) -> SshShell:
    return SshShell("shell", SshShell.Config(**config), bare())


def run(made: SshShell, *argv: str, timeout_s: float = 10) -> ShellAnswer:
    async def main() -> ShellAnswer:
        asked: Shell = made
        await asked.open()
        try:
            return await asked.run(argv, timeout_s=timeout_s)
        finally:
            await asked.aclose()

    return clock.run(main)


def fake(folder: Path, does: str = "") -> str:
    program = folder / "fake-ssh"
    program.write_text(FAKE.format(folder=folder, does=does))
    program.chmod(0o755)
    return str(program)


def words(folder: Path) -> list[str]:
    return (folder / "words").read_text().splitlines()


def test_it_asks_nobody_and_shares_nothing(tmp_path: Path) -> None:
    run(shell(host="edge", program=fake(tmp_path)), "true")
    said = words(tmp_path)
    for option in ("BatchMode=yes", "ConnectTimeout=5", "ControlMaster=no", "StrictHostKeyChecking=yes"):
        assert said[said.index(option) - 1] == "-o"
    assert said[-3:] == ["--", "edge", "true"]
    assert not {"-p", "-l", "-i", "-F"} & set(said)


def test_what_the_rig_says_is_passed_on(tmp_path: Path) -> None:
    config = {"user": "chaos", "port": 2222, "identity": "/k", "known_hosts": "/h", "config": "/c"}
    run(shell(host="edge", host_keys="accept_new", program=fake(tmp_path), **config), "true")
    said = words(tmp_path)
    for option, value in (("-p", "2222"), ("-l", "chaos"), ("-i", "/k"), ("-F", "/c")):
        assert said[said.index(option) + 1] == value
    assert {"UserKnownHostsFile=/h", "StrictHostKeyChecking=accept-new", "IdentitiesOnly=yes"} <= set(said)


def test_words_reach_the_other_side_as_they_are(tmp_path: Path) -> None:
    run(shell(host="edge", program=fake(tmp_path)), "sh", "-c", "echo $1 'x y'", "; rm")
    assert words(tmp_path)[-1] == """sh -c 'echo $1 '"'"'x y'"'"'' '; rm'"""


def test_a_commands_own_failure_is_its_answer(tmp_path: Path) -> None:
    assert run(shell(host="edge", program=fake(tmp_path, "echo no >&2; exit 3")), "true") == (3, b"", b"no\n")


@pytest.mark.parametrize(
    "said",
    [
        "ssh: connect to host edge port 22: Connection refused",
        "ssh: connect to host edge port 22: Connection timed out",
        "kex_exchange_identification: Connection closed by remote host",
    ],
)
def test_a_dut_that_cannot_be_reached_does_not_answer(tmp_path: Path, said: str) -> None:
    with pytest.raises(NoAnswer, match=re.escape(f"edge: {said}")):
        run(shell(host="edge", program=fake(tmp_path, f"echo '{said}' >&2; exit 255")), "true")


@pytest.mark.parametrize("said", ["Host key verification failed.", "chaos@edge: Permission denied (publickey)."])
def test_a_bench_that_is_not_let_in_is_the_benchs_trouble(tmp_path: Path, said: str) -> None:
    with pytest.raises(DeviceError, match=r"verification failed|Permission denied"):
        run(shell(host="edge", program=fake(tmp_path, f"echo '{said}' >&2; exit 255")), "true")


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match=r"not done within 0\.3 s"):
        run(shell(host="edge", program=fake(tmp_path, "sleep 60")), "true", timeout_s=0.3)


def test_without_ssh_it_says_what_to_install() -> None:
    with pytest.raises(DeviceError, match="install OpenSSH"):
        run(shell(host="edge", program="no-such-ssh"), "true")


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"host": ""}, "host"),
        ({"host": "-oProxyCommand=x"}, "host"),
        ({"host": "edge", "port": 70_000}, "port"),
        ({"host": "edge", "connect_s": 0.5}, "whole seconds"),
    ],
)
def test_a_host_that_is_none_is_refused(config: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        shell(**config)


SSHD = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
"""


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """
    A real server for ourselves on loopback, and what a shell must know to log in.
    """
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or shutil.which("ssh-keygen") is None:
        pytest.skip("needs OpenSSH's server: apt install openssh-server")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    port = free_port()
    (tmp_path / "config").write_text(SSHD.format(port=port, folder=tmp_path))
    (tmp_path / "hosts").write_text(f"[127.0.0.1]:{port} {(tmp_path / 'host.pub').read_text()}")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where a server of root's puts aside its privileges
    command = [program, "-D", "-e", "-f", str(tmp_path / "config")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server:
        assert server.stderr is not None
        heard = b""
        while b"Server listening" not in heard:
            line = server.stderr.readline()
            assert line, heard
            heard += line
        yield {
            "host": "127.0.0.1",
            "port": port,
            "user": pwd.getpwuid(os.getuid()).pw_name,
            "identity": str(tmp_path / "user"),
            "known_hosts": str(tmp_path / "hosts"),
            "config": "/dev/null",
        }
        server.terminate()


@pytest.mark.lab
def test_a_real_one_runs_commands(sshd: dict[str, Any]) -> None:
    assert run(shell(**sshd), "printf", "%s|", "a b", "$HOME", "it's") == (0, b"a b|$HOME|it's|", b"")
    assert run(shell(**sshd), "sh", "-c", "echo out; echo err >&2; exit 7") == (7, b"out\n", b"err\n")


@pytest.mark.lab
def test_a_real_one_ends_a_process(sshd: dict[str, Any]) -> None:
    with subprocess.Popen(["sleep", "61.25"]) as process:

        async def main() -> tuple[list[int], bool]:
            made = shell(**sshd)
            await made.open()
            return await made.pids(r"sleep 61\.25", timeout_s=10), await made.signal(process.pid, "KILL", timeout_s=10)

        assert clock.run(main) == ([process.pid], True)
        assert process.wait(10) == -9


@pytest.mark.lab
def test_a_real_one_whose_key_is_not_known_is_not_trusted(sshd: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("")
    with pytest.raises(DeviceError, match="Host key verification failed"):
        run(shell(**sshd), "true")
    assert run(shell(**sshd, host_keys="accept_new"), "true").code == 0


@pytest.mark.lab
def test_a_real_one_that_does_not_know_us_is_the_benchs_trouble(sshd: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "user.pub").write_text("")
    with pytest.raises(DeviceError, match="Permission denied"):
        run(shell(**sshd), "true")
