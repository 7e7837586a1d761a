"""An item that is for sale to the product that sales people choose."""

from __future__ import annotations

from mlconn_pipelines.documents.product import Product
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import RecordHeader, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.mapping.reference import item
from mlconn_pipelines.systems.sap_business_one.records.stamps import master_stamp_of

ENTITY, KEY = "Items", "ItemCode"
HASHING = RecordHashing(
    ENTITY, Projection((KEY, "ItemName", "SalesItem", "Valid", "ValidFrom", "ValidTo", "Frozen", "FrozenFrom", "FrozenTo"))
)


def header_of(record: Record) -> RecordHeader:
    """cancelled: no sales item. One that may not be sold any more (`Valid`, `Frozen`) is told as inactive."""
    return RecordHeader(
        key=str(record[KEY]),
        stamp=master_stamp_of(record),
        business_number=str(record[KEY]),
        date=None,
        partner_code="",
        content_hash=HASHING.of(record),
        projection=HASHING.version,
        cancelled=record.get("SalesItem") != "tYES",
        cancelled_by="is no sales item in SAP any more",
        correlation_reference="",
        line_count=0,
        amount=None,
        currency="",
    )


def product_of(record: Record) -> Translated:
    notes = Checklist()
    try:
        code, known = item(record)
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal))
        return Translated(None, notes.findings)
    return Translated(Product(code, known.description or code, known.active))
