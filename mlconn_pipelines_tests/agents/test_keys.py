"""Keys, codes and jobs: who vouches for what, and what a stolen gateway or a proxy can do with it."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.agents import enrollment, jobs
from mlconn_pipelines.agents.canonical import Malformed
from mlconn_pipelines.agents.envelope import opened
from mlconn_pipelines.agents.keys import (
    OVERLAP_S,
    PublicKey,
    Signer,
    Signs,
    certified,
    certified_key,
    is_signed,
    new_private,
    next_key,
    rotated,
)
from mlconn_pipelines_tests.agents.speaking import NOW, Speaker

ROOT = Signer(new_private())
JOB = jobs.Job("acme.17.1", "A1", "ABC", "po.create", {"vendor": "0001"}, jobs.Effect.WRITE, NOW + 600, idem_ref="D17")


def test_a_private_key_is_shown_nowhere() -> None:
    private = new_private()
    signer = Signer(private)
    assert private.hex() not in repr(signer) + str(vars(signer))
    with pytest.raises(TypeError):
        pickle.dumps(signer)


def test_the_key_before_holds_for_the_overlap_and_earlier_ones_end() -> None:
    first, second, third = (Signer(new_private()).public for _ in range(3))
    keys = rotated([PublicKey(first, NOW)], second, NOW + 10)
    assert [key.valid_until for key in keys][:1] == [NOW + 10 + OVERLAP_S]
    assert rotated(keys, second, NOW + 20) == keys
    keys = rotated(keys, third, NOW + 30)
    assert [key.holds(NOW + 31) for key in keys] == [False, True, True]
    assert [key.holds(NOW + 30 + OVERLAP_S) for key in keys] == [False, False, True]
    with pytest.raises(Malformed):
        rotated(keys, first, NOW + 40)


def test_the_next_key_shows_that_it_is_there_and_for_this_agent() -> None:
    following = Signer(new_private())
    body = following.signed(Signs.NEXT_KEY, {"agent_id": "A1", "public": following.public.hex()})
    assert next_key("A1", body) == following.public
    for wrong in (
        {**body, "agent_id": "A2"},
        {**body, "public": ROOT.public.hex()},
        Signer(new_private()).signed(Signs.NEXT_KEY, {"agent_id": "A1", "public": following.public.hex()}),
    ):
        with pytest.raises(Malformed):
            next_key("A1", wrong)


def test_only_the_root_vouches_for_a_key_of_jobs() -> None:
    key = PublicKey(Signer(new_private()).public, NOW, NOW + 100)
    certificate = certified(ROOT, key)
    assert certified_key(certificate, ROOT.public) == key
    for wrong, root in ((certificate, Signer(new_private()).public), ({**certificate, "valid_until": NOW + 101}, ROOT.public)):
        with pytest.raises(Malformed):
            certified_key(wrong, root)


def test_a_code_is_128_bits_and_read_however_it_was_typed() -> None:
    codes = {enrollment.new_code() for _ in range(50)}
    assert len(codes) == 50
    code = codes.pop()
    assert len(code.replace("-", "")) * 5 >= enrollment.CODE_BITS
    assert enrollment.secret_of(f" {code.lower().replace('-', ' ')} ") == enrollment.secret_of(code)
    assert code not in repr(enrollment.secret_of(code)) and enrollment.secret_of(code).key.hex() not in repr(
        enrollment.secret_of(code)
    )


def test_an_enrollment_proves_the_code_without_telling_it() -> None:
    speaker, code = Speaker(), enrollment.new_code()
    content = speaker.enrolls(code)
    assert code not in content.decode()
    asked = enrollment.enrollment(opened(content))
    assert asked.knows(enrollment.secret_of(code).key)
    assert not asked.knows(enrollment.secret_of(enrollment.new_code()).key)


def test_a_proxy_cannot_put_its_own_key_into_an_enrollment() -> None:
    code = enrollment.new_code()
    body = json.loads(Speaker().enrolls(code))["body"]
    thief = Speaker()
    stolen = thief.says("enroll", {**body, "public": thief.signer.public.hex()}, agent_id="")
    assert not enrollment.enrollment(opened(stolen)).knows(enrollment.secret_of(code).key)
    with pytest.raises(Malformed):
        enrollment.enrollment(opened(thief.says("enroll", body, agent_id="")))


@pytest.mark.parametrize(
    "other",
    [
        {"job_id": "acme.18.1"},
        {"agent_id": "A2"},
        {"company": "XYZ"},
        {"not_after": NOW + 9_999},
        {"verb": "receipt.post"},
        {"params": {}},
        {"effect": "read"},
    ],
    ids=str,
)
def test_a_stolen_gateway_can_change_nothing_of_a_job(other: dict[str, Any]) -> None:
    signer = Signer(new_private())
    signed = jobs.signed_job(JOB, signer, NOW)
    assert is_signed(Signs.JOB, signed, signer.public)
    assert not is_signed(Signs.JOB, {**signed, **other}, signer.public)


@pytest.mark.parametrize(
    "other",
    [
        {"id": "a b"},
        {"id": "x" * 61},
        {"company": "x" * 11},
        {"verb": ""},
        {"idem_ref": "x" * 61},
        {"deadline_s": 901},
        {"not_after": NOW + jobs.LIFE_MAX_S + 1},
    ],
    ids=str,
)
def test_nothing_is_signed_that_no_agent_would_take(other: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        jobs.signed_job(replace(JOB, **other), Signer(new_private()), NOW)


def test_given_again_a_job_is_the_same_and_another_is_not() -> None:
    assert replace(JOB, attempt=2, not_after=NOW + 999).digest == JOB.digest
    for other in (
        {"company": "XYZ"},
        {"params": {"vendor": "0002"}},
        {"verb": "po.get"},
        {"idem_ref": "D18"},
        {"agent_id": "A2"},
    ):
        assert replace(JOB, **other).digest != JOB.digest  # type: ignore[arg-type]


@given(st.sampled_from(jobs.Outcome), st.text(max_size=20), st.integers(0, 86_400))
def test_a_result_says_what_became_of_a_job(outcome: jobs.Outcome, number: str, after_s: int) -> None:
    found = jobs.result({"job_id": "1", "outcome": outcome.value, "number": number, "after_s": after_s, "colour": "red"})
    assert (found.outcome, found.number, found.after_s) == (outcome, number, after_s)
    assert found.nothing_done == (outcome in ("retry", "expired", "unsupported"))


@pytest.mark.parametrize(
    "body",
    [{}, {"job_id": "1", "outcome": "done"}, {"job_id": "1 2", "outcome": "ok"}, {"job_id": "1", "outcome": "ok", "number": 7}],
    ids=str,
)
def test_a_result_of_another_form_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        jobs.result(body)


def test_a_page_has_500_rows_at_most() -> None:
    rows = [{"n": n} for n in range(501)]
    assert len(jobs.page({"job_id": "1", "page": 1, "rows": rows[:500], "cursor": ["x"]}).rows) == 500
    for wrong in ({"rows": rows}, {"rows": ["x"]}, {"cursor": [1]}, {"page": 0}):
        with pytest.raises(Malformed):
            jobs.page({"job_id": "1", "page": 1, "rows": [], **wrong})
