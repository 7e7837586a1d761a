"""A price and sales catalogue (X12 832): what a seller offers, and at which prices."""

from __future__ import annotations

from dataclasses import dataclass

from mlconn_pipelines.documents.line import (
    AllowanceOrCharge,
    DateReference,
    Packing,
    PaymentTerms,
    Price,
    ProductId,
    Reference,
)
from mlconn_pipelines.documents.party import Contact, Party
from mlconn_pipelines.documents.remainder import Received


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One LIN. number: LIN01. maintenance: G5301 (`001` change, `002` delete, `003` add ...), empty in a whole catalogue.

    prices: several by kind, class of trade, quantity or date. allowances_and_charges: that go with every purchase.
    """

    number: str
    product_ids: tuple[ProductId, ...]
    prices: tuple[Price, ...] = ()
    description: str = ""
    packing: Packing | None = None
    dates: tuple[DateReference, ...] = ()
    references: tuple[Reference, ...] = ()
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = ()
    maintenance: str = ""


@dataclass(frozen=True, slots=True)
class PriceCatalogue(Received):
    """number, version, revision: BCT02 to BCT04. kind: BCT01 (`PC` price catalogue, `SC` sales catalogue, `PS` price sheet ...).

    description: BCT09. purpose: BCT10 (`00` original, `04` change, `05` replace), empty where none is stated. dates: from when
    (`007` effective) to when (`036` expires); the set itself has no date of its own.
    """

    number: str
    items: tuple[CatalogueItem, ...]
    kind: str = "PC"
    version: str = ""
    revision: str = ""
    description: str = ""
    purpose: str = ""
    currency: str = ""
    parties: tuple[Party, ...] = ()
    references: tuple[Reference, ...] = ()
    contacts: tuple[Contact, ...] = ()
    dates: tuple[DateReference, ...] = ()
    terms: PaymentTerms | None = None
