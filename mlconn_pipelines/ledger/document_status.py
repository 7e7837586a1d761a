"""Where every document and every file of an integration stands, for comparing both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from mlconn_pipelines.flows.ports.reports import Standing
from mlconn_pipelines.ledger.tables import claim, document, received_file

_LAST_CLAIMS = sa.select(claim.c.document_id, sa.func.max(claim.c.id).label("id")).group_by(claim.c.document_id).subquery()


def standings(connection: sa.Connection, integration: str, flow: str, counted: sa.ColumnElement[bool]) -> Sequence[Standing]:
    """counted: the condition that leaves one row a document."""
    query = (
        sa.select(
            document.c.id,
            document.c.set_id,
            document.c.direction,
            document.c.source_key,
            document.c.state,
            document.c.partner,
            document.c.business_number,
            sa.func.coalesce(claim.c.file_name, ""),
        )
        .select_from(
            document.outerjoin(_LAST_CLAIMS, _LAST_CLAIMS.c.document_id == document.c.id).outerjoin(
                claim, claim.c.id == _LAST_CLAIMS.c.id
            )
        )
        .where(document.c.integration == integration, document.c.flow == flow, counted)
        .order_by(document.c.id)
    )
    return [Standing(*row) for row in connection.execute(query)]


def files_received(connection: sa.Connection, integration: str) -> Mapping[str, str]:
    """By name; of several files of one name the one that is least done."""
    state = sa.case(
        (sa.and_(received_file.c.state == "stored", received_file.c.removed_at.is_not(None)), "removed"),
        else_=received_file.c.state,
    )
    query = sa.select(received_file.c.name, state).where(received_file.c.integration == integration)
    done: dict[str, str] = {}
    for name, stands in connection.execute(query):
        if done.get(name, "removed") == "removed":
            done[name] = stands
    return done
