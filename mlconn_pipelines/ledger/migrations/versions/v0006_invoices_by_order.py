"""Received invoices are found by the order that they charge for."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX IF NOT EXISTS ix_document_invoiced_order "
        "ON document (integration, partner, left(canonical ->> 'order_number', 200)) WHERE set_id = '810' AND direction = 'inbound'"
    )
