"""What checks decided of documents, as their rows are to have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mlconn_pipelines.documents.application_advice import ApplicationAdvice
from mlconn_pipelines.documents.lifecycle import Application, Event, State
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.flows.ports.entries import Checked, Run
from mlconn_pipelines.ledger import transitions
from mlconn_pipelines.ledger.rows import Row, json_of_findings
from mlconn_pipelines.ledger.tables import document
from mlconn_pipelines.reasons import Reason

EVENT_OF: Mapping[State, Event] = {
    State.READY: Event.CHECKED,
    State.ON_HOLD: Event.REFUSED,
    State.SKIPPED: Event.CANCELLED,
    State.SYNTAX_REJECTED: Event.SYNTAX_REFUSED,
    State.DUPLICATE: Event.DUPLICATE_RECEIVED,
    State.PROCESSED: Event.NO_ACTION_REQUIRED,
}

_NEW = {name: sa.bindparam(f"v_{name}", type_=document.c[name].type) for name in document.c.keys()}  # noqa: SIM118
KEPT = (
    *("partner", "partner_code", "business_number", "currency", "document_date", "line_count", "amount", "canonical"),
    *("reference_version", "application"),
)
"""What a check does not know (again) it does not take away."""

STORE = (
    sa.update(document)
    .where(document.c.id == sa.bindparam("b_id"), document.c.state == "pending_validation")
    .values(
        **{name: sa.func.coalesce(_NEW[name], document.c[name]) for name in KEPT},
        **{
            name: _NEW[name]
            for name in ("state", "delivery", "syntax", "findings", "reason", "reason_code", "held_by", "config_hash")
        },
        checked_run_id=_NEW["checked_run_id"],
        change=document.c.change.op("||")(_NEW["change"]),
        links=sa.func.coalesce(document.c.links, sa.text("'{}'::jsonb")).op("||")(_NEW["links"]),
        changed_at=sa.func.clock_timestamp(),
    )
)


def alone(row: Row, result: Checked, orders: set[tuple[str, ...]]) -> Checked:
    """Two inbound documents of one business number, checked at once: neither saw the other, so the second waits for a person."""
    number = result.business_number or row["business_number"]
    key = (row["set_id"], result.partner or row["partner"], number, result.part)
    if result.outcome is not State.READY or row["direction"] != "inbound" or not number:
        return result
    if key not in orders:
        orders.add(key)
        return result
    words = f"{number} came twice under different control numbers, in files read together; approve it if both are meant"
    values = {name: getattr(result, name) for name in Checked.__slots__}
    return Checked(**values | {"outcome": State.ON_HOLD, "reason": words, "reason_code": Reason.BUSINESS_DUPLICATE})


def _application(result: Checked) -> Application | None:
    """What our own 824 says of it."""
    if result.answer is None or not isinstance(result.answer.canonical, ApplicationAdvice):
        return None
    refused = any(advised.verdict.endswith("R") for advised in result.answer.canonical.documents)
    return Application.REJECTED if refused else Application.ACCEPTED


def values_of(run: Run, row: Row, result: Checked) -> dict[str, Any]:
    return {
        "b_id": row["id"],
        **{f"v_{name}": value for name, value in transitions.standing(result.outcome or State.PENDING_VALIDATION).items()},
        "v_application": _application(result),
        "v_findings": json_of_findings(result.findings),
        "v_reason": result.reason,
        "v_reason_code": result.reason_code,
        "v_held_by": "check" if result.outcome is State.ON_HOLD else "",
        "v_config_hash": run.config_hash,
        "v_checked_run_id": run.run_id,
        "v_links": to_json(result.links),
        "v_change": {} if result.changed_to is None else {"has": to_json(result.changed_to)},
        "v_canonical": None if result.canonical is None else to_json(result.canonical),
        "v_partner": result.partner or None,
        "v_partner_code": result.partner_code or None,
        "v_business_number": result.business_number or None,
        "v_currency": result.currency or None,
        "v_document_date": result.document_date,
        "v_line_count": result.line_count,
        "v_amount": result.amount,
        "v_reference_version": result.reference_version,
    }
