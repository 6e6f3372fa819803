from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.source import read, shipped
from harness.errors import UsageError

NOBODY_READS = Path("/proc/self/mem")

TEXT = """
title = "cut"
[trials]
count = 2
[[fault]]
kind = "power_cut"
for = "3 s"
[[fault]]
kind = "noop"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cut.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def refusal(name: object, *overrides: str) -> str:
    with pytest.raises(UsageError) as error:
        read("drill", str(name), overrides)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_file_is_read_by_its_path_and_goes_by_its_stem(file: Path) -> None:
    source = read("drill", str(file))
    assert (source.path, source.name, source.table) == (file, "cut", tomllib.loads(TEXT))


def test_a_digest_is_of_the_content_and_of_the_overrides(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.toml"
    copy.write_bytes(file.read_bytes())
    assert read("drill", str(copy)).digest == read("drill", str(file)).digest
    assert read("drill", str(file), ["title=x"]).digest != read("drill", str(file)).digest


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("trials.count=5", ("trials", "count"), 5),
        ("drill.trials.count=5", ("trials", "count"), 5),
        ('title="other"', ("title",), "other"),
        ("title=other words", ("title",), "other words"),
        ("fault.0.for=1 s", ("fault", 0, "for"), "1 s"),
        ("fault.1.kind=power_flicker", ("fault", 1, "kind"), "power_flicker"),
        ("fault.1={ kind = 'http' }", ("fault", 1), {"kind": "http"}),
        ("blast_radius.duts=2", ("blast_radius", "duts"), 2),
        ("ready=['health']", ("ready",), ["health"]),
        (" hold = 2 s ", ("hold",), "2 s"),
        ("title=a=b", ("title",), "a=b"),
    ],
)
def test_an_override_sets_one_key(file: Path, override: str, key: tuple[str | int, ...], value: object) -> None:
    at: object = read("drill", str(file), [override]).table
    for part in key:
        at = at[part]  # type: ignore[index]
    assert at == value


def test_a_later_override_wins(file: Path) -> None:
    assert read("drill", str(file), ["trials.count=5", "trials.count=6"]).table["trials"] == {"count": 6}


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("trials.count", "--set: 'trials.count' is no override; write drill.key=value"),
        ("=5", "--set =5: names no key; write drill.key=value"),
        ("trials..count=5", "--set trials..count=5: names no key; write drill.key=value"),
        ("title.deep=5", "--set title.deep: 'deep' is inside a plain value"),
        ("title.very.deep=5", "--set title.very.deep: 'very' is inside a plain value"),
        ("fault.2.kind=noop", "--set fault.2.kind: '2' is no place in a list of 2; count from 0"),
        ("fault.2=noop", "--set fault.2: '2' is no place in a list of 2; count from 0"),
        ("fault.kind=noop", "--set fault.kind: 'kind' is no place in a list of 2; count from 0"),
        ("fault.-1.kind=noop", "--set fault.-1.kind: '-1' is no place in a list of 2; count from 0"),
    ],
)
def test_an_override_that_fits_nowhere_is_refused(file: Path, override: str, told: str) -> None:
    assert refusal(file, override) == told


@given(override=st.text(max_size=20))
def test_no_override_breaks_the_reading(tmp_path_factory: pytest.TempPathFactory, override: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(TEXT, encoding="utf-8")
    try:
        read("drill", str(path), [override])
    except UsageError as error:
        told = str(error)
        assert told.startswith("--set")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.toml") == f"{tmp_path}/no.toml: there is no such file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: is not a file"


@pytest.mark.skipif(not NOBODY_READS.exists(), reason="needs a file that even root cannot read, as Linux has")
def test_a_file_that_cannot_be_read_is_told() -> None:
    assert refusal(NOBODY_READS) == f"{NOBODY_READS}: cannot be read: Input/output error"


def test_a_link_to_nowhere_is_told(tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "gone.toml")
    assert refusal(link) == f"{link}: there is no such file"


def test_what_is_not_text_is_told(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    assert refusal(file) == f"{file}: cannot be read: it is not UTF-8 text"


def test_what_is_not_toml_is_told_with_its_line(file: Path) -> None:
    file.write_text('title = "a"\nseverity = P1\n', encoding="utf-8")
    assert refusal(file) == f"{file}: is not TOML: Invalid value (at line 2, column 12)"


def test_every_shipped_file_is_found_by_its_name() -> None:
    for what in ("rig", "drill"):
        for name, path in shipped(what).items():
            assert read(what, name).path == path


def test_an_unknown_name_is_told_with_the_nearest_shipped_one() -> None:
    shipped_drill = next(iter(shipped("drill")))
    told = refusal(shipped_drill[:-1])
    assert told == (
        f"drill: no shipped drill '{shipped_drill[:-1]}'; did you mean '{shipped_drill}'?, or give a file's path"
    )
