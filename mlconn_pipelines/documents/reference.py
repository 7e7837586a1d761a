"""Reference data as every system's mapping gives it: what documents are checked against. Values, never look-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from mlconn_pipelines.documents.party import Contact, Party


@dataclass(frozen=True, slots=True)
class BusinessPartner:
    """A customer or supplier of the ERP. kind: `customer`, `supplier` or `other`. addresses: by the ERP's own address name."""

    code: str
    name: str
    kind: str
    active: bool = True
    currency: str = ""
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    bill_to: Mapping[str, Party] = field(default_factory=dict)
    ship_to: Mapping[str, Party] = field(default_factory=dict)
    default_bill_to: str = ""
    default_ship_to: str = ""
    default_contact: str = ""
    global_location_number: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """unit factors: how many stock units one of that ERP unit holds. barcodes: ERP unit (or empty) to GTIN."""

    code: str
    description: str
    active: bool = True
    sales_unit: str = ""
    purchase_unit: str = ""
    stock_unit: str = ""
    unit_factors: Mapping[str, Decimal] = field(default_factory=dict)
    barcodes: tuple[str, ...] = ()
    for_sale: bool = True
    for_purchase: bool = True


@dataclass(frozen=True, slots=True)
class CrossReference:
    """A business partner's own number for one of our items. Several items under one number are ambiguous."""

    partner_code: str
    partner_item: str
    item_code: str


@dataclass(frozen=True, slots=True)
class CostAssignment:
    """A code that document lines carry to say whose cost or profit they are.

    dimension: 1-5 where the system has dimensions. centres: the cost or profit centres that it leads to.
    """

    code: str
    dimension: int
    active: bool
    centres: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CostCentre:
    """A cost or profit centre, active or not."""

    code: str
    active: bool
    dimension: int = 1


@dataclass(frozen=True, slots=True)
class Currency:
    """code: the ERP's own (`$`); iso: ISO 4217 (`USD`). decimals: of a money amount."""

    code: str
    iso: str
    decimals: int = 2


ReferenceItem = BusinessPartner | Item | CrossReference | CostAssignment | CostCentre | Currency

KINDS: Mapping[str, type] = {
    "partner": BusinessPartner,
    "item": Item,
    "cross_reference": CrossReference,
    "cost_assignment": CostAssignment,
    "cost_centre": CostCentre,
    "currency": Currency,
}


@dataclass(frozen=True, slots=True)
class ReferenceBook:
    """All reference data of one integration at one version, as values for pure functions.

    version: the ledger's, so that an old document can be rendered again with what was known then.
    cross_references: by (partner code, the partner's item number) to every item under that number.
    """

    version: int
    partners: Mapping[str, BusinessPartner] = field(default_factory=dict)
    items: Mapping[str, Item] = field(default_factory=dict)
    cross_references: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    partner_items: Mapping[tuple[str, str], str] = field(default_factory=dict)
    cost_assignments: Mapping[tuple[int, str], CostAssignment] = field(default_factory=dict)
    cost_centres: Mapping[str, CostCentre] = field(default_factory=dict)
    currencies: Mapping[str, Currency] = field(default_factory=dict)
    items_by_barcode: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
