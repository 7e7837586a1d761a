"""Records that are there twice under one reference of ours, or once for a document that is not delivered: told with their numbers."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.correlation_reference import correlation_reference
from mlconn_pipelines.flows.internal_errors import LOOKED_FOR, internal_error
from mlconn_pipelines.flows.ports.entries import Run, TwinLook
from mlconn_pipelines.flows.route import InboundRoute, System
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.records import OurRecord

_HELD = (State.ON_HOLD, State.SKIPPED)


def look_for_twins(system: System, run: Run, tally: Tally) -> None:
    """Once more after each create whose outcome had been unknown: what came late after all stands beside what was made again."""
    for look in system.engine.claims.twin_looks(system.name, run.flow):
        try:
            payload = json.loads(look.content, parse_float=Decimal)
            there = system.connector.target.under_reference(look.entity, look.correlation_reference, payload)
            words = _words(look, there)
        except ConnectorError as trouble:
            system.engine.claims.twin_look_later(look)
            tally.problem(f"{look.document_id}: {trouble}")
            continue
        except Exception as trouble:
            finding = internal_error(trouble, f"Document {look.document_id}", look.document_id, LOOKED_FOR)
            system.engine.claims.twin_look_later(look)
            tally.problem(finding.message)
            continue
        if words:
            system.engine.claims.stored_twice(run, look.document_id, words)
            tally.add("stored_twice")
            tally.problem(words)
        system.engine.claims.twin_looked(look)


def twins_in_erp(route: InboundRoute, since: dt.date) -> Mapping[str, Sequence[OurRecord]]:
    """By our reference, the records changed since that share it; only where there is more than one."""
    ours = route.system.connector.ours
    if ours is None:
        return {}
    found: defaultdict[str, dict[str, OurRecord]] = defaultdict(dict)
    for entity in dict.fromkeys(route.entities):
        for record in ours.our_records(entity, since, correlation_reference(route.name, entity, "")):
            found[record.reference][record.key] = record
    return {reference: list(records.values()) for reference, records in found.items() if len(records) > 1}


def tell_of_twins(route: InboundRoute, run: Run, since: dt.date) -> list[str]:
    """One alert for each reference that stands on several records; what it says of each."""
    told = []
    for reference, there in sorted(twins_in_erp(route, since).items()):
        document_id = reference.rpartition(":")[2]
        row = route.engine.queue.document(document_id)
        name = f"{row.called} of {row.partner}" if row else f"Document {document_id}"
        told.append(twin_words(name, reference, there))
        route.engine.claims.stored_twice(run, document_id, told[-1])
    return told


def twin_words(name: str, reference: str, there: Sequence[OurRecord]) -> str:
    """What a clerk has to know, with the numbers."""
    numbers = " and ".join(record.number or record.key for record in there)
    return (
        f"{name} is in the ERP {len(there)} times, as {numbers}, all with our reference {reference}. Keep the one that was worked "
        "on, cancel the others there, then dismiss this."
    )


def _words(look: TwinLook, there: Sequence[OurRecord]) -> str:
    if len(there) > 1:
        return twin_words(look.name, look.correlation_reference, there)
    if there and look.state in _HELD:
        return (
            f"{look.name} is {look.state.value.replace('_', ' ')}, and the ERP has it all the same: {there[0].number or there[0].key}, "
            f"which came late, with our reference {look.correlation_reference}. Cancel that record there, or dismiss this document."
        )
    return ""
