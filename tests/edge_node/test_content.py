"""
Content for users: whole, from the cache, and poison never; what the workers bring and take away.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.edge_node.playing import Link, OnCall, Origin, Run, Running, module, until

# Minutes of real processes: in the long form only.
pytestmark = [pytest.mark.lab, pytest.mark.soak]

POISON = b"corrupted data"
# Without a warmer: it is killed, and gone for good.
QUIET = ("--defect", "worker_not_restarted")


def synced(run: Run, surroundings: list[str], *options: str) -> Running:
    node = run(*surroundings, *options).until_it_answers()
    until(lambda: node.says(cached=16, uplink="fibre"))
    if options[:2] == QUIET:
        os.kill(until(lambda: warmer(node)), signal.SIGKILL)
        until(lambda: warmer(node) is None)
    return node


def warmer(node: Running) -> int | None:
    found: int | None = node.health()["workers"]["warmer"]["pid"]
    return found


def poison(state: Path, item: str) -> None:
    (copy,) = (state / "cache" / item).iterdir()
    copy.write_bytes(POISON)


def audited(node: Running) -> list[tuple[str, str]]:
    return [(entry["event"], entry["item"]) for entry in node.ask("GET", "/audit").json()["entries"]]


def test_it_serves_what_the_origin_has(run: Run, surroundings: list[str], origin: Origin) -> None:
    node = synced(run, surroundings)
    for item in origin.ask("GET", "/catalogue").json():
        answer = node.ask("GET", f"/content/{item['id']}")
        assert (answer.status_code, answer.headers["X-Cache"]) == (200, "hit")
        assert hashlib.sha256(answer.content).hexdigest() == item["sha256"]
    assert (node.metric("edge_node_cache_hits_total"), node.metric("edge_node_cache_misses_total")) == (16, 0)


def test_what_the_catalogue_does_not_name_is_not_found(run: Run, surroundings: list[str]) -> None:
    node = synced(run, surroundings)
    assert [node.ask("GET", f"/content/{name}").status_code for name in ("nothing", "", "..%2Frecords.log")] == [
        404
    ] * 3


def test_before_the_first_catalogue_it_says_so(run: Run) -> None:
    node = run("--boot-s", "0", "--uplink", "fibre=127.0.0.1:1").until_it_answers()
    assert node.ask("GET", "/content/p0-0").status_code == 503


def test_it_serves_from_the_cache_after_a_boot_without_the_origin(
    run: Run, surroundings: list[str], origin: Origin
) -> None:
    first = synced(run, surroundings)
    origin.kill()
    first.kill()
    second = run(*surroundings).until_it_answers()
    assert second.ask("GET", "/content/p0-0").headers["X-Cache"] == "hit"


def test_what_is_out_of_date_is_served_until_the_new_is_here(
    run: Run, surroundings: list[str], links: tuple[Link, Link], origin: Origin
) -> None:
    node = synced(run, surroundings, "--uplink-check-s", "0.1")
    before = node.ask("GET", "/content/p3-0").content
    links[0].cut(refusing=True)
    until(lambda: node.says(uplink="lte"))
    origin.ask("POST", "/change/p3-0")
    origin.ask("POST", "/change/p1-0")
    new = origin.ask("GET", "/content/p1-0").content
    until(lambda: node.ask("GET", "/content/p1-0").content == new)
    answer = node.ask("GET", "/content/p3-0")
    assert (answer.headers["X-Cache"], answer.content) == ("hit", before)
    links[0].mend()
    newest = origin.ask("GET", "/content/p3-0").content
    until(lambda: node.ask("GET", "/content/p3-0").content == newest)
    assert node.metric("edge_node_cache_misses_total") == 0


def test_a_miss_is_fetched_and_kept(run: Run, surroundings: list[str], tmp_path: Path) -> None:
    node = synced(run, surroundings, "--sync-every-s", "1000")
    (copy,) = (tmp_path / "cache" / "p2-1").iterdir()
    copy.unlink()
    assert [node.ask("GET", "/content/p2-1").headers["X-Cache"] for _ in range(2)] == ["miss", "hit"]
    assert node.metric("edge_node_cache_misses_total") == 1


def test_poison_is_rejected_fetched_anew_audited_and_alerted(
    run: Run, surroundings: list[str], tmp_path: Path, on_call: OnCall, origin: Origin
) -> None:
    node = synced(run, surroundings, *QUIET)
    poison(tmp_path, "p1-2")
    answer = node.ask("GET", "/content/p1-2")
    assert (answer.headers["X-Cache"], answer.content) == ("miss", origin.ask("GET", "/content/p1-2").content)
    assert audited(node) == [("integrity_violation", "p1-2"), ("fetched_anew", "p1-2")]
    until(lambda: on_call.named("IntegrityViolation", "resolved"))
    assert [labels["item"] for labels in on_call.named("IntegrityViolation")] == ["p1-2"]
    assert node.metric("edge_node_cache_corrupt_total") == 1
    assert node.ask("GET", "/content/p1-2").headers["X-Cache"] == "hit"


def test_the_warmer_finds_poison_before_a_user_does(run: Run, surroundings: list[str], tmp_path: Path) -> None:
    node = synced(run, surroundings)
    poison(tmp_path, "p1-2")
    until(lambda: audited(node) == [("integrity_violation", "p1-2"), ("fetched_anew", "p1-2")])
    assert node.ask("GET", "/content/p1-2").headers["X-Cache"] == "hit"


def test_poison_is_not_served_even_if_there_is_nothing_else(
    run: Run, surroundings: list[str], tmp_path: Path, origin: Origin, on_call: OnCall
) -> None:
    node = synced(run, surroundings, *QUIET)
    origin.kill()
    poison(tmp_path, "p1-2")
    assert node.ask("GET", "/content/p1-2").status_code == 503
    assert audited(node) == [("integrity_violation", "p1-2")]
    origin.start()
    until(lambda: node.says(cached=16), limit_s=15)
    until(lambda: on_call.named("IntegrityViolation", "resolved"))
    assert node.ask("GET", "/content/p1-2").status_code == 200


def test_with_hashes_unchecked_poison_is_served(run: Run, surroundings: list[str], tmp_path: Path) -> None:
    node = synced(run, surroundings, "--defect", "hash_unchecked")
    poison(tmp_path, "p1-2")
    assert node.ask("GET", "/content/p1-2").content == POISON
    assert (audited(node), node.metric("edge_node_cache_corrupt_total")) == ([], 0)


@pytest.mark.parametrize(("defect", "entries", "alerts"), [("no_audit", 0, 1), ("no_alerts", 2, 0)])
def test_poison_goes_unheard_of_by_defect(
    run: Run, surroundings: list[str], tmp_path: Path, on_call: OnCall, defect: str, entries: int, alerts: int
) -> None:
    node = synced(run, surroundings, *QUIET, "--defect", defect)
    poison(tmp_path, "p1-2")
    assert node.ask("GET", "/content/p1-2").headers["X-Cache"] == "miss"
    assert len(audited(node)) == entries
    until(lambda: len(on_call.named("IntegrityViolation", "resolved")) == alerts)


def test_the_audit_log_outlives_the_node_and_half_a_line(run: Run, surroundings: list[str], tmp_path: Path) -> None:
    node = synced(run, surroundings, *QUIET)
    poison(tmp_path, "p1-2")
    node.ask("GET", "/content/p1-2")
    node.kill()
    with open(tmp_path / "audit.jsonl", "ab") as log:
        log.write(b'{"event": "integr')
    again = synced(run, surroundings, *QUIET)
    assert audited(again) == [("integrity_violation", "p1-2"), ("fetched_anew", "p1-2")]
    poison(tmp_path, "p1-2")
    again.ask("GET", "/content/p1-2")
    assert audited(again) == [("integrity_violation", "p1-2"), ("fetched_anew", "p1-2")] * 2


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "../records.log"},
        {"id": ".hidden"},
        {"sha256": "../../records.log"},
        {"priority": "P4"},
    ],
)
def test_a_catalogue_cannot_reach_out_of_the_cache(entry: dict[str, Any]) -> None:
    sound = {"id": "a", "priority": "P0", "sha256": "0" * 64, "size": 1}
    assert module("store").Item.of(sound).path == f"/content/a/{'0' * 64}"
    with pytest.raises(ValueError, match=r"no catalogue has"):
        module("store").Item.of({**sound, **entry})


def test_what_the_catalogue_drops_is_dropped(tmp_path: Path) -> None:
    store = module("store").Store(tmp_path)
    content = b"content"
    item = module("store").Item("a", "P0", hashlib.sha256(content).hexdigest())
    store.put(item, item.checked(content))
    store.adopt({"a": item})
    assert (store.items(), store.read(item)) == ({"a": item}, content)
    store.adopt({})
    assert (store.items(), store.read(item), list((tmp_path / "cache").glob("*/*"))) == ({}, None, [])


def test_an_unreadable_catalogue_is_none(tmp_path: Path) -> None:
    store = module("store").Store(tmp_path)
    for content in ("{", json.dumps([{"id": 1}]), json.dumps({})):
        (tmp_path / "catalogue.json").write_text(content)
        assert store.items() == {}
