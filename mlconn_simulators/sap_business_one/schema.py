"""Entity types and sets: property names, their kinds, what an absent one reads as, and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlconn_simulators.sap_business_one.errors import invalid
from mlconn_simulators.sap_business_one.properties import PROPERTIES

Values = dict[str, Any]
REFERENCE_PREFIX = "U_"


@dataclass(frozen=True)
class EntityType:
    """kinds: property to int, string, number, date, time, yes_no, enum, complex or collection.

    defaults: what is read where nothing was written. read_only: a client's values for them are passed over.
    parts: collection or complex property to the entity type of its elements.
    """

    name: str
    kinds: dict[str, str]
    defaults: Values
    read_only: frozenset[str]
    parts: dict[str, str]

    def kind(self, name: str) -> str:
        """Errors: 400 for a property that the type does not have."""
        kind = self.kinds.get(name)
        if kind is None:
            raise invalid(f"Property '{name}' of '{self.name}' is invalid")
        return kind


_PARTS = {
    "Document": {
        "DocumentLines": "DocumentLine",
        "AddressExtension": "AddressExtension",
        "DownPaymentsToDraw": "DownPaymentToDraw",
    },
    "BusinessPartner": {"BPAddresses": "BPAddress", "ContactEmployees": "ContactEmployee"},
    "Item": {"ItemPrices": "ItemPrice", "ItemBarCodeCollection": "ItemBarCode"},
    "DistributionRule": {"DistributionRuleLines": "DistributionRuleLine"},
    "UnitOfMeasurementGroup": {"UoMGroupDefinitionCollection": "UoMGroupDefinition"},
    "JournalEntry": {"JournalEntryLines": "JournalEntryLine"},
    "Payment": {"PaymentInvoices": "PaymentInvoice"},
    "InternalReconciliation": {"InternalReconciliationRows": "InternalReconciliationRow"},
}
_EMPTY: Values = {"yes_no": "tNO", "collection": []}


def entity_type(name: str, user_fields: tuple[str, ...] = ()) -> EntityType:
    """A type as the metadata has it, with the company's user fields behind."""
    kinds: dict[str, str] = {}
    read_only = set()
    for kind, names in PROPERTIES[name].items():
        for listed in names.split():
            plain = listed.rstrip("*")
            kinds[plain] = kind
            if plain != listed:
                read_only.add(plain)
    kinds |= dict.fromkeys(user_fields, "string")
    defaults = {name: _EMPTY.get(kind) for name, kind in kinds.items()}
    return EntityType(name, kinds, defaults, frozenset(read_only), _PARTS.get(name, {}))


TYPES: dict[str, EntityType] = {name: entity_type(name) for name in PROPERTIES}
"""The types without user fields; a company's own are made by `entity_type`."""


@dataclass(frozen=True)
class DocumentKind:
    """code: object type as in BaseType. table: as in UserFieldsMD and messages. sales: wants customers, else suppliers.

    bases: object types that lines may be copied from. reverses: cancelling stores a second document.
    """

    set_name: str
    code: int
    object_name: str
    table: str
    sales: bool
    bases: tuple[int, ...] = ()
    reverses: bool = True
    first_number: int = 1


DOCUMENT_KINDS = {
    kind.set_name: kind
    for kind in (
        DocumentKind("Invoices", 13, "oInvoices", "OINV", True, (17, 15), True, 310001),
        DocumentKind("CreditNotes", 14, "oCreditNotes", "ORIN", True, (13, 16, 203), True, 340001),
        DocumentKind("DeliveryNotes", 15, "oDeliveryNotes", "ODLN", True, (17, 13), True, 350001),
        DocumentKind("Returns", 16, "oReturns", "ORDN", True, (15,), True, 360001),
        DocumentKind("Orders", 17, "oOrders", "ORDR", True, (), False, 370001),
        DocumentKind("PurchaseInvoices", 18, "oPurchaseInvoices", "OPCH", False, (22, 20), True, 810001),
        DocumentKind("PurchaseCreditNotes", 19, "oPurchaseCreditNotes", "ORPC", False, (18, 21), True, 815001),
        DocumentKind("PurchaseDeliveryNotes", 20, "oPurchaseDeliveryNotes", "OPDN", False, (22,), True, 820001),
        DocumentKind("PurchaseOrders", 22, "oPurchaseOrders", "OPOR", False, (), False, 822001),
        DocumentKind("DownPayments", 203, "oDownPayments", "ODPI", True, (17,), True, 380001),
    )
}
KINDS_BY_CODE = {kind.code: kind for kind in DOCUMENT_KINDS.values()}
KINDS_BY_OBJECT = {kind.object_name: kind for kind in DOCUMENT_KINDS.values()}

SETS: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(DOCUMENT_KINDS, ("Document", ("DocEntry",))),
    "Drafts": ("Document", ("DocEntry",)),
    "IncomingPayments": ("Payment", ("DocEntry",)),
    "InternalReconciliations": ("InternalReconciliation", ("ReconNum",)),
    "BusinessPartners": ("BusinessPartner", ("CardCode",)),
    "Items": ("Item", ("ItemCode",)),
    "ProfitCenters": ("ProfitCenter", ("CenterCode",)),
    "Dimensions": ("Dimension", ("DimensionCode",)),
    "DistributionRules": ("DistributionRule", ("FactorCode",)),
    "Currencies": ("Currency", ("Code",)),
    "PriceLists": ("PriceList", ("PriceListNo",)),
    "UnitOfMeasurements": ("UnitOfMeasurement", ("AbsEntry",)),
    "UnitOfMeasurementGroups": ("UnitOfMeasurementGroup", ("AbsEntry",)),
    "AlternateCatNum": ("AlternateCatNum", ("ItemCode", "CardCode", "Substitute")),
    "BusinessPlaces": ("BusinessPlace", ("BPLID",)),
    "UserFieldsMD": ("UserFieldMD", ("TableName", "FieldID")),
    "ChartOfAccounts": ("ChartOfAccount", ("Code",)),
    "JournalEntries": ("JournalEntry", ("JdtNum",)),
}
"""Entity set to its type and key properties."""
STAMPED = (*DOCUMENT_KINDS, "Drafts", "BusinessPartners", "Items")
"""The only sets with UpdateDate and UpdateTime."""
