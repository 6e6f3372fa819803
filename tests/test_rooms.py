"""
The form of the package: what a room's file holds, what everything public says of itself, and how long things are.
"""

from __future__ import annotations

import ast
import dataclasses
import doctest
import functools
import importlib
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from harness import plugins

PACKAGE = Path(__file__).parent.parent / "harness"
ROOMS = ("devices", "faults", "probes", "reports")

MEDIAN_FILE, LONGEST_FILE, LONGEST_FUNCTION = 120, 400, 60

# Two files of one name are hard to tell apart in a traceback or an editor's tab. What model/ describes may be called
# so where it is worked on as well, and a twin in sim/ or lab/ is called like its part.
NAMESAKES = ("model", "sim", "lab")
SHARED_NAMES = {
    "__init__.py",
    "__main__.py",
    "drill.py",  # config/ reads one, engine/ carries it out
}

FILES = {file.relative_to(PACKAGE).as_posix(): file.read_text("utf-8") for file in sorted(PACKAGE.rglob("*.py"))}
KINDS = [
    (path.split("/")[0], Path(path).stem)
    for path in FILES
    if path.split("/")[0] in ROOMS and not Path(path).stem.startswith("_")
]

parsed = functools.cache(ast.parse)

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.ClassDef, *FUNCTIONS)

# Bases that do not say what a method of their subclass does.
_MUTE_BASES = {"Protocol", "NamedTuple", "Enum", "IntEnum", "StrEnum", "Generic"}


def misnamed(kind: str, source: str) -> list[str]:
    """
    The public classes of a room's file, unless there is exactly one, in CamelCase, called like its kind.
    """
    nodes = [node for node in parsed(source).body if isinstance(node, ast.ClassDef)]
    names = [node.name for node in nodes if not node.name.startswith("_")]
    wanted = kind.replace("_", "").lower()
    right = len(names) == 1 and names[0].lower() == wanted and names[0][0].isupper()
    return [] if right else (names or ["no public class"])


def undocumented(source: str) -> Iterator[str]:
    """
    The public module, classes, functions and methods of a file that say nothing of themselves.
    """
    tree = parsed(source)
    if not ast.get_docstring(tree):
        yield "the module"
    yield from _undocumented(tree.body, "")


def _undocumented(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if not isinstance(node, DOCUMENTED) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            explained = any(ast.unparse(base).split("[")[0] not in _MUTE_BASES for base in node.bases)
            methods = [child for child in node.body if not (explained and isinstance(child, FUNCTIONS))]
            yield from _undocumented(methods, f"{node.name}.")


def misplaced_quotes(source: str) -> Iterator[str]:
    """
    The docstrings of a file whose quotes share a line with their text.
    """
    lines = source.splitlines()
    for node in ast.walk(parsed(source)):
        if isinstance(node, (ast.Module, *DOCUMENTED)) and ast.get_docstring(node):
            first, last = node.body[0].lineno, _last(node.body[0])
            if lines[first - 1].strip() not in ('"""', 'r"""') or lines[last - 1].strip() != '"""':
                yield f"line {first}"


def lengths(source: str) -> Iterator[tuple[str, int]]:
    """
    Every function of a file with its number of lines, decorators and docstring left out.
    """
    for node in ast.walk(parsed(source)):
        if isinstance(node, FUNCTIONS):
            lines = _last(node) - node.lineno + 1
            if ast.get_docstring(node):
                lines -= _last(node.body[0]) - node.body[0].lineno + 1
            yield node.name, lines


def clashes(paths: Iterable[str]) -> list[list[str]]:
    """
    The groups of files that share a name which only one of them may have.
    """
    found = defaultdict(list)
    for path in paths:
        if path.split("/")[0] not in NAMESAKES:
            found[path.split("/")[-1]].append(path)
    return [group for name, group in found.items() if len(group) > 1 and name not in SHARED_NAMES]


def told(found: dict[str, list[str]]) -> str:
    """
    What was found in each file, or an empty string.
    """
    return "\n".join(f"{path}: {', '.join(what)}" for path, what in found.items() if what)


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def test_a_rooms_file_holds_one_public_class_called_like_its_kind() -> None:
    assert KINDS
    found = {f"{room}/{kind}": misnamed(kind, FILES[f"{room}/{kind}.py"]) for room, kind in KINDS}
    assert not told(found), told(found)


@pytest.mark.parametrize(
    "source",
    ["", "class _PowerCut: ...", "class Cut: ...", "class powercut: ...", "class PowerCut: ...\nclass Other: ..."],
)
def test_a_rooms_file_of_another_form_is_seen(source: str) -> None:
    assert misnamed("power_cut", source)


@pytest.mark.parametrize("name", ["INA226", "Ina226"])
def test_a_kinds_capitals_are_free(name: str) -> None:
    assert misnamed("ina226", f"class _Helper: ...\nclass {name}: ...") == []


@pytest.mark.parametrize(("room", "kind"), [(room, kind) for room, kind in KINDS if room != "reports"])
def test_a_kind_owns_a_frozen_config(room: str, kind: str) -> None:
    config = plugins.load(room, kind).Config
    assert dataclasses.is_dataclass(config)
    assert config.__dataclass_params__.frozen


def test_every_kind_has_its_test() -> None:
    wanted = [f"tests/{room}/test_{kind}.py" for room, kind in KINDS]
    missing = [path for path in wanted if not (PACKAGE.parent / path).is_file()]
    assert not missing, "\n".join(missing)


def test_everything_public_has_a_docstring() -> None:
    found = {path: list(undocumented(source)) for path, source in FILES.items()}
    assert not told(found), told(found)


@pytest.mark.parametrize("path", [path for path, source in FILES.items() if ">>> " in source])
def test_the_examples_of_docstrings_hold(path: str) -> None:
    module = importlib.import_module("harness." + path.removesuffix(".py").replace("/", "."))
    done = doctest.testmod(module)
    assert done.attempted
    assert not done.failed


def test_what_is_undocumented_is_seen() -> None:
    source = "class A:\n  def a(self): ...\n  def _b(self): ...\nclass B(A):\n  'b'\n  def b(self): ...\ndef c(): ..."
    assert list(undocumented(source)) == ["the module", "A", "A.a", "c"]


def test_docstrings_open_and_close_on_their_own_line() -> None:
    found = {path: list(misplaced_quotes(source)) for path, source in FILES.items()}
    assert not told(found), told(found)


@pytest.mark.parametrize("source", ['"""Text."""', '"""Text.\n"""', '"""\nText."""', "'''\nText.\n'''"])
def test_a_docstring_of_another_form_is_seen(source: str) -> None:
    assert list(misplaced_quotes(source)) == ["line 1"]


def test_files_are_short() -> None:
    sizes = {path: len(source.splitlines()) for path, source in FILES.items()}
    assert statistics.median(sizes.values()) <= MEDIAN_FILE
    assert {path: size for path, size in sizes.items() if size > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    found = {
        path: [f"{name} ({size} lines)" for name, size in lengths(source) if size > LONGEST_FUNCTION]
        for path, source in FILES.items()
    }
    assert not told(found), told(found)


def test_a_functions_length_is_counted_without_its_docstring() -> None:
    source = 'class A:\n  @cache\n  async def a(self):\n    """\n    Text.\n    """\n    b()\n    return c'
    assert list(lengths(source)) == [("a", 3)]


def test_no_two_files_share_a_name() -> None:
    found = {group[0]: group[1:] for group in clashes(FILES)}
    assert not told(found), told(found)


def test_two_files_of_one_name_are_seen() -> None:
    twins = ["devices/ina226.py", "sim/ina226.py", "model/trial.py", "engine/trial.py"]
    assert clashes([*twins, "sim/__init__.py", "lab/__init__.py"]) == []
    assert clashes([*twins, "board/trial.py"]) == [["engine/trial.py", "board/trial.py"]]
