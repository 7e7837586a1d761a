"""The transaction sets that this product knows: one row each, read by everything that names a set.

A new set is its grammar (`x12/grammar/RELEASE/NNN.txt`), its document, `x12/set_NNN.py` and a row here.
Source of names and functional ids: X12 (ST01 and GS01).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

At = tuple[str, int]
"""A segment and an element of it: `("BIG", 2)` is BIG02."""

Handling = Literal[
    "",
    "interchange_acknowledgment",
    "functional_acknowledgment",
    "application_advice",
    "order",
    "order_acknowledgment",
    "order_status",
    "ship_notice",
    "receiving_advice",
    "supplier_invoice",
]


@dataclass(frozen=True, slots=True)
class TransactionSetType:
    """name: as X12 calls it. functional_id: GS01 of its groups. document: class of `documents.kinds` that it is read into, empty
    where it is not. number_at: what people call it by, in its first segment; date_at: the day that it says it is of; line: the
    segment that begins a line, which CTT01 counts; hashed: the element whose values CTT02 adds up.

    sender: which side of a trade writes it. received_as: what handles one that arrives, empty where nothing does yet: then it is
    kept, answered for its syntax and put on hold. becomes: in words, what comes of one that arrives. is_posted: it may write to
    the ERP. awaits_997: one that we send waits for a functional acknowledgment. is_acknowledged: the group of one that arrives is
    answered with one. is_ours_to_answer: we write it only as an answer to something that arrived.
    shown_with: the set whose pages show it too. changed_by: the set that changes what this one has said. advised_as: OTI02
    qualifiers by which an 824 names it. is_once: one business number means one document. is_once_for_ever: and the number never
    comes again, not even after years.
    """

    id: str
    functional_id: str
    name: str
    document: str = ""
    number_at: At | None = None
    date_at: At | None = None
    line: str = ""
    hashed: At | None = None
    sender: Literal["buyer", "seller", "either"] = "either"
    received_as: Handling = ""
    becomes: str = ""
    is_posted: bool = False
    awaits_997: bool = True
    is_acknowledged: bool = True
    is_ours_to_answer: bool = False
    shown_with: str = ""
    changed_by: str = ""
    advised_as: tuple[str, ...] = ()
    is_once: bool = False
    is_once_for_ever: bool = False

    @property
    def kind(self) -> str:
        """What such a document is in the trade, whatever form it travels in: `purchase_order`."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.document or self.name)
        return "_".join(re.findall(r"[a-z]+", words.lower()))

    @property
    def answers_a_document(self) -> bool:
        """Its whole meaning is what it does to documents that we sent; a preview, which does nothing, leaves it unread."""
        return self.received_as in ("interchange_acknowledgment", "functional_acknowledgment", "application_advice")


_ROWS = (
    # In the order in which received sets are handled: what answers our documents first, so that later ones meet them settled.
    TransactionSetType(
        "TA1",
        "",
        "Interchange Acknowledgment",
        "InterchangeAcknowledgment",
        received_as="interchange_acknowledgment",
        awaits_997=False,
        is_acknowledged=False,
        shown_with="997",
    ),
    TransactionSetType(
        "997",
        "FA",
        "Functional Acknowledgment",
        "FunctionalAcknowledgment",
        number_at=("AK1", 2),
        received_as="functional_acknowledgment",
        becomes="what partners said to the syntax of our documents, with 999s and TA1s",
        awaits_997=False,
        is_acknowledged=False,
        is_ours_to_answer=True,
    ),
    TransactionSetType(
        "999",
        "FA",
        "Implementation Acknowledgment",
        "FunctionalAcknowledgment",
        number_at=("AK1", 2),
        received_as="functional_acknowledgment",
        awaits_997=False,
        is_acknowledged=False,
        is_ours_to_answer=True,
        shown_with="997",
    ),
    TransactionSetType(
        "824",
        "AG",
        "Application Advice",
        "ApplicationAdvice",
        number_at=("BGN", 2),
        date_at=("BGN", 3),
        received_as="application_advice",
        becomes="what partners' systems said to our documents",
        awaits_997=False,
        is_ours_to_answer=True,
    ),
    TransactionSetType(
        "850",
        "PO",
        "Purchase Order",
        "PurchaseOrder",
        number_at=("BEG", 3),
        date_at=("BEG", 5),
        line="PO1",
        hashed=("PO1", 2),
        sender="buyer",
        received_as="order",
        becomes="orders from customers, resolved to items, units and addresses, with 875s",
        is_posted=True,
        changed_by="860",
        advised_as=("PO",),
        is_once=True,
    ),
    TransactionSetType(
        "875",
        "OG",
        "Grocery Products Purchase Order",
        "GroceryOrder",
        number_at=("G50", 3),
        date_at=("G50", 2),
        line="G68",
        sender="buyer",
        received_as="order",
        is_posted=True,
        shown_with="850",
        is_once=True,
    ),
    TransactionSetType(
        "855",
        "PR",
        "Purchase Order Acknowledgment",
        "OrderAcknowledgment",
        number_at=("BAK", 3),
        date_at=("BAK", 4),
        line="PO1",
        hashed=("PO1", 2),
        sender="seller",
        received_as="order_acknowledgment",
        becomes="suppliers' answers to our orders, line by line",
        is_posted=True,
    ),
    TransactionSetType(
        "870",
        "RS",
        "Order Status Report",
        "OrderStatus",
        number_at=("BSR", 3),
        date_at=("BSR", 4),
        line="HL",
        sender="seller",
        received_as="order_status",
        becomes="what suppliers say of the state of our orders, line by line",
    ),
    TransactionSetType(
        "856",
        "SH",
        "Ship Notice/Manifest",
        "ShipNotice",
        number_at=("BSN", 2),
        date_at=("BSN", 3),
        line="HL",
        hashed=("SN1", 2),
        sender="seller",
        received_as="ship_notice",
        becomes="ship notices of suppliers, kept against their orders",
        is_posted=True,
        advised_as=("SI", "BM"),
        is_once=True,
        is_once_for_ever=True,
    ),
    TransactionSetType(
        "861",
        "RC",
        "Receiving Advice/Acceptance Certificate",
        "ReceivingAdvice",
        number_at=("BRA", 1),
        date_at=("BRA", 2),
        line="RCD",
        sender="buyer",
        received_as="receiving_advice",
        becomes="receipts that partners report, compared with orders and ship notices",
    ),
    TransactionSetType(
        "810",
        "IN",
        "Invoice",
        "Invoice",
        number_at=("BIG", 2),
        date_at=("BIG", 1),
        line="IT1",
        hashed=("IT1", 2),
        sender="seller",
        received_as="supplier_invoice",
        becomes="suppliers' invoices, checked against their orders",
        is_posted=True,
        advised_as=("IV",),
        is_once=True,
    ),
    # Read into documents and written, without a flow of their own yet.
    TransactionSetType(
        "820",
        "RA",
        "Payment Order/Remittance Advice",
        "RemittanceAdvice",
        number_at=("TRN", 2),
        date_at=("BPR", 16),
        sender="buyer",
    ),
    TransactionSetType("832", "SC", "Price/Sales Catalog", "PriceCatalogue", number_at=("BCT", 2), line="LIN", sender="seller"),
    TransactionSetType(
        "846", "IB", "Inventory Inquiry/Advice", "InventoryAdvice", number_at=("BIA", 3), date_at=("BIA", 4), line="LIN"
    ),
    TransactionSetType(
        "860",
        "PC",
        "Purchase Order Change Request - Buyer Initiated",
        "OrderChange",
        number_at=("BCH", 3),
        date_at=("BCH", 11),
        line="POC",
        hashed=("POC", 3),
        sender="buyer",
        advised_as=("PO",),
    ),
    TransactionSetType(
        "865",
        "CA",
        "Purchase Order Change Acknowledgment/Request - Seller Initiated",
        "ChangeAcknowledgment",
        number_at=("BCA", 3),
        date_at=("BCA", 10),
        line="POC",
        hashed=("POC", 3),
        sender="seller",
    ),
    TransactionSetType(
        "838", "TD", "Trading Partner Profile", "TradingPartnerProfile", number_at=("BTP", 2), date_at=("BTP", 3), line="LX"
    ),
    # Known by name and group only.
    TransactionSetType("812", "CD", "Credit/Debit Adjustment"),
    TransactionSetType("830", "PS", "Planning Schedule with Release Capability", sender="buyer"),
    TransactionSetType("852", "PD", "Product Activity Data", sender="buyer"),
    TransactionSetType("864", "TX", "Text Message"),
    TransactionSetType("880", "GP", "Grocery Products Invoice", sender="seller"),
    TransactionSetType("940", "OW", "Warehouse Shipping Order"),
    TransactionSetType("945", "SW", "Warehouse Shipping Advice"),
)

TRANSACTION_SETS: Mapping[str, TransactionSetType] = {row.id: row for row in _ROWS}
"""Every set by its id; TA1 among them, which is a segment of the envelope and travels like a set of its own."""

READ_SETS = tuple(sorted(row.id for row in _ROWS if row.document and row.functional_id))
"""The sets that are read into documents and written from them, in order. A TA1 is a document too, but no set."""


def answering_sets() -> tuple[str, ...]:
    """The sets that we write only as answers and that have pages of their own.

    >>> answering_sets()
    ('997', '824')
    """
    return tuple(row.id for row in _ROWS if row.is_ours_to_answer and not row.shown_with)


def sets_received_as(handling: Handling) -> tuple[str, ...]:
    """The sets that are handled in that way when they arrive.

    >>> sets_received_as("order"), sets_received_as("functional_acknowledgment")
    (('850', '875'), ('997', '999'))
    """
    return tuple(row.id for row in _ROWS if row.received_as == handling)


def sets_advised_as(qualifier: str) -> tuple[str, ...]:
    """The sets that carry the kind of number that OTI02 says OTI03 is; all that an 824 may be about where it says another.

    >>> sets_advised_as("PO"), sets_advised_as("TN")
    (('850', '860'), ('850', '856', '810', '860'))
    """
    named = tuple(row.id for row in _ROWS if qualifier in row.advised_as)
    return named or tuple(row.id for row in _ROWS if row.advised_as)


def number_at(set_id: str) -> At:
    """Segment and element of the number by which people know a document of that set; `("", 0)` where there is none.

    >>> number_at("810"), number_at("123")
    (('BIG', 2), ('', 0))
    """
    row = TRANSACTION_SETS.get(set_id)
    return (row and row.number_at) or ("", 0)


def date_at(set_id: str) -> At:
    """The same of the day that it says it is of."""
    row = TRANSACTION_SETS.get(set_id)
    return (row and row.date_at) or ("", 0)


def functional_id_of(set_id: str) -> str:
    """GS01 of a set's group, empty where the set is not known.

    >>> functional_id_of("810"), functional_id_of("123")
    ('IN', '')
    """
    row = TRANSACTION_SETS.get(set_id)
    return row.functional_id if row else ""


def set_name(set_id: str) -> str:
    """What X12 calls a set, empty where it is not known.

    >>> set_name("856")
    'Ship Notice/Manifest'
    """
    row = TRANSACTION_SETS.get(set_id)
    return row.name if row else ""


def shown_together(set_id: str) -> tuple[str, ...]:
    """A set and those that are counted and shown with it: partners use one kind of acknowledgment, or of order, or the other.

    >>> shown_together("997"), shown_together("850"), shown_together("855")
    (('997', 'TA1', '999'), ('850', '875'), ('855',))
    """
    return (set_id, *(row.id for row in _ROWS if row.shown_with == set_id))


def kind_of(set_id: str) -> str:
    """The kind of document that a set is; `other` for one that this product does not know."""
    known = TRANSACTION_SETS.get(set_id)
    return known.kind if known is not None else "other"
