"""A trading partner as flows and mappings use it; the configuration makes these values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from mlconn_pipelines.documents.item_id import code_of
from mlconn_pipelines.x12.guide import PartnerGuide


@dataclass(frozen=True, slots=True)
class PostedAs:
    """Where the ERP enters a charge, an allowance or a tax. code: of the charge (SAP's expense, a charge code of F&O).

    tax_code: of the charge itself, or, for a tax without a code, of the lines, which the ERP then works out at percent.
    """

    code: str = ""
    tax_code: str = ""
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """units: ERP unit to X12 unit. unit_factors: ERP stock units in one X12 unit. ship_to: their location number to address name.

    destination: name of the Cleo folder, or the API Provider's URL. vendors: the form in which they get our vendors' master records
    (`csv`, `json` or `x12`), empty for others. expects: X12 sets that we await a 997 for, with its hours.
    weighed_price_tolerance: a share of the ordered price. purposes: by set, those that act as an original beside it. charges, taxes:
    by SAC02 and by TXI01 where an invoice's are entered; both None: they stand in the remarks of the ERP's document.
    """

    name: str
    title: str
    customer_codes: tuple[str, ...]
    supplier_codes: tuple[str, ...]
    guide: PartnerGuide
    destination: str
    uses_api_provider: bool = False
    units: Mapping[str, str] = field(default_factory=dict)
    unit_factors: Mapping[str, Decimal] = field(default_factory=dict)
    default_unit: str = "EA"
    ship_to: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    price_tolerance: Decimal = Decimal("0.005")
    weighed_price_tolerance: Decimal = Decimal()
    purposes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    charges: Mapping[str, PostedAs] | None = None
    taxes: Mapping[str, PostedAs] | None = None
    vendors: str = ""
    numbers_by_code: Mapping[str, Mapping[str, str]] = field(init=False, repr=False, compare=False)
    """`items` by the code of our item, each with all its variants, for each line of a document looks there."""

    def __post_init__(self) -> None:
        by_code: dict[str, dict[str, str]] = {}
        for number, ours in self.items.items():
            by_code.setdefault(code_of(ours).strip(), {})[number] = ours
        object.__setattr__(self, "numbers_by_code", by_code)

    @property
    def enters_charges(self) -> bool:
        """Whether charges and taxes of their invoices are entered as money, all of them or none."""
        return self.charges is not None or self.taxes is not None

    def means_original(self, set_id: str, purpose: str) -> bool:
        """Whether a set of this purpose acts: an original, or what they send as one."""
        return purpose == "00" or purpose in self.purposes.get(set_id, ())

    def codes(self, kind: str) -> tuple[str, ...]:
        """Their codes in the ERP as `customer` or `supplier`."""
        return self.customer_codes if kind == "customer" else self.supplier_codes
