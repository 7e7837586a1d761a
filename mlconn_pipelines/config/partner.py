"""A trading partner: who they are in the ERP, where their files go, and their X12 guide."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, HttpUrl, StringConstraints, field_validator, model_validator

from mlconn_pipelines.config.model import Model
from mlconn_pipelines.config.set_guide import Code, SetGuide
from mlconn_pipelines.documents.transaction_sets import READ_SETS

if TYPE_CHECKING:  # the table of sets decides, which a type checker cannot read
    SetId = str
else:
    SetId = Literal[READ_SETS]


Purpose = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2}$")]
"""X12 element 353."""


class InterchangeId(Model):
    """ISA05/06 or ISA07/08."""

    qualifier: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")] = Field(
        description='a quoted string such as "01" or ZZ'
    )
    id: Annotated[str, StringConstraints(min_length=1, max_length=15)] = Field(description="at most 15 characters")


OrderType = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")]
_OneCharacter = Annotated[str, StringConstraints(strip_whitespace=False, pattern=r"^([\s\S]|\\n)$")]


class Separators(Model):
    """One character each; newline may be written as \\n."""

    element: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1)] = "*"
    component: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1)] = ">"
    repetition: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1)] = "^"
    segment: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1)] = "~"
    line_break: bool = Field(False, description="a line feed after every segment terminator")

    @field_validator("element", "component", "repetition", "segment", mode="before", json_schema_input_type=_OneCharacter)
    @classmethod
    def _escaped_line_feed(cls, separator: Any) -> Any:
        return "\n" if separator == "\\n" else separator


class X12Guide(Model):
    """How X12 is written to this partner and read from them."""

    ours: InterchangeId
    theirs: InterchangeId
    group_ours: str = Field("", description="GS02 of what we send; our interchange id where empty")
    group_theirs: str = Field("", description="GS03 of what we send; their interchange id where empty")
    version: Annotated[str, StringConstraints(pattern=r"^00[0-9]{4}[A-Z0-9]*$")] = Field(
        "004010", description='GS08, quoted: "004010"'
    )
    usage: Literal["P", "T"] = Field("P", description="production or test")
    separators: Separators = Separators()
    characters: Literal["basic", "extended", "any"] = Field("extended", description="the character set that the partner reads")
    unsupported_characters: Literal["refuse", "substitute", "transliterate"] = Field(
        "transliterate", description="what becomes of a character outside the set, or one that is a separator"
    )
    substitute: Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=1)] = " "
    other_separators: tuple[Separators, ...] = Field(
        (), description="tried in this order for an interchange whose texts hold one of `separators`"
    )
    acknowledgment_within_h: float = Field(24.0, gt=0, description="a 997 that takes longer is overdue")
    acknowledgments: Literal["997", "999"] = Field(
        "997", description='what answers their groups, quoted; "999" holds from version 005010 on, older groups get a 997'
    )
    reuse_after_days: int = Field(
        365, gt=0, description="a control number of theirs that came this many days ago may come again for another content"
    )
    severities: dict[str, Literal["reject", "accept_with_error", "ignore"]] = Field(
        {}, description="findings that this partner is to be told of otherwise, by finding code"
    )
    product_id_qualifiers: tuple[str, ...] = Field(
        ("VP", "BP", "UP", "EN", "SK"),
        description="which ids of a line are written, and in which order they are tried when read",
    )
    sets: dict[SetId, SetGuide] = Field({}, description='what differs by transaction set; keys are quoted: "810"')


class ApiProvider(Model):
    """A Cleo API Provider endpoint instead of a folder: documents go there as JSON."""

    url: HttpUrl
    credential: str = Field("", description="vault entry whose `headers` are sent along; empty for none")
    headers: dict[str, str] = Field({}, description="further headers; nothing secret here")
    body: Any = Field(description="JSON template; {document.number}, {x12}, {file_name}, {partner} ... are filled in")
    answer_names_file: bool = Field(
        False, description="the endpoint's answer repeats the file's name; one without it is taken for another document's"
    )


_SegmentName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,2}(_[A-Z0-9]{1,3})?$")]


class ReceivedOrders(Model):
    """What becomes of what this partner's orders (850, 875) say beyond item, quantity, price and day of each line."""

    types: tuple[OrderType, ...] = Field(
        (), description="order types (BEG02) that are taken, [SA, NE, BK]; left out: those of firm new orders"
    )
    several_stores: Literal["hold", "order_per_store", "lines"] = Field(
        "hold",
        description="lines for several places (SDQ, N1 at the line): on hold, an order for each, or lines of one order with their places",
    )
    schedules: Literal["hold", "lines"] = Field(
        "hold", description="parts of a line with days of their own (SCH): on hold, or a line of the order for each"
    )
    components: Literal["hold", "note"] = Field(
        "hold",
        description="what a line is made of (SLN): on hold, or the line is taken as it stands and its components are noted",
    )
    returned: tuple[Literal["order_date", "release", "references", "stores", "line_numbers"], ...] = Field(
        (), description="what of their order comes back in our 856 and 810"
    )
    list_price_tolerance_percent: Decimal | None = Field(
        None,
        ge=0,
        description="how far a price may be from the ERP's own before the order is on hold; left out, it is not compared",
    )


class ChargeRow(Model):
    """Where the ERP enters a charge or an allowance."""

    code: Code = Field(description="the ERP's own code of it: SAP's ExpenseCode, the charge code of F&O")
    tax_code: Code | Literal[""] = Field("", description="tax code of the charge; the ERP's own choice where left out")


class TaxRow(Model):
    """How the ERP enters a tax: by a tax code, at whose percentage it works it out itself, or as a charge of the stated amount."""

    tax_code: Code | Literal[""] = Field("", description="tax code that the lines get")
    percent: Decimal | None = Field(None, ge=0, le=100, description="of tax_code: 8 is 8 %")
    code: Code | Literal[""] = Field("", description="instead of tax_code: the ERP's own code of a charge")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.code) == bool(self.tax_code) or (self.percent is None) != (not self.tax_code):
            raise ValueError("a tax has either tax_code with percent, or code")
        return self


class TradingPartner(Model):
    """One trading partner, one file."""

    partner: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="short name; folders and tables show it"
    )
    name: str = ""
    customer_codes: tuple[Code, ...] = Field(
        (), description="their codes in the ERP as customers; the first is used for new records"
    )
    supplier_codes: tuple[Code, ...] = Field(
        (), description="their codes in the ERP as suppliers; the first is used for new records"
    )
    folder: str | None = Field(None, description="Cleo folder that takes what we send them")
    api_provider: ApiProvider | None = Field(None, description="instead of folder")
    sends: tuple[SetId, ...] | None = Field(
        None, description='the sets that they send us, quoted: ["850", "997"]; left out, customers are expected to send orders'
    )
    strict_sends: bool = Field(
        False,
        description="a set that is not under `sends` is refused in our 997; otherwise it is answered for its syntax and held",
    )
    x12: X12Guide
    units: dict[str, Code] = Field({}, description="the ERP's unit to X12's: {Stk: EA, Karton: CA}; read backwards for inbound")
    unit_factors: dict[str, Decimal] = Field({}, description="how many of the ERP's stock units one X12 unit holds: {CA: 12}")
    default_unit: str = Field("EA", description="X12 unit of ERP lines without one")
    ship_to: dict[str, str] = Field({}, description="their location number (N104) to the ERP's address name")
    items: dict[str, str] = Field({}, description="their item number to ours, before the ERP's own cross-references")
    vendors: Literal["csv", "json", "x12"] | None = Field(
        None, description="they take our vendors' master records (flow `vendors`) in this form; x12 is an 838"
    )
    unread: dict[_SegmentName, Literal["hold", "tell", "ignore"]] = Field(
        {}, description="what becomes of segments of theirs that no record takes: {FOB: ignore, REF_IA: hold}"
    )
    orders: ReceivedOrders = ReceivedOrders()
    price_tolerance: Decimal = Field(Decimal("0.005"), ge=0, description="difference of a unit price that is none")
    charges: dict[str, ChargeRow] | None = Field(
        None, description='where an invoice\'s charges and allowances are entered, by SAC02: {D240: {code: "1"}}'
    )
    taxes: dict[str, TaxRow] | None = Field(
        None,
        description="where an invoice's taxes are entered, by TXI01, several at once as GS+SP, an invoice without tax as none: "
        '{ST: {tax_code: X8, percent: "8"}}',
    )
    purposes: dict[SetId, tuple[Purpose, ...]] = Field(
        {},
        description='purposes beside 00 (original) that they send as one, by set, all quoted: {"855": ["06"], "856": ["14"]}; of '
        "BEG01, BAK01, BSN01 and BIG08",
    )
    weighed_price_tolerance: Decimal = Field(
        Decimal(),
        ge=0,
        lt=1,
        description="share by which the price of a case may differ where the supplier charges by weight (catch weight): 0.1 is 10 %",
    )
