"""Both halves of the protocol against each other; and nothing that was changed, re-addressed or signed as something else is believed."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.agents import canonical as theirs
from mlconn_pipelines.agents import enrollment, envelope, jobs, keys
from sage_100_agent.tunnel.envelopes import BYTES_MAX, GOOD_FOR_S, Sender, answer
from sage_100_agent.tunnel.job_keys import JobKeys
from sage_100_agent.tunnel.statements import WHOLE_MAX, BadStatement, Purpose, Signer, canonical, parse, verify

NOW = 1_800_000_000
FINGERPRINT = "ab" * 32
ROOT, FIRST, NEXT, STRANGER = (keys.Signer(bytes([n] * 32)) for n in (1, 2, 3, 5))
AGENT = Signer(bytes([4] * 32))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-WHOLE_MAX, WHOLE_MAX) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.text(max_size=6), JSON, max_size=4)


def certificate(of: keys.Signer, root: keys.Signer = ROOT, until: int = NOW + 1000) -> dict[str, Any]:
    return keys.certified(root, keys.PublicKey(of.public, NOW - 1000, until))


KEYS = JobKeys(ROOT.public).certified([certificate(FIRST), certificate(NEXT)])


def job(by: keys.Signer = FIRST, now: int = NOW, **change: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": "acme-12", "agent_id": "A1", "company": "MER", "verb": "po.create", "params": {"vendor": "V1"},
        "effect": jobs.Effect.WRITE, "not_after": NOW + 3600, "idem_ref": "mlc:1",
    }  # fmt: skip
    return jobs.signed_job(jobs.Job(**(told | change)), by, now)


def sender() -> Sender:
    return Sender("A1", "boot-1", AGENT)


@settings(max_examples=60, deadline=None)
@given(body=BODIES)
def test_what_the_agent_seals_the_platform_opens_and_takes_for_nobody_elses(body: dict[str, Any]) -> None:
    opened = envelope.opened(gzip.decompress(sender().seal("poll", body, NOW)))
    assert opened.body == body and (opened.ts, opened.exp, opened.seq) == (NOW, NOW + GOOD_FOR_S, 1)
    assert opened.is_signed_by(AGENT.public) and not opened.is_signed_by(STRANGER.public)


@settings(max_examples=60, deadline=None)
@given(value=BODIES)
def test_both_halves_write_the_same_bytes_and_read_them_back(value: dict[str, Any]) -> None:
    assert canonical(value) == theirs.canonical(value)
    assert parse(canonical(value)) == value == theirs.parsed(canonical(value))


@settings(max_examples=60, deadline=None)
@given(params=BODIES, name=st.text(max_size=6), value=JSON)
def test_no_change_of_a_job_keeps_its_signature(params: dict[str, Any], name: str, value: Any) -> None:
    signed = job(params=params)
    assert KEYS.job(parse(canonical(signed)), "A1", NOW) == signed
    changed = signed | {name: value}
    if changed != signed:
        with pytest.raises(BadStatement):
            KEYS.job(changed, "A1", NOW)
    with pytest.raises(BadStatement):
        verify(Purpose.JOB_KEY, signed, FIRST.public)


def test_seq_rises_and_an_envelope_that_is_too_large_is_not_sent() -> None:
    one = sender()
    assert [envelope.opened(gzip.decompress(one.seal("poll", {}, NOW))).seq for _ in range(3)] == [1, 2, 3]
    with pytest.raises(BadStatement) as refused:
        one.seal("result", {"text": "x" * BYTES_MAX}, NOW)
    assert refused.value.code == "size"


def test_an_agent_enrolls_by_a_code_that_it_does_not_tell() -> None:
    code = "abcde-FGHIJ 23456"
    new = Sender("", "boot-1", AGENT)
    sent = gzip.decompress(new.seal("enroll", new.enrollment(code, FINGERPRINT, "SAGE1"), NOW))
    told, secret = enrollment.enrollment(envelope.opened(sent)), enrollment.secret_of("ABCDEFGHIJ23456")
    assert told.code_id == secret.id and told.knows(secret.key) and told.server == "SAGE1"
    assert b"ABCDE" not in sent.upper() and not told.knows(enrollment.secret_of("other").key)


def test_the_next_key_shows_that_it_is_this_agents() -> None:
    following = Signer(bytes([6] * 32))
    assert keys.next_key("A1", sender().next_key(following)) == following.public


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"a":1,"a":2}',
        b'{"a":1.5}',
        b'{"a":NaN}',
        b"[]",
        b'{"a":"\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 50 + b"1" + b"}" * 50,
        b'{"a":9007199254740993}',
        b'{"a":' + b"9" * 5000 + b"}",
        b" " * (BYTES_MAX + 1) + b"{}",
        b"\xff",
    ],
    ids=range(12),
)
def test_bytes_that_two_readers_might_read_differently_are_not_read(content: bytes) -> None:
    with pytest.raises(BadStatement):
        answer(content)


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=200))
def test_no_bytes_bring_the_reader_down(raw: bytes) -> None:
    with pytest.raises(BadStatement):
        answer(b"\x00" + raw)


def test_a_job_of_a_certified_key_for_this_agent_is_believed() -> None:
    assert KEYS.job(job(), "A1", NOW)["job_id"] == "acme-12"
    assert KEYS.job(job(NEXT), "A1", NOW)
    assert KEYS.job(job(not_after=NOW - 10), "A1", NOW), "a late one is told as expired, not as forged"


def resigned(**change: Any) -> dict[str, Any]:
    """A job that the platform would not make, signed by its key all the same."""
    told = {name: value for name, value in job().items() if name not in ("sig", "key_id")}
    return FIRST.signed(keys.Signs.JOB, told | change)


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        (lambda: job(STRANGER), "key"),
        (lambda: job() | {"company": "EUR"}, "signature"),
        (lambda: job() | {"not_after": NOW + 7200}, "signature"),
        (lambda: job() | {"sig": job(NEXT)["sig"]}, "signature"),
        (lambda: {name: value for name, value in job().items() if name != "sig"}, "signature"),
        (lambda: job() | {"sig": "no digits"}, "signature"),
        (
            lambda: FIRST.signed(keys.Signs.ENVELOPE, {n: v for n, v in job().items() if n not in ("sig", "key_id")}),
            "signature",
        ),
        (lambda: job(agent_id="A2"), "not_ours"),
        (lambda: job(now=NOW - 2000), "time"),
        (lambda: job(now=NOW + GOOD_FOR_S + 1), "time"),
        (lambda: resigned(not_after=NOW + 31 * 86_400), "time"),
        (lambda: resigned(v=2), "protocol"),
        (lambda: resigned(deadline_s=100_000), "form"),
        (lambda: resigned(params=[]), "form"),
        (lambda: resigned(verb_version=True), "form"),
        (lambda: resigned(job_id="a/b"), "form"),
        (lambda: resigned(effect="run"), "form"),
        (lambda: None, "form"),
    ],
)
def test_a_job_that_is_forged_changed_or_of_somebody_else_is_not(forged: Callable[[], Any], code: str) -> None:
    with pytest.raises(BadStatement) as refused:
        KEYS.job(forged(), "A1", NOW)
    assert refused.value.code == code


def test_only_the_root_brings_keys_and_one_that_ended_signs_nothing_more() -> None:
    for by in (FIRST, STRANGER):
        assert KEYS.certified([certificate(STRANGER, root=by), "nonsense", {}]).keys == {}
    changed = certificate(FIRST) | {"valid_until": NOW + 99_999}
    assert KEYS.certified([changed]).keys == {}
    ended = KEYS.certified([certificate(FIRST, until=NOW + 10)])
    with pytest.raises(BadStatement):
        ended.job(job(), "A1", NOW + 10)
    with pytest.raises(BadStatement):
        JobKeys(ROOT.public).job(job(), "A1", NOW)


def test_a_private_key_is_shown_nowhere() -> None:
    assert repr(AGENT) == f"Signer({AGENT.key_id})"
