"""Writes over the API: create, change, remove and the actions, each entered in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlconn_simulators.sap_business_one import actions
from mlconn_simulators.sap_business_one.bodies import writable
from mlconn_simulators.sap_business_one.documents import change_document, close_bases, make_document
from mlconn_simulators.sap_business_one.errors import exists, invalid, missing_reference, refused
from mlconn_simulators.sap_business_one.partners import change_partner, make_partner
from mlconn_simulators.sap_business_one.receivables import settle_itself
from mlconn_simulators.sap_business_one.schema import DOCUMENT_KINDS, KINDS_BY_OBJECT, DocumentKind, Values
from mlconn_simulators.sap_business_one.store import EntitySet, Record

if TYPE_CHECKING:
    from mlconn_simulators.sap_business_one.sandbox import SapBusinessOneSandbox


class Writing:
    """What clients' writes do to the company."""

    def __init__(self, sandbox: SapBusinessOneSandbox) -> None:
        self._sandbox = sandbox
        self._company, self._journal = sandbox.company, sandbox.journal

    def create(self, entities: EntitySet, body: Values, path: str = "") -> Record:
        """POST to a document set, to Drafts (DocObjectCode tells what of) or to BusinessPartners.

        Where an approval procedure applies, the answer is -2028 and a draft is stored all the same.
        """
        if entities.name == "Drafts":
            kind = KINDS_BY_OBJECT.get(str(body.get("DocObjectCode")))
            if kind is None:
                raise refused("Draft: enter the object type of the document [ODRF.DocObjectCode]")
            return self._store(kind, body, draft=True)
        if entities.name == "BusinessPartners":
            record = entities.add(make_partner(self._company, body), over_api=True)
            self._journal.made_partner(record, body)
            return record
        if entities.name not in DOCUMENT_KINDS:
            raise invalid(f"POST is not possible on {entities.name}")
        kind = DOCUMENT_KINDS[entities.name]
        if self._sandbox.faults.take("approval_draft", path) or entities.name in self._sandbox.approval_sets:
            self._store(kind, body | {"AuthorizationStatus": None}, draft=True).values["AuthorizationStatus"] = "dasPending"
            raise missing_reference()
        return self._store(kind, body, draft=False)

    def _store(self, kind: DocumentKind, body: Values, draft: bool) -> Record:
        values = make_document(self._company, kind, body)
        field = self._company.reference_field
        there = (each.values.get(field) for each in self._company.sets[kind.set_name])
        if self._sandbox.reference_is_unique and values.get(field) in filter(None, there):
            raise exists()
        record = self._company.add_document(kind, values, over_api=True, draft=draft)
        if not draft:
            close_bases(self._company, values)
            settle_itself(record)
        self._journal.created(kind.set_name, record, draft, body)
        return record

    def change(self, entities: EntitySet, record: Record, body: Values, replace: bool) -> None:
        """PATCH of a document, a business partner or an item."""
        kind = self._kind(entities, record)
        if kind is not None:
            change_document(self._company, entities, kind, record, body, replace)
        elif entities.name == "BusinessPartners":
            change_partner(self._company, entities, record, body, replace)
        elif entities.name == "Items":
            self._company.write(entities, record, writable(body, entities.type))
        else:
            raise invalid(f"PATCH is not possible on {entities.name}")
        self._journal.changed(entities.name, record, "patch", body)

    def remove(self, entities: EntitySet, record: Record) -> None:
        """DELETE, which only drafts know."""
        if entities.name != "Drafts":
            raise refused(f"{entities.name}: a posted document cannot be removed, only cancelled")
        entities.remove(record)
        self._journal.removed(entities.name, record)

    def act(self, entities: EntitySet, record: Record, action: str) -> None:
        """Cancel, Close or Reopen of a document."""
        kind = DOCUMENT_KINDS.get(entities.name)
        if kind is None:
            raise invalid(f"{action} is not possible on {entities.name}")
        match action:
            case "Cancel":
                actions.cancel(self._company, kind, record)
            case "Close":
                actions.close(self._company, kind, record)
            case _:
                actions.reopen(self._company, kind, record)
        self._journal.changed(entities.name, record, action, {})

    def _kind(self, entities: EntitySet, record: Record) -> DocumentKind | None:
        if entities.name == "Drafts":
            return KINDS_BY_OBJECT[record.values["DocObjectCode"]]
        return DOCUMENT_KINDS.get(entities.name)
