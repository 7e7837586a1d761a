"""A document's story in paragraphs, as one person would tell it to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlconn_pipelines.cli.explain import explanation_of
from mlconn_pipelines.cli.output import text_of
from mlconn_pipelines.documents.remainder import RemainderSegment
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.documents.transaction_sets import set_name

Line = Mapping[str, Any]

CLAIM_ENDS = {
    "claimed": "claimed, not sent yet",
    "sending": "sent, no answer yet",
    "done": "delivered",
    "refused": "refused by the other side",
    "outcome_unknown": "no answer came; whether it arrived is unknown",
    "cancelled": "given up, surely not delivered",
}
SEVERITIES = {"reject": "blocking", "accept_with_error": "error, not blocking", "ignore": "warning"}
WHAT_TO_DO = {
    "on_hold": "By hand: mlconn reprocess {id}, mlconn approve {id} --reason TEXT (go on as it is, where that is possible), "
    "mlconn dismiss {id} --reason TEXT (leave it for good).",
    "outcome_unknown": "Ask the other side whether it arrived, then: mlconn release {id} --delivered --reason TEXT, "
    "mlconn release {id} --not-delivered --reason TEXT, or mlconn resend {id} --reason TEXT (same bytes and numbers).",
    "before_go_live": "It is dated before the flow's send_from; mlconn reprocess {id} --reason TEXT sends it all the same.",
    "rejected_by_partner": "Correct what the partner refused, then: mlconn reprocess {id} --redeliver --reason TEXT.",
}


def paragraphs(story: Line) -> Iterator[str]:
    """What it is, where it came from, where it stands and what to do, findings, attempts, answers, links, timeline.

    story: what `ledger.stories.story` gives.
    """
    row = story["document"]
    yield "\n".join(_what_it_is(row))
    yield "\n".join(_where_from(row, story["received_in"]))
    yield "\n".join(_where_it_stands(row))
    sections: list[tuple[str, Iterable[str]]] = [
        ("Findings", map(_finding, row["findings"] or ())),
        ("Said beside what its fields hold", _beside(row)),
        ("Attempts", (_attempt(number, attempt) for number, attempt in enumerate(story["claims"], start=1))),
        ("Acknowledgment", map(_acknowledgment, story["acknowledgments"])),
        ("Matched data", _links(row["links"])),
        ("Journal entry", _journal(story)),
        ("Linked documents", (_linked(row, other) for other in story["linked"])),
        ("Other revisions", map(_revision, story["revisions"])),
        ("Timeline", map(_event, story["audit"])),
    ]
    for title, lines in sections:
        if told := [f"  {line}" for line in lines]:
            yield "\n".join([title, *told])


def _what_it_is(row: Line) -> Iterator[str]:
    is_set = bool(row["set_id"])
    name = (
        f"{row['direction']} {row['set_id']} {set_name(row['set_id']) or 'document'}"
        if is_set
        else row["kind"].replace("_", " ")
    )
    dated = f", dated {text_of(row['document_date'])}" if row["document_date"] else ""
    yield f"{row['id']}: {name} {row['business_number'] or '(no number)'}{dated}"
    amount = f", {text_of(row['amount'])} {row['currency']}".rstrip() if row["amount"] is not None else ""
    partner = f"Trading partner {row['partner'] or 'not decided yet'}" if is_set else "Business partner"
    code = f" ({row['partner_code']})" if row["partner_code"] else " not known yet" * (not is_set)
    lines = f"{row['line_count']} line{'s' * (row['line_count'] != 1)}"
    if row["change"]:
        yield f"It is change {row['change']['number']} of what was sent as {row['change']['of']}."
    yield f"{partner}{code}; {lines}{amount}; integration {row['integration']}, flow {row['flow']}."


def _where_from(row: Line, received_in: Sequence[Line]) -> Iterator[str]:
    seen = f"First seen {text_of(row['first_seen_at'])}, filed under {row['partition']}"
    if row["direction"] == "inbound" and received_in:
        first, *again = received_in
        yield f"{seen}: file {first['file_name']} in folder {first['place']}, {first['bytes']} bytes."
        yield f"Control numbers (ISA05-08, ISA13, ISA15, GS06, ST02): {row['source_key'].replace('|', ' ')}"
        for other in again:
            yield f"Received again {text_of(other['at'])}: file {other['file_name']} in folder {other['place']}."
    elif row["responds_to"]:
        yield f"{seen}: our answer to {row['responds_to']}."
    elif row["direction"] == "inbound":
        yield f"{seen}. Control numbers: {row['source_key'].replace('|', ' ')}"
    else:
        yield f"{seen}: record {row['source_key']} of the ERP, revision {row['revision']}."


def _where_it_stands(row: Line) -> Iterator[str]:
    state = row["state"].replace("_", " ")
    preview = " in a preview, which sends nothing" if row["preview"] else ""
    reason = f": {row['reason']}" if row["reason"] else "."
    yield f"It is {state}{preview}{reason}"
    if row["exception"]:
        yield f"To be looked at: {row['exception']}"
    if row["exception"] or row["state"] == "on_hold":
        yield from _what_cures(row["exception_code"] or row["reason_code"])
    if row["approved"]:
        yield "A person approved it with its findings."
    if row["next_attempt_at"]:
        yield f"{row['attempts']} attempts so far; the next one not before {text_of(row['next_attempt_at'])}."
    if (advice := WHAT_TO_DO.get(row["state"])) and not row["preview"]:
        yield advice.format(id=row["id"])


def _what_cures(code: str) -> Iterator[str]:
    """What each cure of the reason asks for."""
    if (explained := explanation_of(code)) is not None:
        yield f"{code}: {explained.meaning}"
        yield from (f"- {cure.advice}" for cure in explained.cures)


def _finding(finding: Line) -> str:
    place = f" ({finding['place']})" if finding.get("place") else ""
    severity = SEVERITIES.get(finding.get("severity", "reject"), "")
    return f"{severity}: {finding['message']}{place} [{finding['code']}]"


def _beside(row: Line) -> Iterator[str]:
    """Each segment that no field of the document holds, with what becomes of it by our own rules."""
    from mlconn_pipelines.edi.remainder_rules import becomes

    for value in (row.get("canonical") or {}).get("remainder", ()):
        kept = from_json(RemainderSegment, value)
        line = f"line {kept.line}: " if kept.line else ""
        qualifier = kept.segment[1] if len(kept.segment) > 1 else ""
        yield f"{line}{kept.shown} ({becomes(row['set_id'], kept.id, qualifier)})"


def _attempt(number: int, attempt: Line) -> str:
    where = f"{attempt['destination'] or attempt['entity']}"
    name = f" as {attempt['file_name']}" if attempt["file_name"] and attempt["target"] != "erp" else ""
    numbers = (
        f", interchange {attempt['interchange_number']:09d}, group {attempt['group_number']}, set {attempt['set_number']:04d}"
        if attempt["interchange_number"] is not None
        else f", our reference {attempt['correlation_reference']}"
        if attempt["correlation_reference"]
        else ""
    )
    at = text_of(attempt["sending_at"] or attempt["claimed_at"])
    evidence = f" ({attempt['evidence']})" if attempt["evidence"] else ""
    end = CLAIM_ENDS.get(attempt["state"], attempt["state"])
    return f"{number}. {at} to {where}{name}{numbers}, {attempt['bytes']} bytes: {end}{evidence}; run {attempt['run_id']}"


def _acknowledgment(line: Line) -> str:
    if line["state"] == "not_expected":
        return f"none is expected for group {line['group_number']}, set {line['set_number']}"
    decided = f" on {text_of(line['decided_at'])}" if line["decided_at"] else ""
    by = f" by {line['answered_by']}" if line["answered_by"] else ""
    within = f", expected within {line['within_h']:g} h" if line["state"] in ("awaited", "overdue") and line["within_h"] else ""
    state = line["state"].replace("_", " ")
    return f"acknowledgment for group {line['group_number']}, set {line['set_number']}: {state}{decided}{by}{within}"


def _journal(story: Line) -> Iterator[str]:
    """Where it was asked for."""
    if "journal" not in story:
        return
    entry = story["journal"]
    if entry is None:
        yield "the ERP shows none for it: an order, a draft, or what is not there any more makes none"
        return
    dated = f" of {text_of(entry['day'])}" if entry["day"] else ""
    yield f"{entry['number']}{dated}: {entry['memo']}".rstrip(": ")
    for line in entry["lines"]:
        side = f"debit {text_of(line['debit'])}" if line["debit"] else f"credit {text_of(line['credit'])}"
        partner = f", {line['partner']}" if line["partner"] else ""
        memo = f" ({line['memo']})" if line["memo"] else ""
        yield f"{side}: {line['account']}{partner}{memo}"


LINK_ORDER = ("line", "item", "status", "order", "entity", "number", "key", "quantity", "unit", "price", "date")


def _links(links: Any) -> Iterator[str]:
    for name, value in (links or {}).items():
        title = name.replace("_", " ")
        for entry in value if isinstance(value, list) else [value]:
            if entry not in (None, "", 0):
                yield f"{title}: {_link(entry)}"


def _link(entry: Any) -> str:
    """A link's values, those that name a thing first."""
    if not isinstance(entry, Mapping):
        return text_of(entry)
    names = sorted(entry, key=lambda name: LINK_ORDER.index(name) if name in LINK_ORDER else len(LINK_ORDER))
    return ", ".join(f"{name.replace('_', ' ')} {text_of(entry[name])}" for name in names if entry[name] not in (None, ""))


def _linked(row: Line, other: Line) -> str:
    relation = (
        "acknowledges this"
        if other["responds_to"] == row["id"]
        else "acknowledged by this"
        if row["responds_to"] == other["id"]
        else "belongs with this"
    )
    name = set_name(other["set_id"])
    return f"{other['id']}: {other['direction']} {other['set_id']} {name} {other['business_number']}, {other['state']} ({relation})"


def _revision(other: Line) -> str:
    return f"{other['id']}: revision {other['revision']}, {other['set_id']}, {other['state']}"


def _event(event: Line) -> str:
    change = f" ({event['from_state'] or 'new'} → {event['to_state']})" if event["from_state"] != event["to_state"] else ""
    reason = f": {event['reason']}" if event["reason"] else ""
    run = f"; run {event['run_id']}" if event["run_id"] else ""
    return f"{text_of(event['at'])} {event['event'].replace('_', ' ')}{change}{reason}{run}"
