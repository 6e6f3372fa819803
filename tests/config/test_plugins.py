from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import plugins
from harness.errors import BenchError, UsageError

Publish = Callable[[str, str], None]


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    """
    Installs another distribution: its entry points, and the source of its module `elsewhere`.
    """

    def install(entry_points: str, source: str) -> None:
        info = tmp_path / "elsewhere-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)
        (tmp_path / "elsewhere.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)

    def forget() -> None:
        sys.modules.pop("elsewhere", None)
        for found in (plugins.load, plugins._points, plugins._all_points):
            found.cache_clear()

    forget()
    yield install
    forget()


ROOM = "[crashbench.faults]\nearthquake = elsewhere:Earthquake\n"


@pytest.mark.parametrize("room", plugins.ROOMS)
def test_every_kind_of_a_room_loads_to_the_class_of_its_name(room: str) -> None:
    kinds = plugins.kinds(room)
    assert kinds
    for kind in kinds:
        assert plugins.load(room, kind).__name__.lower() == kind.replace("_", "")


def test_helpers_are_no_kinds() -> None:
    assert not [kind for room in plugins.ROOMS for kind in plugins.kinds(room) if kind.startswith("_")]


@pytest.mark.parametrize(
    ("room", "kind", "told"),
    [
        ("faults", "powercut", "kind: no fault kind 'powercut'; did you mean 'power_cut'?"),
        ("probes", "htpp", "kind: no probe kind 'htpp'; did you mean 'http'?"),
        ("devices", "rellay", "kind: no device kind 'rellay'; did you mean 'relay'?"),
        ("faults", "_report", "kind: no fault kind '_report'; known: "),
    ],
)
def test_an_unknown_kind_is_told_with_the_nearest_or_with_all(room: str, kind: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        plugins.load(room, kind)
    assert str(error.value).startswith(told)


def test_another_distribution_adds_a_kind(publish: Publish) -> None:
    publish(ROOM, "class Earthquake: ...")
    assert "earthquake" in plugins.kinds("faults")
    assert plugins.load("faults", "earthquake").__module__ == "elsewhere"


def test_a_kind_that_two_claim_is_the_benchs_trouble(publish: Publish) -> None:
    publish("[crashbench.faults]\npower_cut = elsewhere:PowerCut\n", "class PowerCut: ...")
    with pytest.raises(BenchError, match="'power_cut' is built in, and elsewhere:PowerCut claims it too"):
        plugins.load("faults", "power_cut")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import no_such_library", "needs 'no_such_library'; install it with `pip install no_such_library`"),
        (
            "raise ModuleNotFoundError(name='pyroute2.netlink')",
            "needs 'pyroute2'; install it with `pip install 'crashbench[net]'`",
        ),
        ("raise ImportError('libgpiod.so.2 is missing')", "cannot be loaded: libgpiod.so.2 is missing"),
        ("", "cannot be loaded: module 'elsewhere' has no attribute 'Earthquake'"),
    ],
)
def test_a_kind_that_cannot_be_loaded_is_the_benchs_trouble(publish: Publish, source: str, told: str) -> None:
    publish(ROOM, source)
    with pytest.raises(BenchError) as error:
        plugins.load("faults", "earthquake")
    assert str(error.value) == f"fault kind 'earthquake' {told}"


def test_a_kind_is_found_whatever_its_capitals() -> None:
    assert plugins.class_in({"INA226": str, "ina226": 3, "Other": int}, "ina226") is str


def test_a_seam_is_found_by_its_entry_point(publish: Publish) -> None:
    publish("[crashbench.i2c]\nplayed = elsewhere:Bus\nbroken = elsewhere:Missing\n", "class Bus: ...")
    assert plugins.seam("crashbench.i2c", "played").__name__ == "Bus"
    with pytest.raises(UsageError, match=r"no 'plaid' among crashbench\.i2c; did you mean 'played'\?"):
        plugins.seam("crashbench.i2c", "plaid")
    with pytest.raises(BenchError, match=r"crashbench\.i2c 'broken' cannot be loaded"):
        plugins.seam("crashbench.i2c", "broken")
