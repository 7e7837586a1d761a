"""Received 997s, 999s, TA1s and 824s: what they say is put on the documents that they name."""

from __future__ import annotations

from operator import attrgetter

from mlconn_pipelines.documents.application_advice import AdvisedDocument, ApplicationAdvice
from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.transaction_sets import sets_advised_as
from mlconn_pipelines.flows.holding import hold
from mlconn_pipelines.flows.ports.entries import AcknowledgmentOutcome, Checked, DocumentRow, Run
from mlconn_pipelines.flows.related_documents import Known
from mlconn_pipelines.flows.route import InboundRoute
from mlconn_pipelines.ports.mapping import Finding, Severity
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.interchange_acknowledgment import in_words


def resolve_functional_acknowledgment(route: InboundRoute, run: Run, row: DocumentRow, document: Document, _: Known) -> Checked:
    """A 997 or 999: the documents it names become accepted, accepted with errors or rejected by the partner."""
    assert isinstance(document, FunctionalAcknowledgment)
    return _checked(row, route.engine.acknowledgments.acknowledge(run, document, row.raw["envelope"], row.id))


def resolve_interchange_acknowledgment(
    route: InboundRoute, run: Run, row: DocumentRow, document: Document, _: Known
) -> Checked:
    """A TA1: R refuses what the interchange held, A and E prove that it arrived; only a 997 accepts it."""
    assert isinstance(document, InterchangeAcknowledgment)
    outcome = route.engine.acknowledgments.acknowledge_interchange(
        run, document, in_words(document), row.raw["envelope"], row.id
    )
    return _checked(row, outcome)


def _checked(row: DocumentRow, outcome: AcknowledgmentOutcome) -> Checked:
    if outcome.unmatched and not outcome.matched and not outcome.repeated:
        named = "; ".join(outcome.unmatched)
        finding = Finding(
            Reason.ACKNOWLEDGMENT_UNMATCHED,
            f"{row.partner} acknowledges what we never sent: {named}. Ask them which document they mean, then dismiss this.",
        )
        return hold(row, (*row.findings, finding))
    extra = tuple(
        Finding(Reason.ACKNOWLEDGMENT_UNMATCHED, f"Names what we never sent: {one}.", "accept_with_error")
        for one in outcome.unmatched
    )
    return Checked(
        row.id,
        State.PROCESSED,
        findings=(*row.findings, *extra),
        links={"matched": outcome.matched, "repeated": outcome.repeated, "contrary": outcome.contrary},
    )


def resolve_advice(route: InboundRoute, run: Run, row: DocumentRow, document: Document, _: Known) -> Checked:
    """An 824: its errors become findings of the document it names; a rejection raises an alert."""
    assert isinstance(document, ApplicationAdvice)
    named: list[str] = []
    strangers: list[Finding] = []
    for advised in document.documents:
        ours = _document_named(route, row, advised)
        if ours is None:
            strangers.append(
                Finding(
                    Reason.ADVICE_UNMATCHED,
                    f"{row.partner} advises on {advised.reference_qualifier} {advised.reference!r}, which we never sent them. "
                    "Ask them which document they mean, then dismiss this.",
                )
            )
            continue
        route.engine.acknowledgments.advise(run, ours.id, _findings(row, advised), rejected=advised.verdict.endswith("R"))
        named.append(ours.id)
    if strangers and not named:
        return hold(row, (*row.findings, *strangers))
    noted = tuple(Finding(f.code, f.message, "accept_with_error") for f in strangers)
    return Checked(row.id, State.PROCESSED, findings=(*row.findings, *noted), links={"advises": named})


def _document_named(route: InboundRoute, row: DocumentRow, advised: AdvisedDocument) -> DocumentRow | None:
    """By the control numbers that it went out with where the advice repeats them, else by its own number.

    An order and its changes bear one number: of several documents, the one that went out last is what was just read there.
    """
    envelope, group, set_number = row.raw["envelope"], advised.group_control_number, advised.set_control_number
    exact = route.engine.acknowledgments.sent_under(route.name, envelope, group, set_number) if group and set_number else None
    # Some repeat numbers of their own there: it counts only where set and number do not say otherwise.
    if (
        exact
        and (not exact.set_id or advised.set_id in ("", exact.set_id))
        and advised.reference in ("", exact.business_number)
    ):
        return exact
    sets = (advised.set_id,) if advised.set_id else sets_advised_as(advised.reference_qualifier)
    found = [route.engine.acknowledgments.sent_by_number(route.name, one, row.partner, advised.reference) for one in sets]
    return max((document for document in found if document is not None), key=attrgetter("first_seen_at"), default=None)


def _findings(row: DocumentRow, advised: AdvisedDocument) -> list[Finding]:
    verdict = advised.verdict[-1:]
    words = {"A": "accepts", "E": "accepts with errors", "R": "rejects"}.get(verdict, "advises on")
    severity: Severity = "reject" if verdict == "R" else "accept_with_error"
    said = f"{row.partner} {words} it (824 {row.business_number})"
    if not advised.errors:
        return [Finding(Reason.ADVICE, f"{said}.", "ignore" if verdict == "A" else severity)]
    return [
        Finding(
            Reason.ADVICE,
            f"{said}: {error.text or error.code}" + (f", received {error.bad_value!r}." if error.bad_value else "."),
            severity,
            error.segment,
        )
        for error in advised.errors
    ]
