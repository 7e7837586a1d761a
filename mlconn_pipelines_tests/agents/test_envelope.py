"""Envelopes: one form of the bytes, one signature, and nothing that was changed on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.agents.canonical import INTEGER_MAX, Malformed, canonical, parsed
from mlconn_pipelines.agents.envelope import BYTES_MAX, chosen_protocol, opened, signed_by_one_of
from mlconn_pipelines.agents.keys import PublicKey, Signer, Signs, is_signed, new_private
from mlconn_pipelines_tests.agents.speaking import NOW, Speaker

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=5)
SIGNER = Signer(new_private())


@given(OBJECTS)
def test_however_it_was_written_the_bytes_are_the_same(values: dict[str, Any]) -> None:
    for written in (json.dumps(values), json.dumps(values, indent=2, ensure_ascii=False), canonical(values).decode()):
        assert canonical(parsed(written.encode())) == canonical(values)
    assert parsed(canonical(values)) == values


@given(OBJECTS, OBJECTS)
def test_two_things_never_have_the_same_bytes(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (canonical(one) == canonical(other)) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


@given(OBJECTS, TEXT, VALUES)
def test_a_signature_holds_for_what_was_signed_and_nothing_else(values: dict[str, Any], name: str, other: Any) -> None:
    signed = SIGNER.signed(Signs.JOB, values)
    assert is_signed(Signs.JOB, parsed(json.dumps(signed).encode()), SIGNER.public)
    assert not is_signed(Signs.ENVELOPE, signed, SIGNER.public)
    assert not is_signed(Signs.JOB, signed, Signer(new_private()).public)
    changed = {**signed, name: other}
    if canonical(changed) != canonical(signed):
        assert not is_signed(Signs.JOB, changed, SIGNER.public)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        opened(content)


@given(st.data())
def test_one_changed_byte_of_an_envelope_is_never_signed(data: st.DataObject) -> None:
    speaker = Speaker()
    sent = speaker.says("poll", {"slots": 1})
    content = bytearray(sent)
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = opened(bytes(content))
    except Malformed:
        return
    assert not changed.is_signed_by(speaker.signer.public) or changed.raw == opened(sent).raw


def test_a_tab_for_a_space_between_two_fields_says_the_same() -> None:
    speaker = Speaker()
    sent = speaker.says("poll", {"slots": 1})
    assert (changed := opened(sent.replace(b" ", b"\t", 1))).raw == opened(sent).raw
    assert changed.is_signed_by(speaker.signer.public)


def test_what_is_new_to_us_is_ignored_and_still_signed() -> None:
    speaker = Speaker()
    envelope = opened(speaker.says("poll", {"slots": 1, "colour": "red"}, trace="x"))
    assert envelope.is_signed_by(speaker.signer.public)
    changed = json.loads(speaker.says("poll", trace="x")) | {"trace": "y"}
    assert not opened(json.dumps(changed).encode()).is_signed_by(speaker.signer.public)


@pytest.mark.parametrize(
    "other",
    [{"v": 2}, {"v": True}, {"seq": 0}, {"seq": "1"}, {"type": "call"}, {"agent_id": ""}, {"agent_id": "a/b"}, {"body": [1]}],
    ids=str,
)
def test_an_envelope_of_another_form_is_malformed(other: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        opened(Speaker().says("poll", **other))


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b'{"a": 1, "a": 2}',
        b'{"a": 1.5}',
        b'{"a": NaN}',
        b'{"a": 1e3}',
        b'{"a": 9007199254740993}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"a": ' + b"9" * 5_000 + b"}",
    ],
    ids=lambda content: str(content[:20]),
)
def test_json_that_two_readers_may_read_otherwise_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        canonical(parsed(content))


def test_no_envelope_is_longer_than_a_mebibyte() -> None:
    with pytest.raises(Malformed, match="bytes"):
        opened(Speaker().says("log", {"lines": "x" * BYTES_MAX}))


def test_a_key_that_has_ended_signs_nothing_any_more() -> None:
    speaker = Speaker()
    envelope = opened(speaker.says("poll"))
    keys = [PublicKey(speaker.signer.public, NOW - 10, NOW + 10)]
    assert signed_by_one_of(envelope, keys, NOW)
    assert not signed_by_one_of(envelope, keys, NOW + 10)
    assert not signed_by_one_of(envelope, keys, NOW - 11)
    assert not signed_by_one_of(envelope, [PublicKey(Signer(new_private()).public, 0)], NOW)


@pytest.mark.parametrize(
    ("theirs", "ours", "chosen"),
    [((1, 1), (1, 1), 1), ((1, 3), (2, 3), 3), ((1, 2), (2, 3), 2), ((3, 5), (2, 3), 3), ((1, 1), (2, 3), None), ((4, 5), (2, 3), None)],
)  # fmt: skip
def test_both_speak_the_newest_that_both_know(theirs: tuple[int, int], ours: tuple[int, int], chosen: int | None) -> None:
    assert chosen_protocol(*theirs, ours=ours) == chosen
