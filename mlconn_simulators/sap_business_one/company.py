"""The company: its entity sets, its clock, and the stamps that every write leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from mlconn_simulators.sap_business_one.accounting import journal_entry
from mlconn_simulators.sap_business_one.clock import CompanyClock, date_text, time_text
from mlconn_simulators.sap_business_one.schema import (
    DOCUMENT_KINDS,
    SETS,
    STAMPED,
    TYPES,
    DocumentKind,
    Values,
    entity_type,
)
from mlconn_simulators.sap_business_one.store import EntitySet, Record
from mlconn_simulators.sap_business_one.totals import exact

LOCAL_CURRENCY = "$"
RATES = {LOCAL_CURRENCY: "1", "EUR": "1.0825", "CAD": "0.7315"}
"""Company currency for one unit of a currency."""
Listener = Callable[[DocumentKind, Record, str], None]
"""Kind, the document, and how it changed: A added, U updated, C cancelled, L closed (TransType of SAP's webhooks)."""
ISO_OF = {LOCAL_CURRENCY: "USD", "EUR": "EUR", "CAD": "CAD"}


class Company:
    """All records of one company database."""

    def __init__(self, clock: CompanyClock, reference_field: str, partner_fields: Sequence[str] = ()) -> None:
        """reference_field: the user field of marketing documents and business partners that clients write their own reference into.

        partner_fields: further user fields of business partners.
        """
        self.clock = clock
        self.reference_field = reference_field
        document = entity_type("Document", (reference_field,))
        partner = entity_type("BusinessPartner", (reference_field, *partner_fields))
        self.sets: dict[str, EntitySet] = {}
        for name, (type_name, key) in SETS.items():
            if type_name == "Document":
                indexed, days = ("NumAtCard", "CardCode", reference_field), ("UpdateDate", "DocDate")
                self.sets[name] = EntitySet(name, document, key, indexed, days)
            else:
                kind = partner if type_name == "BusinessPartner" else TYPES[type_name]
                self.sets[name] = EntitySet(name, kind, key, days=("UpdateDate",) if name in STAMPED else ())
        self.catalogue_numbers: dict[tuple[str, str], str] = {}
        """The business partner's own number for an item, by CardCode and ItemCode."""
        self.partner_numbers: dict[int, int] = {}
        """The last number of each series of business partners."""
        self.people = 1_000
        """The last number that a new contact person got; the company never gives one twice."""
        self.passed_over: set[str] = set()
        """Properties of business partners that writes pass over in silence, as they do with those that are read-only."""
        self.unit_entries: dict[str, int] = {}
        """AbsEntry of each unit of measurement by its code."""
        self.listeners: list[Listener] = []
        """Who hears of every document that is added or changed, drafts left out."""
        self.branches: dict[int, str] = {}
        """Names of the company's branches; with any, every document names one."""
        self.balances: dict[str, Decimal] = {}
        """What each business partner owes by its journal entries, in the company's currency."""
        self._next_number = {name: kind.first_number for name, kind in DOCUMENT_KINDS.items()}

    def stamp(self) -> Values:
        """UpdateDate and UpdateTime of a write now."""
        now = self.clock.now()
        return {"UpdateDate": date_text(now), "UpdateTime": time_text(now)}

    def write(self, entities: EntitySet, record: Record, changes: Values, stamped: bool = True) -> None:
        """Merge changes into a record, raise its version and stamp it. stamped False: changes that leave no stamp, as some do."""
        entities.write(record, changes | self.stamp() if stamped and entities.name in STAMPED else changes)
        if (kind := DOCUMENT_KINDS.get(entities.name)) is not None:
            closed = "L" if changes.get("DocumentStatus") == "bost_Close" else "U"
            self._tell(kind, record, "C" if changes.get("Cancelled") == "tYES" else closed)

    def _tell(self, kind: DocumentKind, record: Record, change: str) -> None:
        for listener in self.listeners:
            listener(kind, record, change)

    def _post(self, kind: DocumentKind, document: Values) -> int | None:
        """Make the document's journal entry; its number, None where it makes none."""
        entry = journal_entry(kind, self.sets["JournalEntries"].next_entry(), document)
        return None if entry is None else self.post(entry)

    def post(self, entry: Values) -> int:
        """Store a journal entry, which moves the balances of the business partners that it names; its number."""
        for line in entry["JournalEntryLines"]:
            if (code := line["ShortName"]) != line["AccountCode"]:
                owed = exact(line["Debit"]) - exact(line["Credit"])
                self.balances[code] = self.balances.get(code, Decimal(0)) + owed
        return int(self.sets["JournalEntries"].add(entry).values["JdtNum"])

    def take_number(self, kind: DocumentKind) -> int:
        """The next DocNum of the set's series."""
        number = self._next_number[kind.set_name]
        self._next_number[kind.set_name] = number + 1
        return number

    def add_document(self, kind: DocumentKind, values: Values, over_api: bool = False, draft: bool = False) -> Record:
        """Store a finished document under the next DocEntry; a draft goes to Drafts."""
        entities = self.sets["Drafts" if draft else kind.set_name]
        entry = entities.next_entry()
        number = entry if draft else self.take_number(kind)
        for line in values["DocumentLines"]:
            line["DocEntry"] = entry
        if values.get("AddressExtension"):
            values["AddressExtension"] = values["AddressExtension"] | {"DocEntry": entry}
        values = Values({"DocEntry": entry, "DocNum": number}) | values
        if not draft:
            values["TransNum"] = self._post(kind, values)
        record = entities.add(values, over_api)
        if not draft:
            self._tell(kind, record, "A")
        return record
