"""A vendor's record as a document, and what the ledger must know of one."""

from __future__ import annotations

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.vendor import Vendor
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import RecordHeader
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sage_100.records import master_data as sage
from mlconn_pipelines.systems.sage_100.records.master_data import VENDORS
from mlconn_pipelines.systems.sage_100.records.purchase_order import stamp_of, vendor_code
from mlconn_pipelines.systems.sage_100.records.reading import read

PROJECTION = Projection(
    (
        *("APDivisionNo", "VendorNo", "VendorName", "AddressLine1", "AddressLine2", "AddressLine3", "City", "State", "ZipCode"),
        *("CountryCode", "TelephoneNo", "EmailAddress", "TermsCode", "VendorStatus", "Status"),
    )
)
"""What goes out. Stamps, and what of the record is Sage's own business, are no change."""
HASHING = RecordHashing(
    VENDORS,
    PROJECTION,
    prepared=lambda record: {name: value.strip() if isinstance(value, str) else value for name, value in record.items()},
)


def vendor_from_sage(record: Record, book: ReferenceBook, notes: Checklist) -> Vendor:
    """DocumentRejected when the record cannot be read. What the book does not know of its terms is left out of their words."""
    held = read(sage.Vendor, record)
    if not clean(held.VendorName):
        notes.reject(Reason.NOT_MAPPED, f"Vendor {held.code} has no name. Enter one in Sage.", "VendorName")
    terms = book.terms.get(held.TermsCode)
    return Vendor(
        number=held.code,
        name=clean(held.VendorName),
        active=held.active,
        street=tuple(filter(None, map(clean, (held.AddressLine1, held.AddressLine2, held.AddressLine3)))),
        city=clean(held.City),
        state=clean(held.State),
        postal_code=clean(held.ZipCode),
        country=clean(held.CountryCode),
        phone=clean(held.TelephoneNo),
        email=clean(held.EmailAddress),
        terms=held.TermsCode,
        terms_description=terms.description if terms else "",
        net_days=terms.net_days if terms else None,
    )


def vendor_header_of(record: Record) -> RecordHeader:
    """Read without judging. A vendor is of no day."""
    code = vendor_code(record.get("APDivisionNo"), record.get("VendorNo"))
    return RecordHeader(
        key=code,
        stamp=stamp_of(record),
        business_number=code,
        date=None,
        partner_code=code,
        content_hash=HASHING.of(record),
        projection=HASHING.version,
        cancelled=False,
        correlation_reference="",
        line_count=0,
        amount=None,
        currency="",
    )
