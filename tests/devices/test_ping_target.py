"""
The `ping_target`: real echo requests to this machine, and to addresses that nobody has.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from harness import clock
from harness.devices.ping_target import PingTarget
from harness.errors import DeviceError, UsageError
from harness.protocols import PingTarget as Asked

# RFC 5737: addresses for documentation, which no network has.
NOBODY = "192.0.2.1"


def may_ask() -> bool:
    async def main() -> bool:
        target = PingTarget("t", PingTarget.Config(address="127.0.0.1"), None)  # type: ignore[arg-type]
        try:
            await target.open()
        except DeviceError:
            return False
        return True

    return clock.run(main)


pytestmark = pytest.mark.skipif(not may_ask(), reason="this user may not send echo requests")


def asked(main: Callable[[PingTarget], Awaitable[None]], **config: Any) -> None:
    async def run() -> None:
        target = PingTarget("gateway", PingTarget.Config(**config), None)  # type: ignore[arg-type]
        await target.open()
        assert isinstance(target, Asked)
        with anyio.fail_after(5):
            await main(target)
        await target.aclose()

    clock.run(run)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
def test_this_machine_answers(address: str) -> None:
    async def main(target: PingTarget) -> None:
        for size in (0, 56, 1400):
            began_ns = clock.now_ns()
            took_s = await target.ping(size)
            assert 0 < took_s * clock.NS_PER_S <= clock.now_ns() - began_ns

    asked(main, address=address)


# In a network of its own a process may tell its kernel whom to let ask, and not to answer.
CHILD = """
import sys
import anyio
from harness import clock
from harness.devices.ping_target import PingTarget

async def main():
    target = PingTarget("t", PingTarget.Config(address=sys.argv[1]), None)
    await target.open()
    said = "silence"
    with anyio.move_on_after(0.5):
        try:
            await target.ping(56)
            said = "reply"
        except Exception as error:
            said = type(error).__name__
    print("raw" if target._privileged else "unprivileged", said)

clock.run(main)
"""


def in_its_own_network(setting: str, address: str) -> str:
    """
    What a child says that asks there.
    """
    script = f'ip link set lo up && echo {setting} && exec "$0" -c "$1" {address}'
    command = ["unshare", "-rn", "sh", "-c", script, sys.executable, CHILD]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if "unshare" in done.stderr or "Permission denied" in done.stderr or "not permitted" in done.stderr:
        pytest.skip(f"no network namespaces here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(not shutil.which("unshare") or not shutil.which("ip"), reason="needs util-linux and iproute2")
@pytest.mark.parametrize(
    ("setting", "address", "said"),
    [
        ("'0 0' > /proc/sys/net/ipv4/ping_group_range", "127.0.0.1", "unprivileged reply"),
        ("'0 0' > /proc/sys/net/ipv4/ping_group_range", "::1", "unprivileged reply"),
        ("'0 0' > /proc/sys/net/ipv4/ping_group_range", "192.0.2.1", "unprivileged NoAnswer"),
        ("1 > /proc/sys/net/ipv4/icmp_echo_ignore_all", "127.0.0.1", "raw silence"),
    ],
)
def test_it_needs_no_privileges_where_the_kernel_allows_that_and_silence_is_the_callers(
    setting: str, address: str, said: str
) -> None:
    assert in_its_own_network(setting, address) == said


def test_a_source_that_the_bench_has_not_is_its_trouble() -> None:
    async def main(target: PingTarget) -> None: ...

    with pytest.raises(DeviceError, match="gateway"):
        asked(main, address="127.0.0.1", source=NOBODY)


def test_one_that_is_closed_cannot_be_asked() -> None:
    target = PingTarget("gateway", PingTarget.Config(address="127.0.0.1"), None)  # type: ignore[arg-type]
    with pytest.raises(DeviceError, match="is not open"):
        clock.run(target.ping, 56)


@pytest.mark.parametrize("config", [{"address": ""}, {"address": "a b"}, {"address": "x", "source": "eth0"}])
def test_an_address_that_is_none_is_told(config: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        PingTarget.Config(**config)
