"""An item that is for sale to the product that sales people choose."""

from __future__ import annotations

from mlconn_pipelines.documents.product import Product
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import RecordHeader, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.mapping.change_detection import master_header_of
from mlconn_pipelines.systems.sap_business_one.mapping.reference import item

ENTITY, KEY = "Items", "ItemCode"
HASHING = RecordHashing(
    ENTITY, Projection((KEY, "ItemName", "SalesItem", "Valid", "ValidFrom", "ValidTo", "Frozen", "FrozenFrom", "FrozenTo"))
)


def header_of(record: Record) -> RecordHeader:
    """cancelled: no sales item. One that may not be sold any more (`Valid`, `Frozen`) is told as inactive."""
    return master_header_of(
        record, KEY, HASHING, "" if record.get("SalesItem") == "tYES" else "is no sales item in SAP any more"
    )


def product_of(record: Record) -> Translated:
    notes = Checklist()
    try:
        code, known = item(record)
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal))
        return Translated(None, notes.findings)
    return Translated(Product(code, known.description or code, known.active))
