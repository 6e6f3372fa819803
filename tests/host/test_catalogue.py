"""
What can be asked for by name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.source import shipped
from harness.errors import UsageError
from harness.host.catalogue import Catalogue


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """
    A rig's file of one's own, with a drill beside it and one that is called like a shipped one.
    """
    rig = tmp_path / "desk.toml"
    rig.write_text(shipped("rig")["sim"].read_text("utf-8"), "utf-8")
    (tmp_path / "drills").mkdir()
    for name in ("mine", "control"):
        (tmp_path / "drills" / f"{name}.toml").write_text(shipped("drill")["control"].read_text("utf-8"), "utf-8")
    return rig


def test_what_is_shipped_can_be_asked_for_and_what_is_served_comes_first() -> None:
    catalogue = Catalogue("sim")
    assert next(iter(catalogue.rigs)) == "sim"
    assert set(catalogue.rigs) == set(shipped("rig"))
    assert catalogue.drills == {name: name for name in shipped("drill")}
    assert (catalogue.rig(None).name, catalogue.rig("lab").name) == ("sim", "lab")


def test_a_rigs_own_file_and_the_drills_beside_it_can_be_too(own: Path) -> None:
    catalogue = Catalogue(str(own))
    assert next(iter(catalogue.rigs)) == "desk"
    assert catalogue.rig(None).path == own
    assert catalogue.source("drill", "mine") == str(own.parent / "drills" / "mine.toml")
    assert catalogue.source("drill", "control") == str(own.parent / "drills" / "control.toml")
    assert catalogue.source("drill", "power-outage") == "power-outage"


@pytest.mark.parametrize("name", ["lub", "/etc/passwd", "../sim", "sim.toml", ""])
def test_a_path_is_never_taken_from_a_request(own: Path, name: str) -> None:
    catalogue = Catalogue(str(own))
    with pytest.raises(UsageError, match="no rig"):
        catalogue.source("rig", name)
    with pytest.raises(UsageError, match="no drill"):
        catalogue.source("drill", name or str(own))


def test_a_rig_that_is_wrong_is_not_served(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("title = 1", "utf-8")
    with pytest.raises(UsageError, match=r"broken\.toml"):
        Catalogue(str(broken))
