"""How a document is put on hold: with the first finding that rejects it as its reason, and all findings kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.free_text import words_of

_NO_REASON = Finding(Reason.NOT_MAPPED, "The record could not be turned into a document. Reprocess it after correcting it.")


def reason_of(findings: Sequence[Finding]) -> Finding | None:
    """The first finding that keeps a document from going on, None where there is none."""
    return next((finding for finding in findings if finding.severity == "reject"), None)


def hold(row: DocumentRow, findings: Sequence[Finding], **known: Any) -> Checked:
    """The decision to set a document aside. known: further fields of `Checked`."""
    reason = reason_of(findings) or _NO_REASON
    rejecting = sum(finding.severity == "reject" for finding in findings)
    more = f" (and {rejecting - 1} more)" if rejecting > 1 else ""
    return Checked(
        row.id,
        State.ON_HOLD,
        findings=tuple(findings),
        reason=reason.message + more,
        reason_code=reason.code,
        **known,
    )


def not_listed(row: DocumentRow, partner: Partner) -> Finding:
    """The finding on a received set that the partner's file does not expect."""
    return Finding(
        Reason.SET_NOT_LISTED,
        f"{row.set_id} {row.business_number} arrived, and {partner.name} sends {', '.join(partner.sends or ()) or 'nothing'} by their "
        f"file. Add {row.set_id!r} to sends if it is meant (what is held goes on then), approve it if only this one is, or dismiss it.",
    )


def misaddressed(row: DocumentRow, partner: Partner, named: str) -> Finding:
    """The finding on a received set whose group is for another receiver, by the severity that the partner's file gives it."""
    ours = partner.guide.our_group_id or partner.guide.our_id
    return Finding(
        Reason.GROUP_FOR_OTHERS,
        f"The group of {row.set_id} {row.business_number} is addressed to {named} (GS03), and we are {ours} to {partner.name}. Ask them "
        "whom it is meant for: approve it if it is for us, else dismiss it. If they always write it so, set group_for_others: ignore "
        "under x12.severities.",
        partner.guide.severities.get(Reason.GROUP_FOR_OTHERS, "reject"),
        "GS03",
    )


def not_handled(row: DocumentRow) -> Finding:
    """The finding on a received set that is read and acknowledged, but that no flow acts on. With what it says in words."""
    unchecked = any(found.code == "no_grammar" and found.severity == "reject" for found in row.findings)
    answered = "answered as a kind of set that we do not support" if unchecked else "answered"
    return Finding(
        Reason.SET_NOT_HANDLED,
        f"{row.set_id} {row.business_number} from {row.partner} arrived and was {answered}, but no flow handles {row.set_id} yet. "
        f"It is kept until its flow exists and can be replayed then; act on it by hand meanwhile, or dismiss it.{_said(row)}",
    )


def _said(row: DocumentRow) -> str:
    segments = (row.raw or {}).get("segments", ())
    return f" It says: {words}" if (words := words_of(segments)) else ""
