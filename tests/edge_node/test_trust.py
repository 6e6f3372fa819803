"""
Updates and credentials: only from who holds the key, and no credential twice.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from harness import clock
from tests.edge_node.playing import OnCall, Run, Running, until

# Minutes of real processes: in the long form only.
pytestmark = [pytest.mark.lab, pytest.mark.soak]

KEY = b"the key"


@pytest.fixture
def options(tmp_path: Path, on_call: OnCall) -> list[str]:
    (tmp_path / "key").write_bytes(KEY + b"\n")
    return ["--boot-s", "0", "--key", str(tmp_path / "key"), "--alert-url", on_call.url]


def signed(*lines: object, key: bytes = KEY) -> str:
    return hmac.new(key, "\n".join(map(str, lines)).encode(), hashlib.sha256).hexdigest()


def update(counter: int, payload: str = "firmware", **changed: Any) -> dict[str, Any]:
    told = {"counter": counter, "payload": payload, "signature": signed("update", counter, payload)}
    return {**told, **changed}


def credential(at_s: int, nonce: str = "n", user: str = "operator", **changed: Any) -> dict[str, Any]:
    told = {"timestamp": at_s, "nonce": nonce, "user": user, "signature": signed("session", at_s, nonce, user)}
    return {**told, **changed}


FORGED = update(4, signature=signed("update", 4, "firmware", key=b"another"))


def post(node: Running, path: str, body: Any) -> int:
    return node.ask("POST", path, json.dumps(body).encode()).status_code


def events(node: Running) -> list[str]:
    return [entry["event"] for entry in node.ask("GET", "/audit").json()["entries"]]


def now_s() -> int:
    return clock.Anchor.take().wall_ns // clock.NS_PER_S


def test_a_signed_update_is_installed_and_outlives_the_node(run: Run, options: list[str]) -> None:
    node = run(*options).until_it_answers()
    assert post(node, "/update", update(3)) == 200
    assert node.says(update=3)
    node.kill()
    assert run(*options).until_it_answers().says(update=3)


def test_forged_updates_are_refused_audited_and_alerted(run: Run, options: list[str], on_call: OnCall) -> None:
    node = run(*options).until_it_answers()
    forged = (
        FORGED,
        {**update(4), "payload": "malware"},
        {**update(3), "counter": 4},
        update(4, signature=""),
        update(4, signature="é"),
    )
    assert [post(node, "/update", each) for each in forged] == [403] * 5
    assert (node.health()["update"], events(node)) == (0, ["update_refused"] * 5)
    until(lambda: len(on_call.named("UpdateRefused")) == 5)
    assert node.metric('edge_node_refused_total{what="update"}') == 5


def test_an_update_that_is_not_newer_is_refused(run: Run, options: list[str]) -> None:
    node = run(*options).until_it_answers()
    assert [post(node, "/update", update(counter)) for counter in (3, 3, 1, 4)] == [200, 403, 403, 200]
    assert events(node) == ["update_installed", "update_refused", "update_refused", "update_installed"]


def test_by_defect_a_forged_update_is_installed(run: Run, options: list[str]) -> None:
    node = run(*options, "--defect", "accepts_forged_update").until_it_answers()
    assert post(node, "/update", FORGED) == 200
    assert node.says(update=4)


def test_a_credential_is_good_for_once(run: Run, options: list[str], on_call: OnCall) -> None:
    node = run(*options).until_it_answers()
    once = credential(now_s())
    assert [post(node, "/session", each) for each in (once, once, credential(now_s(), "m"))] == [200, 403, 200]
    assert events(node) == ["credential_refused"]
    until(lambda: on_call.named("CredentialRefused"))
    assert node.metric('edge_node_refused_total{what="credential"}') == 1


def test_no_other_credential_is_taken(run: Run, options: list[str]) -> None:
    """
    An old one, one of tomorrow, one from before the boot (it may have been used then), and a forged one.
    """
    node = run(*options).until_it_answers()
    forged = credential(now_s(), signature=signed("session", 0, "n", "operator"))
    others = (credential(now_s() - 60), credential(now_s() + 60), credential(now_s() - 20), forged)
    assert [post(node, "/session", each) for each in others] == [403] * 4
    reasons = [entry["reason"].split()[0] for entry in node.ask("GET", "/audit").json()["entries"]]
    assert reasons == ["made", "made", "made", "forged:"]


def test_by_defect_a_credential_is_good_again_and_again(run: Run, options: list[str]) -> None:
    node = run(*options, "--defect", "accepts_replay").until_it_answers()
    once = credential(now_s())
    assert [post(node, "/session", once) for _ in range(2)] == [200, 200]
    assert post(node, "/session", {**once, "user": "another"}) == 403


def test_what_is_no_update_is_a_bad_request(run: Run, options: list[str]) -> None:
    node = run(*options).until_it_answers()
    for body in ([], {}, {**update(4), "counter": "4"}, {**update(4), "counter": True}, "{"):
        assert post(node, "/update", body) == 400


def test_by_defect_nothing_is_audited(run: Run, options: list[str]) -> None:
    node = run(*options, "--defect", "no_audit").until_it_answers()
    assert post(node, "/update", FORGED) == 403
    assert events(node) == []
