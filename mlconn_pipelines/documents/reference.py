"""Reference data as every system's mapping gives it: what documents are checked against. Values, never look-ups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.item_id import from_most_specific
from mlconn_pipelines.documents.party import Contact, Party


@dataclass(frozen=True, slots=True)
class Validity:
    """Days on which an active master record may be used, first and last included; None is open.

    active_from, active_to: usable only within. inactive_from, inactive_to: not usable within; both None is never.
    """

    active_from: dt.date | None = None
    active_to: dt.date | None = None
    inactive_from: dt.date | None = None
    inactive_to: dt.date | None = None

    def covers(self, day: dt.date) -> bool:
        """Whether the record may be used on that day."""
        if (self.active_from and day < self.active_from) or (self.active_to and day > self.active_to):
            return False
        if self.inactive_from is None and self.inactive_to is None:
            return True
        return day < (self.inactive_from or dt.date.min) or day > (self.inactive_to or dt.date.max)


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
    validity: Validity = Validity()


@dataclass(frozen=True, slots=True)
class Item:
    """unit_factors: how many stock units one of that ERP unit holds. barcodes: the preferred one first.

    unit_group: id of the UnitGroup that gives further factors, empty where the item has none of its own. sales_unit_id,
    purchase_unit_id: ids of units (UnitOfMeasure), where the ERP names them by id too.
    """

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
    unit_group: str = ""
    sales_unit_id: str = ""
    purchase_unit_id: str = ""
    validity: Validity = Validity()


@dataclass(frozen=True, slots=True)
class CrossReference:
    """A business partner's own number for one of our items, or for one variant of it. Several items under one number are ambiguous.

    variant: as in `item_id`, empty where the number is for the item in whatever variant.
    """

    partner_code: str
    partner_item: str
    item_code: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class ItemVariant:
    """A variant of an item, where the ERP gives each a code. id: what documents name it by; code: what people call it."""

    id: str
    item_code: str
    code: str
    description: str = ""


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
    validity: Validity = Validity()


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the general ledger, or what one company rules for it. code: what lines name it by. number: what people call it.

    postable: False for headings and totals, which nothing is posted to. chart: where a system has several charts of accounts.
    of_company: a rule of the company for an account of that chart, which is the company's own then.
    """

    code: str
    number: str
    name: str = ""
    postable: bool = True
    active: bool = True
    validity: Validity = Validity()
    chart: str = ""
    of_company: bool = False

    def may_be_used(self, day: dt.date) -> bool:
        """Whether what is of that day may be posted to it."""
        return self.postable and self.active and self.validity.covers(day)


@dataclass(frozen=True, slots=True)
class Currency:
    """code: the ERP's own (`$`); iso: ISO 4217 (`USD`). decimals: of a money amount."""

    code: str
    iso: str
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way of dividing costs (department, product line ...). number: 1-5."""

    number: int
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class DimensionValue:
    """A value of a dimension that lines carry, or what one company rules for it. dimension: what lines name the dimension by.

    postable: False for totals, which nothing is posted to.
    """

    dimension: str
    code: str
    name: str = ""
    postable: bool = True
    active: bool = True
    validity: Validity = Validity()

    def may_be_used(self, day: dt.date) -> bool:
        """Whether a document of that day may carry it."""
        return self.postable and self.active and self.validity.covers(day)


@dataclass(frozen=True, slots=True)
class DimensionFormat:
    """How a line's dimension values stand in one text. dimensions: in their order. delimiter: between the values."""

    dimensions: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse of ours that orders are delivered to. address: with its name, as a ship-to."""

    code: str
    address: Party
    active: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of payment, where documents name them by a code only. net_days: None where they state no number of days."""

    code: str
    description: str = ""
    net_days: int | None = None


@dataclass(frozen=True, slots=True)
class TaxSchedule:
    """A set of taxes that documents name by its code."""

    code: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class UnitOfMeasure:
    """A unit of the ERP. id: what other records name it by; code: what people call it."""

    id: str
    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class UnitGroup:
    """Units that convert into each other. factors: unit id to how many of the group's base unit one of it holds."""

    id: str
    code: str
    base_unit: str
    factors: Mapping[str, Decimal] = field(default_factory=dict)


ReferenceItem = (
    BusinessPartner
    | Item
    | ItemVariant
    | CrossReference
    | CostAssignment
    | CostCentre
    | Account
    | Currency
    | Dimension
    | DimensionValue
    | DimensionFormat
    | Warehouse
    | Terms
    | TaxSchedule
    | UnitOfMeasure
    | UnitGroup
)

KINDS: Mapping[str, type] = {
    "partner": BusinessPartner,
    "item": Item,
    "variant": ItemVariant,
    "cross_reference": CrossReference,
    "cost_assignment": CostAssignment,
    "cost_centre": CostCentre,
    "account": Account,
    "currency": Currency,
    "dimension": Dimension,
    "dimension_value": DimensionValue,
    "dimension_format": DimensionFormat,
    "warehouse": Warehouse,
    "terms": Terms,
    "tax_schedule": TaxSchedule,
    "unit": UnitOfMeasure,
    "unit_group": UnitGroup,
}


@dataclass(frozen=True, slots=True)
class ReferenceBook:
    """All reference data of one integration at one version, as values for pure functions.

    version: the ledger's, so that an old document can be rendered again with what was known then.
    cross_references: by (partner code, the partner's item number) to every item, or variant of one (`item_id`), under that number.
    partner_items: the other way round, every number that the partner has for exactly that.
    """

    version: int
    partners: Mapping[str, BusinessPartner] = field(default_factory=dict)
    items: Mapping[str, Item] = field(default_factory=dict)
    cross_references: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    partner_items: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    cost_assignments: Mapping[tuple[int, str], CostAssignment] = field(default_factory=dict)
    cost_centres: Mapping[str, CostCentre] = field(default_factory=dict)
    currencies: Mapping[str, Currency] = field(default_factory=dict)
    items_by_barcode: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dimensions: Mapping[int, Dimension] = field(default_factory=dict)
    unit_factors: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    """By unit group: the ERP unit, by code and by name, to how many of the group's base unit one of it holds."""
    units: Mapping[str, UnitOfMeasure] = field(default_factory=dict)
    """By code, and by name where no other unit has that code."""
    variants: Mapping[str, ItemVariant] = field(default_factory=dict)
    """By id."""
    variant_ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By (item code, variant code)."""
    partners_by_kind: Mapping[tuple[str, str], BusinessPartner] = field(default_factory=dict)
    """By (kind, code): some ERPs number customers and suppliers alike."""
    accounts: Mapping[str, tuple[Account, ...]] = field(default_factory=dict)
    """By code: what the chart says, and what the company does. Empty where no chart of accounts was read."""
    dimension_values: Mapping[str, Mapping[str, tuple[DimensionValue, ...]]] = field(default_factory=dict)
    """By dimension and code: what all companies share, and what the company rules. Empty where no values were read."""
    dimension_format: DimensionFormat | None = None
    warehouses: Mapping[str, Warehouse] = field(default_factory=dict)
    terms: Mapping[str, Terms] = field(default_factory=dict)
    tax_schedules: Mapping[str, TaxSchedule] = field(default_factory=dict)

    def partner(self, code: str, kind: str) -> BusinessPartner | None:
        """The business partner of that kind, else whoever bears the code, which then is of another kind."""
        return self.partners_by_kind.get((kind, code)) or self.partners.get(code)

    def numbers_for(self, partner_code: str, item: str) -> tuple[str, ...]:
        """The partner's own numbers for an item or a variant (`item_id`): those for exactly that, else for what covers it best."""
        for covering in from_most_specific(item):
            numbers = [number for one in covering for number in self.partner_items.get((partner_code, one), ())]
            if numbers:
                return tuple(dict.fromkeys(numbers))
        return ()


def book_of(version: int, items: Mapping[str, Mapping[str, ReferenceItem]]) -> ReferenceBook:
    """Reference items by kind (a key of KINDS) and the mapping's own key, put in order for look-ups.

    The keys serve storage alone; every look-up goes by the codes inside the values. Several items under one partner number or
    one barcode all stay, so that the reader sees the ambiguity, and so do several partner numbers for one item.
    """

    def values(kind: str) -> list[Any]:
        return [value for _, value in sorted(items.get(kind, {}).items())]

    items_by_number: dict[tuple[str, str], dict[str, None]] = {}
    numbers_by_item: dict[tuple[str, str], dict[str, None]] = {}
    for row in values("cross_reference"):
        item_of_row = f"{row.item_code}|{row.variant}" if row.variant else row.item_code
        items_by_number.setdefault((row.partner_code, row.partner_item), {})[item_of_row] = None
        numbers_by_item.setdefault((row.partner_code, item_of_row), {})[row.partner_item] = None
    variants = {variant.id: variant for variant in values("variant")}
    units_by_id = {unit.id: unit for unit in values("unit")}
    units = {unit.name: unit for unit in units_by_id.values() if unit.name} | {u.code: u for u in units_by_id.values()}
    accounts: dict[str, tuple[Account, ...]] = {}
    for account in values("account"):
        accounts[account.code] = (*accounts.get(account.code, ()), account)
    dimension_values: dict[str, dict[str, tuple[DimensionValue, ...]]] = {}
    for value in values("dimension_value"):
        of_dimension = dimension_values.setdefault(value.dimension, {})
        of_dimension[value.code] = (*of_dimension.get(value.code, ()), value)
    barcodes: dict[str, dict[str, None]] = {}
    for item in values("item"):
        for barcode in item.barcodes:
            barcodes.setdefault(barcode, {})[item.code] = None
    return ReferenceBook(
        version=version,
        partners={partner.code: partner for partner in values("partner")},
        items={item.code: item for item in values("item")},
        cross_references={number: tuple(found) for number, found in items_by_number.items()},
        partner_items={item: tuple(sorted(numbers)) for item, numbers in numbers_by_item.items()},
        cost_assignments={(rule.dimension, rule.code): rule for rule in values("cost_assignment")},
        cost_centres={centre.code: centre for centre in values("cost_centre")},
        currencies={currency.code: currency for currency in values("currency")},
        items_by_barcode={barcode: tuple(codes) for barcode, codes in barcodes.items()},
        dimensions={dimension.number: dimension for dimension in values("dimension")},
        unit_factors={
            group.id: {spelled: group.factors[unit.id] for spelled, unit in units.items() if unit.id in group.factors}
            for group in values("unit_group")
        },
        units=units,
        variants=variants,
        variant_ids={(variant.item_code, variant.code): variant.id for variant in variants.values()},
        partners_by_kind={(partner.kind, partner.code): partner for partner in values("partner")},
        accounts=accounts,
        dimension_values=dimension_values,
        dimension_format=next(iter(values("dimension_format")), None),
        warehouses={warehouse.code: warehouse for warehouse in values("warehouse")},
        terms={terms.code: terms for terms in values("terms")},
        tax_schedules={schedule.code: schedule for schedule in values("tax_schedule")},
    )
