"""
Every block in a README is run, or checked as far as it can be without hardware.

What the reader's eye takes for a comment tells this test how to treat a line:

    crashbench run power-outage --rig pi            # on hardware     parsed, not run
    crashbench run power-outage --rig sim           # exits 1         run; that is its exit code
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cli import main
from harness.config.drill import load_drill
from harness.config.gameday import load_gameday
from harness.config.rig import load_rig
from harness.errors import Exit
from harness.model.trial import DURATIONS

ROOT = Path(__file__).parent.parent
READMES = [
    path for path in (ROOT / "README.md", ROOT / "rigs/README.md", ROOT / "firmware/README.md") if path.is_file()
]

SHELLS = ("bash", "console", "sh")
LANGUAGES = (*SHELLS, "python", "toml", "json", "text", "mermaid", "yaml", "ini")

# Commands of others, which a README may show and this test does not run.
FOREIGN = {
    "cd",
    "curl",
    "export",
    "git",
    "journalctl",
    "mpremote",
    "pip",
    "pytest",
    "python3",
    "source",
    "sudo",
    ".",
    "uv",
}
# Commands of ours that run until they are interrupted.
UNTIL_INTERRUPTED = {("lab",), ("serve",), ("board", "monitor"), ("board", "repl"), ("console",)}

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^(?P=indent)```\s*$", re.M | re.S)
_ASSIGNMENT = re.compile(r"[A-Z_]+=")


@dataclass(frozen=True)
class Block:
    """
    A fenced block: where it starts, its language, its text.
    """

    path: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}"


@dataclass(frozen=True)
class Command:
    """
    One command of a shell block: its words, what is set for it, and what its comment says of it.
    """

    words: tuple[str, ...]
    variables: dict[str, str]
    exit_code: int
    on_hardware: bool


def blocks(path: Path, markdown: str) -> list[Block]:
    """
    The fenced blocks of a page.
    """
    found = []
    for match in _FENCE.finditer(markdown):
        line = markdown.count("\n", 0, match.start()) + 1
        text = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.M)
        found.append(Block(path, line, match["language"], text))
    return found


def commands(block: Block) -> list[Command]:
    """
    The commands of a shell block; in a `console` block they follow a `$ `, and the rest is what they print.
    """
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [command(line) for line in lines if line.strip() and not line.strip().startswith("#")]


def command(line: str) -> Command:
    """
    A line of a shell, up to its first pipe or redirection.
    """
    code, _, comment = line.partition(" #")
    words = shlex.split(re.split(r"[|>]", code)[0])
    variables = {}
    while words and _ASSIGNMENT.match(words[0]):
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    exits = re.search(r"\bexits (\d+)", comment)
    return Command(tuple(words), variables, int(exits[1]) if exits else 0, "on hardware" in comment)


def on_sim(words: tuple[str, ...]) -> list[str]:
    """
    The same command on the simulated rig.
    """
    moved: list[str] = []
    for word in words:
        if moved and moved[-1] == "--rig" and not word.startswith("sim"):
            word = "sim"
        moved += ["--rig", "sim"] if word.startswith("--rig=") else [word]
    return moved


def in_tables(markdown: str) -> list[str]:
    """
    The commands of ours in a page's tables that somebody could type as they stand there.
    """
    cells = re.findall(r"^\|.*\|$", markdown, re.M)
    return [line for cell in cells for line in re.findall(r"`(crashbench (?:run|gameday run) [a-z][^`]*)`", cell)]


def targets(makefile: str) -> set[str]:
    """
    The targets that a Makefile declares.
    """
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))


@pytest.fixture(params=READMES, ids=lambda path: str(path.relative_to(ROOT)))
def where(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def page(where: Path) -> list[Block]:
    return blocks(where, where.read_text("utf-8"))


@pytest.fixture
def folder(page: list[Block], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    A folder like the checkout's, with the page's own TOML files in it, and a home with one run.
    """
    shutil.copytree(ROOT / "rigs", tmp_path / "rigs")
    for block in page:
        if block.language == "toml":
            save(block, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRASHBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CRASHBENCH_RIG", "sim")
    monkeypatch.delenv("CRASHBENCH_ENVIRONMENT", raising=False)
    return tmp_path


def save(block: Block, folder: Path) -> Path:
    """
    Writes a TOML block to the file that its first line names, `# rigs/mine.toml`, or else to one named after its place.
    """
    named = re.match(r"#\s*([\w./-]+\.toml)\b", block.text)
    path = folder / (named[1] if named else f"block-{block.line}.toml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    return path


def test_every_block_says_its_language(page: list[Block]) -> None:
    assert [f"{block}: '{block.language}'" for block in page if block.language not in LANGUAGES] == []


def test_every_toml_block_loads(page: list[Block], folder: Path) -> None:
    for block in page:
        if block.language == "toml":
            path, table = save(block, folder), tomllib.loads(block.text)
            if "dut" in table:
                load_rig(str(path))
            if "fault" in table and "steady_state" in table:
                load_drill(str(path))
            if "scenario" in table:
                load_gameday(str(path))


def test_every_json_block_is_json(page: list[Block]) -> None:
    for block in page:
        if block.language == "json":
            json.loads(block.text)


def test_every_python_block_runs(page: list[Block], folder: Path) -> None:
    for block in page:
        if block.language == "python":
            run([sys.executable, "-W", "error", "-c", block.text], {}, 0, block)


@pytest.mark.process
def test_every_command_runs(page: list[Block], folder: Path) -> None:
    mine = [(block, one) for block in page if block.language in SHELLS for one in commands(block)]
    if any(one.words[0].endswith("crashbench") for _, one in mine):
        run(crashbench(["run", "power-outage", "--rig", "sim"]), {}, 0, "before the page's own commands")
    for block, one in mine:
        program, arguments = one.words[0].removeprefix(".venv/bin/"), one.words[1:]
        if program == "make":
            wanted = {word for word in arguments if "=" not in word and not word.startswith("-")}
            assert wanted <= targets((ROOT / "Makefile").read_text("utf-8")), block
        elif program == "crashbench":
            is_shown_only = one.on_hardware or any(arguments[: len(name)] == name for name in UNTIL_INTERRUPTED)
            line = [*arguments, "--help"] if is_shown_only else on_sim(arguments)
            run(crashbench(line), one.variables, 0 if is_shown_only else one.exit_code, block)
        else:
            assert program in FOREIGN, f"{block}: say in this test how `{program}` is checked"


def test_every_command_of_a_table_would_run(
    where: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    for line in in_tables(where.read_text("utf-8")):
        match shlex.split(line):
            case ["crashbench", "run", *rest]:
                assert main.run(["check", *rest]) == Exit.HELD, f"{line}\n{capsys.readouterr().err}"
                assert "the guard would refuse" not in capsys.readouterr().out, line
            case ["crashbench", "gameday", "run", file, *rest]:
                scenarios = [scenario.name for scenario in load_gameday(file).scenarios]
                assert rest in ([], *(["--scenario", name] for name in scenarios)), line
            case _:
                raise AssertionError(f"{line}: say in this test how it is checked")


def test_every_link_inside_the_checkout_leads_somewhere(where: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", where.read_text("utf-8"))
    assert [link for link in links if not (where.parent / link).exists()] == []


def test_every_duration_and_every_exit_code_is_explained() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in DURATIONS if f"`{name}`" not in text] == []
    assert [code for code in Exit if not re.search(rf"^\|.*\b{code.value}\b.*\|$", text, re.M)] == []


def crashbench(arguments: list[str]) -> list[str]:
    """
    The command as this test's own interpreter installed it.
    """
    return [str(Path(sys.executable).with_name("crashbench")), *arguments]


def run(line: list[str], variables: dict[str, str], exit_code: int, where: object) -> None:
    """
    Runs a command line, and holds it to its exit code.
    """
    done = subprocess.run(line, env=os.environ | variables, capture_output=True, text=True, timeout=60, check=False)
    told = f"{where}: {shlex.join(line)} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    assert done.returncode == exit_code, told


# --- the reading of a page --------------------------------------------------------------------------------------------


PAGE = """
```console
$ crashbench run power-outage --rig lab --trials 3 \\
    --json -   # exits 1
verdict: held
$ CHAOS_ENABLED=true crashbench status --rig=rigs/pi.toml | less  # on hardware
```
1. In a list:
   ```toml
   # rigs/mine.toml
   title = "mine"
   ```
```bash
# a remark
make drill   # once
```
"""


def test_blocks_are_found_with_their_place_and_without_their_indent() -> None:
    found = blocks(Path("PAGE.md"), PAGE)
    assert [(str(block), block.language) for block in found] == [
        ("PAGE.md:2", "console"),
        ("PAGE.md:9", "toml"),
        ("PAGE.md:13", "bash"),
    ]
    assert tomllib.loads(found[1].text) == {"title": "mine"}


def test_commands_are_told_from_what_they_print() -> None:
    console, _, bash = blocks(Path("PAGE.md"), PAGE)
    first, second = commands(console)
    assert first.words == ("crashbench", "run", "power-outage", "--rig", "lab", "--trials", "3", "--json", "-")
    assert (first.exit_code, first.on_hardware) == (1, False)
    assert (second.words, second.variables) == (
        ("crashbench", "status", "--rig=rigs/pi.toml"),
        {"CHAOS_ENABLED": "true"},
    )
    assert (second.exit_code, second.on_hardware) == (0, True)
    assert [one.words for one in commands(bash)] == [("make", "drill")]


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("run x --rig lab", "run x --rig sim"),
        ("run x --rig sim-board", "run x --rig sim-board"),
        ("run x --rig=lab --seed 1", "run x --rig sim --seed 1"),
        ("run 'my --rig drill.toml'", "run 'my --rig drill.toml'"),
        ("list", "list"),
    ],
)
def test_a_command_is_moved_to_the_simulated_rig(line: str, changed: str) -> None:
    assert shlex.join(on_sim(tuple(shlex.split(line)))) == changed


def test_a_toml_block_is_saved_under_the_name_it_gives_itself(tmp_path: Path) -> None:
    _, toml, _ = blocks(Path("PAGE.md"), PAGE)
    assert save(toml, tmp_path) == tmp_path / "rigs/mine.toml"


def test_a_command_that_ends_otherwise_is_seen() -> None:
    with pytest.raises(AssertionError, match="ended with 3"):
        run([sys.executable, "-c", "raise SystemExit(3)"], {}, 0, "here")


def test_commands_are_found_in_tables_and_nowhere_else() -> None:
    page = "run `crashbench run a`\n\n| x | `crashbench run b --rig sim` |\n|---|---|\n| `crashbench run DRILL` | y |\n"
    assert in_tables(page) == ["crashbench run b --rig sim"]


def test_the_makefiles_targets_are_found() -> None:
    assert {"drill", "test"} <= targets((ROOT / "Makefile").read_text("utf-8"))
