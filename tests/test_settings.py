"""
What is declared in one place and used in another: markers, environment variables, dependencies and their locks.
"""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
README = (ROOT / "README.md").read_text("utf-8")

# What `make test` runs, what it runs after that, and what `make soak` runs.
SELECTIONS = re.findall(r"^\t\$\(PYTEST\) .*-m '([^']+)'", (ROOT / "Makefile").read_text("utf-8"), re.M)

# What people may set; anything else that the code reads under its own prefix is between its own processes.
VARIABLES = {
    "CRASHBENCH_HOME",
    "CRASHBENCH_RIG",
    "CRASHBENCH_SEED",
    "CRASHBENCH_ENVIRONMENT",
    "CRASHBENCH_TOKEN",
    "CRASHBENCH_REPORT",
    "CHAOS_ENABLED",
}

LOCKS = sorted((ROOT / ".ci").glob("requirements-*.txt"))
_PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.+?))? \\$", re.M)


def strings(source: str) -> set[str]:
    """
    The string constants of a file.
    """
    nodes = ast.walk(ast.parse(source))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@functools.cache
def in_code() -> set[str]:
    """
    The string constants of the package.
    """
    return set().union(*(strings(file.read_text("utf-8")) for file in (ROOT / "harness").rglob("*.py")))


def pinned(lock: Path) -> dict[str, set[str]]:
    """
    The packages of a lock file with their versions.
    """
    versions: dict[str, set[str]] = {}
    for name, version, _ in _PIN.findall(lock.read_text("utf-8")):
        versions.setdefault(name, set()).add(version)
    return versions


def declared(*names: str) -> list[Requirement]:
    """
    What the project itself, its extra `host` and the dependency groups of those names require.
    """
    lines = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["host"]]
    lines += [line for name in names for line in PROJECT["dependency-groups"][name]]
    return [Requirement(line) for line in lines]


# --- the environment --------------------------------------------------------------------------------------------------


def test_every_variable_that_is_read_is_in_the_readme() -> None:
    read = VARIABLES & in_code()
    assert read
    assert {name for name in read if f"`{name}`" not in README} == set()


def test_the_readme_promises_no_variable_that_is_not_read() -> None:
    promised = set(re.findall(r"`((?:CRASHBENCH|CHAOS)_[A-Z_]+)", README))
    assert promised <= in_code()


# --- markers ----------------------------------------------------------------------------------------------------------


def test_every_declared_marker_is_used() -> None:
    markers = {line.partition(":")[0] for line in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    tests = "\n".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("*.py"))
    # Only who owns a rig has tests for it.
    assert {marker for marker in markers if f"pytest.mark.{marker}" not in tests} <= {"hardware"}


class Selected:
    """
    A plugin of pytest that keeps the names of the tests that were selected.
    """

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """
        Keeps them.
        """
        self.names = [item.name.removeprefix("test_") for item in session.items]


@pytest.mark.parametrize(
    ("arguments", "selected"),
    [
        ([], ["lab", "long", "plain", "process"]),
        (["-m", SELECTIONS[0]], ["plain"]),
        (["-m", SELECTIONS[1]], ["lab", "long", "process"]),
        (["-m", SELECTIONS[2]], ["lab_soak", "process_soak", "soak"]),
    ],
)
def test_a_selection_of_markers_replaces_the_default_one(
    tmp_path: Path, arguments: list[str], selected: list[str]
) -> None:
    kinds = ("plain", "process", "long", "lab", "soak", "process_soak", "lab_soak", "hardware", "hardware_soak")
    marks = {kind: "".join(f"@pytest.mark.{mark}\n" for mark in kind.split("_") if mark != "plain") for kind in kinds}
    tests = "".join(f"{mark}def test_{kind}(): ...\n" for kind, mark in marks.items())
    (tmp_path / "test_kinds.py").write_text(f"import pytest\n{tests}")
    seen = Selected()
    line = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "no:cacheprovider"]
    # At its end pytest has all garbage collected, five times: here the whole session's.
    line += ["-p", "no:unraisableexception"]
    assert pytest.main([*line, "--collect-only", "-q", *arguments, str(tmp_path)], plugins=[seen]) == pytest.ExitCode.OK
    assert sorted(seen.names) == selected


# --- dependencies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lock", "groups"), [("run", ["build"]), ("test", ["build", "test"]), ("bench", ["build", "bench"])]
)
def test_a_lock_holds_what_is_declared(lock: str, groups: list[str]) -> None:
    versions = pinned(ROOT / ".ci" / f"requirements-{lock}.txt")
    for requirement in declared(*groups):
        found = versions.get(canonicalize_name(requirement.name), set())
        assert found, f"{requirement} is not locked: run make lock"
        assert any(version in requirement.specifier for version in found), f"{requirement}, but locked at {found}"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_is_versions_and_hashes_alone(lock: Path) -> None:
    text = lock.read_text("utf-8")
    lines = [line for line in text.splitlines() if not _PIN.match(line)]
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line) for line in lines)
    assert "crashbench" not in pinned(lock)


def test_the_locks_agree_on_what_they_share() -> None:
    test = pinned(ROOT / ".ci" / "requirements-test.txt")
    for lock in LOCKS:
        for name, versions in pinned(lock).items():
            assert versions == test.get(name, versions), f"{lock.name}: {name}"
