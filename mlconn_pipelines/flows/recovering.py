"""What a lost process or a lost answer left open: look for evidence, settle where it is conclusive, say what is known where not."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ClaimLost, ConnectorError, OutcomeUnknown
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.internal_errors import LOOKED_FOR, of_document
from mlconn_pipelines.flows.outlet import Outlet
from mlconn_pipelines.flows.ports.entries import OpenClaim, Run
from mlconn_pipelines.flows.posting import tell_if_unposted
from mlconn_pipelines.flows.route import System
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.flows.twins import look_for_twins
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.records import Stored


def recover_outcomes(system: System, outlet: Outlet, run: Run, resend_identical: bool) -> Tally:
    """Settle open claims of dead owners and unknown outcomes of the run's flow; acknowledgments whose time is up become overdue.

    resend_identical: a delivery without a trace is made again with the same bytes; otherwise its 997 is waited for.
    """
    tally = Tally()
    for claim in system.engine.claims.open_claims(system.name, run.flow):
        try:
            settled = (
                _settle_record(system, run, claim)
                if claim.target == "erp"
                else _settle_delivery(system.engine, outlet, run, claim, resend_identical)
            )
            tally.add(settled)
        except ClaimLost:  # another run looked at the same time, a 997 came, or a person decided
            tally.add("left_to_others")
        except ConnectorError as trouble:
            tally.add("try_later")
            tally.problem(f"{claim.document.id}: {trouble}")
        except Exception as trouble:
            _keep_unknown(system, run, claim, of_document(trouble, claim.document, LOOKED_FOR), tally)
    look_for_twins(system, run, tally)
    tally.add("overdue", system.engine.watch.mark_overdue(system.name))
    return tally


def _keep_unknown(system: System, run: Run, claim: OpenClaim, finding: Finding, tally: Tally) -> None:
    """Its outcome cannot be found out by the program; a person sees why, and the next look comes later."""
    tally.problem(f"{claim.document.id}: {finding.message}")
    try:
        tally.add(system.engine.claims.keep_unknown(run, claim.claim_id, finding.message))
    except ClaimLost:
        tally.add("left_to_others")


def _settle_record(system: System, run: Run, claim: OpenClaim) -> State:
    """A record with our reference, drafts included, settles it at once. That none is there, or a part, is for the time being.

    Systems go on working at a request whose client has left. Only after the time that they can take at most does absence prove
    that nothing was stored, and only then may a part be completed or removed.
    """
    claims = system.engine.claims
    if not claim.entity:
        return claims.settle(run, claim.claim_id, None, "nothing outside was to be done")
    if claim.repeatable:
        evidence = "it is safe to repeat, and is made again"
        return claims.settle(run, claim.claim_id, None, evidence, system.engine.hold_after_failures)
    payload = json.loads(claim.content, parse_float=Decimal)
    try:
        stored = _found(system, claim, payload)
    except OutcomeUnknown as unclear:
        return claims.keep_unknown(run, claim.claim_id, str(unclear))
    if stored is None:
        absent = f"the ERP has no {claim.entity} with our reference {claim.correlation_reference}"
        if not claim.absence_proves:
            return claims.keep_unknown(run, claim.claim_id, f"{absent} yet; {_may_still_come(claim)}")
        return claims.settle(run, claim.claim_id, None, absent, system.engine.hold_after_failures)
    if stored.line_count is not None and stored.line_count < claim.document.line_count:
        if not claim.absence_proves:
            part = f"the ERP has {stored.line_count} of {claim.document.line_count} lines of {stored.entity} {stored.number}"
            return claims.keep_unknown(run, claim.claim_id, f"{part}; {_may_still_come(claim)}")
        return _finish_or_remove(system, run, claim, stored, payload)
    return claims.settle(run, claim.claim_id, stored, f"the ERP has {stored.entity} {stored.number} with our reference")


def _found(system: System, claim: OpenClaim, payload: Any) -> Stored | None:
    """By two answers where absence is to prove something: one that is empty by mistake would make the record a second time."""
    stored = None
    for _ in range(2 if claim.absence_proves else 1):
        stored = stored or system.connector.target.find(
            claim.entity, claim.correlation_reference, payload=payload, older_than_s=claim.age_s
        )
    return stored


def _finish_or_remove(system: System, run: Run, claim: OpenClaim, partial: Stored, payload: Any) -> State:
    """A removal that got no answer may come late as well, and would then strike what was created again meanwhile."""
    try:
        stepwise = system.connector.stepwise  # without steps, what is there was made by one request: it is complete
        whole: Stored | None = partial
        if stepwise is not None:
            system.connector.target.reserve()
            whole = stepwise.finish_or_remove(claim.entity, partial, payload)
    except OutcomeUnknown as unclear:
        return system.engine.claims.keep_unknown(
            run,
            claim.claim_id,
            f"the partial record {partial.number} was to be completed or removed: {unclear}",
            tried_again=True,
            absence_proves_after_s=system.engine.absence_proves_after_s,
        )
    evidence = f"the partial record {partial.number} was {'completed' if whole else 'removed'}"
    if whole is not None and whole.unposted:
        tell_if_unposted(system, claim.document, whole)
        evidence = whole.unposted
    return system.engine.claims.settle(run, claim.claim_id, whole, evidence, system.engine.hold_after_failures)


def _may_still_come(claim: OpenClaim) -> str:
    at = claim.absence_proves_at
    until = f"until {at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "at any time"
    return f"the request may still be carried out {until}, which is waited for (`absence_proves_after_s`)"


def _settle_delivery(engine: Engine, outlet: Outlet, run: Run, claim: OpenClaim, resend_identical: bool) -> State:
    """A listed file is proof; that none is listed proves nothing, since the exchange passes files on within seconds."""
    claims = engine.claims
    destination = outlet.destinations.get(claim.document.partner)
    if destination is None:
        return claims.keep_unknown(
            run, claim.claim_id, f"trading partner {claim.document.partner!r} is not configured any more"
        )
    evidence = destination.delivery.evidence(claim.file_name, claim.content)
    if evidence is not None:
        return claims.settle(run, claim.claim_id, Receipt(id="", detail=evidence), evidence)
    if resend_identical:
        return claims.settle(
            run,
            claim.claim_id,
            None,
            "no trace of it; unknown_delivery: resend_identical sends the same bytes and numbers again",
            engine.hold_after_failures,
        )
    return claims.keep_unknown(
        run,
        claim.claim_id,
        f"{claim.file_name} is not listed in {claim.destination}, which proves nothing; waiting for its 997",
    )
