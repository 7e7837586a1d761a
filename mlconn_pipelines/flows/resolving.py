"""From `seen` to where it belongs, inbound: each set against what we sent, what the ERP holds and what people configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace

from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET, Document
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.serialization import from_json
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS, Handling
from mlconn_pipelines.edi.not_carried_over import not_carried_over
from mlconn_pipelines.errors import ConnectorError, DocumentRejected, Retryable, TryLater
from mlconn_pipelines.flows.holding import hold, misaddressed, not_handled, not_listed, reason_of
from mlconn_pipelines.flows.internal_errors import ends_the_run, of_document, store_all_checked
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, Run
from mlconn_pipelines.flows.related_documents import Decided, Known, known_around
from mlconn_pipelines.flows.resolving_acknowledgments import (
    resolve_advice,
    resolve_functional_acknowledgment,
    resolve_interchange_acknowledgment,
)
from mlconn_pipelines.flows.resolving_orders import resolve_order, resolve_order_acknowledgment
from mlconn_pipelines.flows.resolving_receipts import resolve_receiving_advice
from mlconn_pipelines.flows.resolving_supply import resolve_order_status, resolve_ship_notice, resolve_supplier_invoice
from mlconn_pipelines.flows.route import InboundRoute
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import Finding

DOCUMENTS_AT_ONCE = 200
"""Documents held in memory at once."""

Resolver = Callable[[InboundRoute, Run, DocumentRow, Document, Known], Checked]

_HANDLERS: Mapping[Handling, Resolver] = {
    "interchange_acknowledgment": resolve_interchange_acknowledgment,
    "functional_acknowledgment": resolve_functional_acknowledgment,
    "application_advice": resolve_advice,
    "order": resolve_order,
    "order_acknowledgment": resolve_order_acknowledgment,
    "order_status": resolve_order_status,
    "ship_notice": resolve_ship_notice,
    "receiving_advice": resolve_receiving_advice,
    "supplier_invoice": resolve_supplier_invoice,
}
RESOLVERS: Mapping[str, Resolver] = {row.id: _HANDLERS[row.received_as] for row in TRANSACTION_SETS.values() if row.received_as}
"""In the order in which they are resolved: what answers our documents first, so that later ones meet them settled."""

EVERY_SET = frozenset({*RESOLVERS, "other"})


def resolve_received(route: InboundRoute, run: Run, selection: Selection = EVERYTHING) -> Mapping[str, Tally]:
    """Decide every `seen` inbound document; a tally a set. One that cannot be looked up now stays `seen` for the next poll.

    A preview, which does nothing to documents that we sent, leaves unread what only says something about them.
    """
    tallies = {}
    waiting = _waiting_sets(route, run, selection)
    for set_id in RESOLVERS:
        passed_over = run.preview and TRANSACTION_SETS[set_id].answers_a_document
        if passed_over or set_id not in waiting:
            tallies[set_id] = Tally()
            continue
        tallies[set_id] = _resolve_set(route, run, set_id, selection)
        waiting = _waiting_sets(route, run, selection)  # what was looked up may have brought others back
    others = waiting - RESOLVERS.keys()
    return tallies | {"other": _set_others_aside(route, run, selection) if others else Tally()}


def _waiting_sets(route: InboundRoute, run: Run, selection: Selection) -> Set[str]:
    """What there is anything of, by one query: most polls find one set, or none. All that there may be where there is much."""
    rows = next(_batches(route, run, selection, (), with_raw=False), ())
    return {row.set_id for row in rows} if len(rows) < DOCUMENTS_AT_ONCE else EVERY_SET


def _resolve_set(route: InboundRoute, run: Run, set_id: str, selection: Selection) -> Tally:
    tally = Tally()
    for rows in _batches(route, run, selection, (set_id,)):
        decided = Decided()
        known = known_if_possible(route, rows, decided)
        results = []
        for row in rows:
            try:
                results.append(resolve_one(route, run, row, known or known_around(route, [row], decided)))
                decided.take_note(row, results[-1])
            except TryLater as later:
                tally.stop(str(later))
                break
            except Retryable as busy:
                tally.add("try_later")
                tally.problem(f"{row.id}: {busy}")
            except Exception as trouble:
                results.append(hold(row, (*row.findings, of_document(trouble, row))))
        tally.add_states(store_all_checked(route.engine.queue, run, rows, results))
        tally.add("resolved", len(results))
        if tally.stopped:
            break
    return tally


def known_if_possible(route: InboundRoute, rows: Sequence[DocumentRow], decided: Decided | None = None) -> Known | None:
    """None where one of them makes that impossible: what is known is then learnt for each by itself."""
    try:
        return known_around(route, rows, decided)
    except Exception as trouble:
        if ends_the_run(trouble):
            raise
        return None


def resolve_one(route: InboundRoute, run: Run, row: DocumentRow, known: Known) -> Checked:
    """What is decided of one document."""
    unlisted = unlisted_finding(route, row)
    if row.set_id not in RESOLVERS:
        tell_if_listed(route, run, row)
        return hold(row, (not_handled(row), *unlisted, *row.findings))
    unexpected = (*unlisted, *misaddressed_finding(route, row))
    if not TRANSACTION_SETS[row.set_id].answers_a_document:
        if reason_of(unexpected) and not row.approved:
            return hold(row, (*unexpected, *row.findings))
        row = _with_findings(row, unexpected)
    if row.canonical is None:
        return hold(row, row.findings)
    document: Document = from_json(DOCUMENT_OF_SET[row.set_id], row.canonical)
    if (partner := route.partners.named(row.partner)) is not None:
        row = _with_findings(row, not_carried_over(document, row.set_id, partner))
    try:
        return RESOLVERS[row.set_id](route, run, row, document, known)
    except DocumentRejected as refusal:
        return hold(row, (*row.findings, Finding(refusal.code, str(refusal))))
    except (Retryable, TryLater):
        raise
    except ConnectorError as trouble:  # an unknown outcome of a repeatable update: it is made again at the next poll
        raise Retryable(trouble.what, trouble.hint) from trouble


def _with_findings(row: DocumentRow, told: Sequence[Finding]) -> DocumentRow:
    """With these too, each once, however often the document is looked at."""
    return replace(row, findings=(*row.findings, *(one for one in told if one not in row.findings)))


def unlisted_finding(route: InboundRoute, row: DocumentRow) -> tuple[Finding, ...]:
    """That the partner's file does not expect the set; nothing where it does, or says nothing of what they send."""
    partner = route.partners.named(row.partner)
    return () if partner is None or partner.lists(row.set_id) else (not_listed(row, partner),)


def misaddressed_finding(route: InboundRoute, row: DocumentRow) -> tuple[Finding, ...]:
    """That the group of the set names another receiver (GS03) than us. Groups received before it was kept are taken for ours."""
    partner = route.partners.named(row.partner)
    named = str(((row.raw or {}).get("envelope") or {}).get("group_receiver", ""))
    if (
        partner is None
        or not named
        or named.casefold() in (one.casefold() for one in (partner.guide.our_group_id, partner.guide.our_id))
    ):
        return ()
    return (misaddressed(row, partner, named),)


def tell_if_listed(route: InboundRoute, run: Run, row: DocumentRow) -> None:
    """An alert with the words of a set that the partner's file expects and no flow handles, until somebody deals with it."""
    partner = route.partners.named(row.partner)
    if partner is not None and partner.sends is not None and row.set_id in partner.sends and not run.preview:
        route.engine.watch.raise_alert(route.name, f"set_not_handled:{row.id}", not_handled(row).message)


def _set_others_aside(route: InboundRoute, run: Run, selection: Selection) -> Tally:
    """Sets that no flow handles: kept, named, and taken up by `reprocess` once their flow exists."""
    tally = Tally()
    for rows in _batches(route, run, selection, ()):
        others = [row for row in rows if row.set_id not in RESOLVERS]
        results = [hold(row, (not_handled(row), *unlisted_finding(route, row), *row.findings)) for row in others]
        for row in others:
            tell_if_listed(route, run, row)
        tally.add_states(store_all_checked(route.engine.queue, run, others, results))
    return tally


def _batches(
    route: InboundRoute, run: Run, selection: Selection, set_ids: Sequence[str], with_raw: bool = True
) -> Iterator[Sequence[DocumentRow]]:
    after = ""
    while rows := route.engine.queue.documents(
        route.name,
        run.flow,
        {State.PENDING_VALIDATION},
        **selection.query(),
        set_ids=set_ids,
        direction="inbound",
        preview=run.preview,
        limit=DOCUMENTS_AT_ONCE,
        after=after,
        with_raw=with_raw,
    ):
        yield rows
        after = rows[-1].id
