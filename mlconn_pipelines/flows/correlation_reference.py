"""The reference that every record we create carries: `INTEGRATION:ENTITY:DOCUMENT-ID`."""

from __future__ import annotations


def correlation_reference(integration: str, entity: str, document_id: str) -> str:
    return f"{integration}:{entity}:{document_id}"


def names_own_entity(reference: str, integration: str, entity: str) -> bool:
    """Whether the reference says that we created this very record; a copy of another entity's reference does not.

    >>> names_own_entity("acme:Orders:D1", "acme", "Orders"), names_own_entity("acme:Orders:D1", "acme", "Invoices")
    (True, False)
    """
    return reference.startswith(f"{integration}:{entity}:")
