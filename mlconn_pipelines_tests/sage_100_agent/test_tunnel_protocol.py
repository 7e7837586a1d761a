"""Nothing that was changed, replayed, re-addressed or signed as something else is believed."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_100_agent.tunnel.envelopes import BYTES_MAX, WINDOW_S, Sender, pack, unpack
from sage_100_agent.tunnel.job_keys import JobKeys
from sage_100_agent.tunnel.statements import WHOLE_MAX, BadStatement, canonical, parse, sign, verify

NOW = 1_800_000_000
ROOT, FIRST, NEXT, AGENT, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (1, 2, 3, 4, 5))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-WHOLE_MAX, WHOLE_MAX) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.text(max_size=6), JSON, max_size=4)


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def issue(serial: int = 1, root: Ed25519PrivateKey = ROOT, **keys: Ed25519PrivateKey) -> dict[str, Any]:
    listed = [{"key_id": name, "public": public(key), "from": NOW - 1000, "until": NOW + 1000} for name, key in keys.items()]
    return sign("job_keys", {"serial": serial, "keys": listed}, root)


KEYS = JobKeys(ROOT.public_key()).issued(issue(first=FIRST, next=NEXT))


def job(key: Ed25519PrivateKey = FIRST, kind: str = "job", **change: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "job_id": "attempt-1", "agent_id": "agent-1", "key_id": "first", "verb": "po.create", "verb_version": 1, "effect": "write",
        "company": "MER", "params": {"vendor": "V1"}, "idem_ref": "mlc:1", "issued": NOW, "not_after": NOW + 3600, "deadline_s": 60,
        "attempt": 1,
    }  # fmt: skip
    return sign(kind, told | change, key)


def sender() -> Sender:
    return Sender("agent-1", "key-1", "boot-1", AGENT)


def believed_by_the_platform(packed: bytes, key: Ed25519PublicKey) -> dict[str, Any]:
    """The other half, written from the description: what is signed, and in which bytes."""
    told: dict[str, Any] = json.loads(gzip.decompress(packed))
    signature = base64.b64decode(told.pop("sig"))
    plain = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    key.verify(signature, b"mlconn-sage-100 envelope 1\n" + plain)
    return told


@settings(max_examples=60, deadline=None)
@given(body=BODIES)
def test_what_the_agent_seals_is_believed_and_no_other_key_is(body: dict[str, Any]) -> None:
    told = believed_by_the_platform(sender().seal("poll", body, NOW), AGENT.public_key())
    assert told["body"] == body and (told["ts"], told["exp"]) == (NOW, NOW + WINDOW_S)
    with pytest.raises(InvalidSignature):
        believed_by_the_platform(sender().seal("poll", body, NOW), STRANGER.public_key())


@settings(max_examples=60, deadline=None)
@given(statement=BODIES.filter(lambda body: "sig" not in body), name=st.text(max_size=6), value=JSON)
def test_no_change_of_a_statement_keeps_its_signature(statement: dict[str, Any], name: str, value: Any) -> None:
    signed = sign("job", statement, FIRST)
    verify("job", parse(canonical(signed)), FIRST.public_key())
    verify("job", dict(reversed(signed.items())), FIRST.public_key())
    changed = signed | {name: value}
    if name != "sig" and canonical(changed) != canonical(signed):
        with pytest.raises(BadStatement):
            verify("job", changed, FIRST.public_key())
    with pytest.raises(BadStatement):
        verify("job_keys", signed, FIRST.public_key())


def test_seq_rises_and_an_envelope_that_is_too_large_is_not_sent() -> None:
    one = sender()
    numbers = [json.loads(unpack(one.seal("poll", {}, NOW)))["seq"] for _ in range(3)]
    assert numbers == [1, 2, 3]
    with pytest.raises(BadStatement) as refused:
        one.seal("result", {"text": "x" * BYTES_MAX}, NOW)
    assert refused.value.code == "size"


def answer(**change: Any) -> bytes:
    told: dict[str, Any] = {
        "v": 1,
        "type": "jobs",
        "agent_id": "agent-1",
        "boot_id": "boot-1",
        "re": 1,
        "ts": NOW,
        "body": {"jobs": []},
    }
    return pack(canonical(told | change))


def test_an_answer_belongs_to_one_envelope_and_what_is_new_in_it_is_left_alone() -> None:
    assert sender().answer(answer(later="field"), 1, NOW + WINDOW_S) == ("jobs", {"jobs": []})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"re": 2}, "not_ours"),
        ({"boot_id": "boot-2"}, "not_ours"),
        ({"agent_id": "agent-2"}, "not_ours"),
        ({"ts": NOW - WINDOW_S - 1}, "time"),
        ({"ts": NOW + WINDOW_S + 1}, "time"),
        ({"ts": True}, "time"),
        ({"v": 2}, "protocol"),
        ({"type": "execute"}, "type"),
        ({"body": []}, "type"),
    ],
)
def test_any_other_answer_is_as_good_as_none(change: dict[str, Any], code: str) -> None:
    with pytest.raises(BadStatement) as refused:
        sender().answer(answer(**change), 1, NOW)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"{}",
        answer()[:-1],
        answer() + b"x",
        answer() + answer(),
        pack(b'{"a":1,"a":2}'),
        pack(b'{"a":1.5}'),
        pack(b'{"a":NaN}'),
        pack(b"[]"),
        pack(b'{"a":"\\ud800"}'),
        pack(b"[" * 100_000),
        pack(b'{"a":' * 50 + b"1" + b"}" * 50),
        pack(b'{"a":9007199254740993}'),
        pack(b" " * (BYTES_MAX + 1)),
        pack(b"\xff"),
    ],
    ids=range(15),
)
def test_bytes_that_two_readers_might_read_differently_are_not_read(packed: bytes) -> None:
    with pytest.raises(BadStatement):
        sender().answer(packed, 1, NOW)


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=200))
def test_no_bytes_bring_the_reader_down(raw: bytes) -> None:
    for packed in (raw, pack(raw)):
        with pytest.raises(BadStatement):
            sender().answer(packed, 1, NOW)


def test_a_job_of_a_known_key_for_this_agent_is_believed() -> None:
    assert KEYS.job(job(), "agent-1", NOW) == job()
    assert KEYS.job(job(NEXT, key_id="next", additional="field"), "agent-1", NOW)["additional"] == "field"
    assert KEYS.job(job(), "agent-1", NOW + 100_000)["job_id"] == "attempt-1", "a late one is told as expired, not as forged"


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        (lambda: job(STRANGER), "signature"),
        (lambda: job(NEXT), "signature"),
        (lambda: job(key_id="none"), "key"),
        (lambda: job(kind="envelope"), "signature"),
        (lambda: job() | {"company": "EUR"}, "signature"),
        (lambda: job() | {"not_after": NOW + 7200}, "signature"),
        (lambda: {name: value for name, value in job().items() if name != "sig"}, "signature"),
        (lambda: job() | {"sig": "no base64"}, "signature"),
        (lambda: job(agent_id="agent-2"), "not_ours"),
        (lambda: job(issued=NOW - 2000, not_after=NOW), "time"),
        (lambda: job(issued=NOW + 900, not_after=NOW + 1000), "time"),
        (lambda: job(not_after=NOW + 8 * 86_400), "time"),
        (lambda: job(not_after=NOW - 1), "time"),
        (lambda: job(deadline_s=100_000), "time"),
        (lambda: job(params=[]), "form"),
        (lambda: job(company="ABCD"), "form"),
        (lambda: job(verb_version=True), "form"),
        (lambda: job(idem_ref="x" * 31), "form"),
        (lambda: None, "form"),
    ],
)
def test_a_job_that_is_forged_changed_or_of_somebody_else_is_not(forged: Callable[[], Any], code: str) -> None:
    with pytest.raises(BadStatement) as refused:
        KEYS.job(forged(), "agent-1", NOW)
    assert refused.value.code == code


def test_keys_change_by_the_root_alone_and_an_old_issue_brings_none_back() -> None:
    with pytest.raises(BadStatement):
        KEYS.issued(issue(2, root=FIRST, mine=STRANGER))
    later = KEYS.issued(issue(2, next=NEXT))
    with pytest.raises(BadStatement):
        later.job(job(), "agent-1", NOW)
    assert later.job(job(NEXT, key_id="next"), "agent-1", NOW)
    assert later.issued(issue(first=FIRST)) is later
    with pytest.raises(BadStatement):
        JobKeys(ROOT.public_key()).job(job(), "agent-1", NOW)
