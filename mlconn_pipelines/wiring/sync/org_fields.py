"""What an org needs for the flows that are on: the custom fields that the configuration names, and access to objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.model import Model
from mlconn_pipelines.systems.salesforce.api.price_book_entries import BOOKS, ENTRIES
from mlconn_pipelines.systems.salesforce.deployable import Access, CustomField, Kind, folder_of
from mlconn_pipelines.wiring.sync.flow import TO_SALESFORCE
from mlconn_pipelines.wiring.sync.opening import mapped_of, open_flows

CUSTOM = "__c"
_OBJECTS: Mapping[str, str] = {
    "accounts": "Account",
    "opportunities": "Opportunity",
    "opportunities.customer_code": "Account",
    "orders": "Opportunity",
    "orders.order": "Order",
    "orders.invoice": "Invoice",
    "receivables": "Account",
    "customers": "Account",
    "contact_employees": "Contact",
    "sales_items": "Product2",
    "sales_items.prices": "PricebookEntry",
}
"""Whose field a setting names, by the longest beginning of its place in `flows`. An item's code may stand on a line or a product."""

_MADE: Mapping[str, str] = {"customers": "Account", "contact_employees": "Contact", "sales_items": "Product2"}
"""What a flow makes records of."""

_KINDS: Mapping[str, Kind] = {
    "orders.order.number": "key",
    "customers.external_id": "key",
    "contact_employees.external_id": "key",
    "sales_items.external_id": "key",
    "sales_items.prices.external_id": "key",
    "orders.invoice.number": "key",
    "invoice_numbers": "long_text",
    "as_of": "datetime",
    "currency": "iso_code",
    "balance": "currency",
    "credit_limit": "currency",
    "overdue": "currency",
    "open_invoices": "currency",
    "open_orders": "currency",
}
"""By place or by name; else the end of the name says it, and all others are text."""
_ENDS: Mapping[str, Kind] = {"_amount": "currency", "_quantity": "quantity", "_date": "date"}


def deployable(integration: SyncIntegration) -> dict[str, str]:
    """Text by path of a folder for the Metadata API."""
    flows = open_flows(integration)
    read = {flow.declared.entity for flow in flows if flow.between != TO_SALESFORCE}
    mapped = mapped_of(integration)
    writes = {name for name, one in mapped.items() if one.writes}
    makes = {_MADE[flow.name] for flow in flows if flow.name in _MADE}
    if integration.flows.orders and integration.flows.orders.order:
        makes.add("Order")
    if ENTRIES in mapped:
        makes.add(ENTRIES)
    access = {name: Access(name in writes, name in makes) for name in {*read, *mapped}}
    if (lines := access.pop("OpportunityLineItem", None)) is not None:  # its rights are the opportunity's
        for name in ("Product2", BOOKS):  # by which alone lines are seen
            access.setdefault(name, lines)
    if (entries := access.pop(ENTRIES, None)) is not None:  # its rights are the price book's
        access[BOOKS] = entries
    access.setdefault("Account", Access())  # what hangs on accounts takes no right to read without theirs
    streams = [entity for flow in flows for entity in flow.heard(integration)] if integration.salesforce.change_events else []
    return folder_of(list(custom_fields(integration)), access, streams, integration.salesforce.api_version)


def custom_fields(integration: SyncIntegration) -> Iterator[CustomField]:
    """Those that settings of `flows` name, each once for every place that names it."""
    written = {(name, field) for name, one in mapped_of(integration).items() for field in one.writes}
    for place, value in _named(integration.flows, ""):
        entity, field = _entity_of(place, value), value.rpartition(".")[2]
        if entity:
            yield CustomField(entity, field, _kind_of(place), (entity, field) in written)


def _named(model: Model, before: str) -> Iterator[tuple[str, str]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Model):
            yield from _named(value, f"{before}{name}.")
        elif isinstance(value, str) and value.endswith(CUSTOM):
            yield f"{before}{name}", value


def _entity_of(place: str, value: str) -> str:
    if place == "opportunities.item_code":
        return value.rpartition(".")[0] or "OpportunityLineItem"
    found = [before for before in _OBJECTS if place == before or place.startswith(f"{before}.")]
    return _OBJECTS[max(found, key=len)] if found else ""


def _kind_of(place: str) -> Kind:
    name = place.rpartition(".")[2]
    for known in (place, name):
        if known in _KINDS:
            return _KINDS[known]
    return next((kind for end, kind in _ENDS.items() if name.endswith(end)), "text")
