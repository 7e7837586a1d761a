"""Answers of `$batch`, read part by part whatever boundaries, line ends and bodies they come with."""

from __future__ import annotations

import json
import string

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconn_pipelines.systems.finance_operations.api.batch import decoded, first_failure

REQUEST = httpx.Request("POST", "https://fo.example/data/$batch")
BOUNDARIES = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=30)
BODIES = st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3)
ANSWERS = st.lists(st.tuples(st.sampled_from([200, 201, 204, 400, 500]), BODIES), min_size=1, max_size=4)


def multipart(boundary: str, parts: list[str], end: str) -> str:
    return "".join(f"--{boundary}{end}{part}{end}" for part in parts) + f"--{boundary}--{end}"


def one(status: int, body: dict[str, str], end: str) -> str:
    text = "" if status == 204 else json.dumps(body, ensure_ascii=False)
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary", "", f"HTTP/1.1 {status} Words"]
    return end.join([*head, "Content-Type: application/json", "Content-Length: 7", "", text])


@given(BOUNDARIES, BOUNDARIES, ANSWERS, ANSWERS, st.sampled_from(["\r\n", "\n"]), st.booleans())
def test_every_answer_is_found_in_order(
    outer: str,
    more: str,
    alone: list[tuple[int, dict[str, str]]],
    changes: list[tuple[int, dict[str, str]]],
    end: str,
    folded: bool,
) -> None:
    inner = outer + more  # the hardest case: the changeset's boundary begins like the batch's
    space = f"{end} " if folded else " "
    changeset = f'content-type: multipart/mixed;{space}boundary="{inner}"{end}{end}' + multipart(
        inner, [one(*answer, end) for answer in changes], end
    )
    text = f"a preamble{end}" + multipart(outer, [*(one(*answer, end) for answer in alone), changeset], end) + "an epilogue"
    answer = httpx.Response(200, headers={"Content-Type": f"multipart/mixed; boundary={outer}"}, content=text.encode())
    found = decoded(answer, REQUEST)
    assert [each.status_code for each in found] == [status for status, _ in (*alone, *changes)]
    told = [each.json() if each.content else None for each in found]
    assert told == [None if status == 204 else body for status, body in (*alone, *changes)]


@given(ANSWERS)
def test_a_json_batch_says_the_same(answers: list[tuple[int, dict[str, str]]]) -> None:
    """ASP.NET OData answers with it whatever form the request had."""
    told = [
        {"id": str(n), "status": status, "headers": {"content-type": "application/json", "content-length": "7"}}
        | ({} if status == 204 else {"body": body})
        for n, (status, body) in enumerate(answers, start=1)
    ]
    answer = httpx.Response(200, headers={"Content-Type": "application/json; odata.metadata=minimal"}, json={"responses": told})
    found = decoded(answer, REQUEST)
    assert [each.status_code for each in found] == [status for status, _ in answers]
    assert [each.json() if each.content else None for each in found] == [None if s == 204 else body for s, body in answers]


def test_the_change_that_was_refused_speaks_for_those_that_were_undone_with_it() -> None:
    statuses = [201, 424, 400, 424]
    answers = [httpx.Response(status, request=REQUEST) for status in statuses]
    failure = first_failure(answers)
    assert failure is not None and failure.status_code == 400
    assert first_failure(answers[:1]) is None and first_failure(answers[:2]) is answers[1]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("application/json", "{}"),
        ("application/json", '{"error": {"message": "no"}}'),
        ("application/json", "[]"),
        ("application/json", '{"responses": null}'),
        ("application/json", '{"responses": []}'),
        ("application/json", '{"responses": [{"id": "1"}]}'),
        ("application/json", '{"responses": [null]}'),
        ("application/json", '{"responses": [{"status": "201"}]}'),
        ("application/json", '{"responses": [{"status": 99999}]}'),
        ("application/json", "<html/>"),
        ("text/html", "<html/>"),
        ("multipart/mixed", "--x\r\n"),
        ("multipart/mixed; boundary=x", "nothing of the kind"),
        ("multipart/mixed; boundary=x", "--x--\r\n"),
        ("multipart/mixed; boundary=x", "--x\r\nContent-Type: text/plain\r\n\r\nHTTP/1.1 200 OK\r\n--x--"),
        ("multipart/mixed; boundary=x", "--x\r\nContent-Type: application/http\r\n\r\nOK\r\n--x--"),
    ],
)
def test_what_is_no_batch_answer_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ValueError):
        decoded(httpx.Response(200, headers={"Content-Type": kind}, content=text.encode()), REQUEST)
