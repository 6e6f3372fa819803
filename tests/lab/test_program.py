"""
What a unit runs.
"""

from __future__ import annotations

import sys

import pytest

from harness.config.data import data
from harness.errors import UsageError
from harness.lab.program import argv, filled, says_where_it_listens
from harness.model.rig import RigSpec
from harness.model.world import UnitSpec


def command(rig: RigSpec, *program: str) -> list[str]:
    return argv(rig, "edge-node", UnitSpec(program=program))


def test_a_shipped_fixture_goes_by_its_folders_name_or_its_files(rig: RigSpec) -> None:
    node = data("fixtures") / "edge_node" / "edge_node.py"
    assert command(rig, "edge_node", "--verbose") == [sys.executable, str(node.resolve()), "--verbose"]
    assert command(rig, "edge_node/edge_node.py") == [sys.executable, str(node.resolve())]


def test_a_program_may_stand_beside_the_rigs_file(rig: RigSpec) -> None:
    (rig.path.parent / "mine.py").touch()
    assert command(rig, "mine.py") == [sys.executable, str(rig.path.parent.resolve() / "mine.py")]


def test_a_program_may_be_a_command(rig: RigSpec) -> None:
    assert command(rig, "sh")[0].endswith("/sh")


@pytest.mark.parametrize(
    ("program", "problem"), [((), "missing"), (("edge_nod",), "'edge_nod' is no file beside the rig's")]
)
def test_a_program_that_is_not_there_is_a_usage_error(rig: RigSpec, program: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        command(rig, *program)
    assert (caught.value.file, caught.value.key) == (str(rig.path), "world.units.edge-node.program")


def test_its_words_may_name_what_is_around_it() -> None:
    facts = {"link.fibre": "127.0.0.1:20000", "unit.db1.port": "5432", "folder": "/scratch"}
    words = ["--uplink", "fibre={link.fibre}", "host=x port={unit.db1.port}", "{folder}/key", '{"json": 1}']
    expected = ["--uplink", "fibre=127.0.0.1:20000", "host=x port=5432", "/scratch/key", '{"json": 1}']
    assert filled(words, facts) == expected
    with pytest.raises(UsageError, match=r"there is no \{link.fiber\} here; did you mean 'link.fibre'"):
        filled(["{link.fiber}"], facts)


def test_a_program_that_says_where_it_listens_gets_no_options() -> None:
    assert says_where_it_listens(["origin", "--listen", "{listen}"])
    assert not says_where_it_listens(["edge_node", "--uplink", "{link.fibre}"])
