"""A trading partner as flows and mappings use it; the configuration makes these values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from mlconn_pipelines.documents.item_id import code_of
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.x12.guide import PartnerGuide

Verdict = Literal["hold", "tell", "ignore"]
"""What becomes of a segment that a partner sends and no record takes."""


@dataclass(frozen=True, slots=True)
class OrderRules:
    """What becomes of what a partner's orders say beyond item, quantity, price and day; `hold` waits for a person.

    types: BEG02 that are taken, empty for those of firm new orders. several_stores: of lines for several places (SDQ, N1 at the line).
    schedules: of SCH. components: of SLN. returned: what of an order comes back in our 856 and 810 (`order_date`, `release`,
    `references`, `stores`, `line_numbers`). list_price_tolerance_percent: by how much a price may differ from the ERP's own, None where it
    is not compared.
    """

    types: tuple[str, ...] = ()
    several_stores: Literal["hold", "order_per_store", "lines"] = "hold"
    schedules: Literal["hold", "lines"] = "hold"
    components: Literal["hold", "note"] = "hold"
    returned: tuple[str, ...] = ()
    list_price_tolerance_percent: Decimal | None = None


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

    unread: what becomes of segments that no record takes, by segment (`FOB`) or with its qualifier (`REF_IA`).
    destination: name of the Cleo folder, or the API Provider's URL. vendors: the form in which they get our vendors' master records
    (`csv`, `json` or `x12`), empty for others. sends: the sets that they send us, None where their file does not say; strict_sends:
    no other is accepted. reuse_after_days: when their control numbers may come again for another content.
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
    unread: Mapping[str, Verdict] = field(default_factory=dict)
    sends: tuple[str, ...] | None = None
    strict_sends: bool = False
    reuse_after_days: int = 365
    orders: OrderRules = OrderRules()
    numbers_by_code: Mapping[str, Mapping[str, str]] = field(init=False, repr=False, compare=False)
    """`items` by the code of our item, each with all its variants, for each line of a document looks there."""

    def __post_init__(self) -> None:
        by_code: dict[str, dict[str, str]] = {}
        for number, ours in self.items.items():
            by_code.setdefault(code_of(ours).strip(), {})[number] = ours
        object.__setattr__(self, "numbers_by_code", by_code)

    def lists(self, set_id: str) -> bool:
        """Whether their file says that they send it, or does not say what they send. Acknowledgments are always expected."""
        row = TRANSACTION_SETS.get(set_id)
        is_acknowledgment = row is not None and not row.is_acknowledged
        return self.sends is None or set_id in self.sends or is_acknowledgment

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
