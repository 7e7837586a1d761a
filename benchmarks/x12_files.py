"""The files and documents that the X12 figures are measured on: 850s and 810s as partners write them, no two alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import PaymentTerms, ProductId, Reference
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.x12.guide import PartnerGuide

LINES = 20
SEGMENTS_OF_ORDER = 14 + 2 * LINES
UNITS = ("EA", "CA", "DZ")

GUIDE = PartnerGuide("northwind", "ZZ", "OURCOMPANY", "01", "123456789", "OURGROUP", "THEIRGROUP")


def write_orders(path: Path, sets: int, version: str = "004010") -> Path:
    """One interchange with one group of 850s, written set by set. Returns the path."""
    with path.open("wb") as file:
        for segment in _interchange(sets, version):
            file.write(segment.encode("ascii") + b"~")
    return path


def _interchange(sets: int, version: str) -> Iterator[str]:
    repetition = "^" if version >= "00402" else "U"
    none = " " * 10
    yield (
        f"ISA*00*{none}*00*{none}*01*123456789      *ZZ*OURCOMPANY     *260304*0506*{repetition}*{version[:5]}*000000007*0*P*>"
    )
    yield f"GS*PO*THEIRGROUP*OURGROUP*20260304*0506*7*X*{version}"
    for number in range(1, sets + 1):
        yield from _order(number)
    yield f"GE*{sets}*7"
    yield "IEA*1*000000007"


def _order(number: int) -> Iterator[str]:
    control = f"{number:04d}"
    yield f"ST*850*{control}"
    yield f"BEG*00*SA*45{number:08d}**20260301"
    yield "CUR*BY*USD"
    yield f"REF*DP*{number % 97:03d}"
    yield "ITD*01*3*2**10**30"
    yield f"DTM*002*202603{1 + number % 28:02d}"
    yield f"N1*ST*Store {number % 400}*92*{number % 400:04d}"
    yield f"N3*{number} Main Street"
    yield "N4*Springfield*IL*62701*US"
    yield "N1*BT*Northwind Retail Inc*92*0001"
    yield "N3*500 Commerce Boulevard"
    yield "N4*Chicago*IL*60601*US"
    for line in range(1, LINES + 1):
        mixed = number * 7 + line * 13
        price = f"{mixed % 500}.{line % 10}5"
        upc = f"0{number * 31 + line * 17:011d}"
        yield f"PO1*{line}*{mixed % 50 + 1}*{UNITS[line % 3]}*{price}**VP*A-{mixed % 9000 + 1000}*UP*{upc}"
        yield f"PID*F****Widget no {mixed % 997}, blue, 20 mm, boxed"
    yield f"CTT*{LINES}"
    yield f"SE*{SEGMENTS_OF_ORDER}*{control}"


def invoice() -> Invoice:
    """One with as many lines."""
    lines = tuple(
        InvoiceLine(
            number=str(n),
            quantity=Decimal(n),
            unit=UNITS[n % 3],
            unit_price=Decimal("12.50"),
            product_ids=(ProductId("VP", f"A-{n * 13}"), ProductId("UP", f"0123456789{n:02d}")),
            description=f"Widget no {n}, blue, 20 mm, boxed",
        )
        for n in range(1, LINES + 1)
    )
    return Invoice(
        number="INV-2026-00017",
        date=dt.date(2026, 3, 1),
        currency="USD",
        total=sum((line.quantity * line.unit_price for line in lines), Decimal()),
        lines=lines,
        order_number="4500012345",
        order_date=dt.date(2026, 2, 1),
        parties=(
            Party(
                "ST", "Store 12", "92", "0012", street=("1 Main Street",), city="Springfield", state="IL", postal_code="62701"
            ),
            Party("BT", "Northwind Retail Inc", "92", "0001", street=("500 Commerce Boulevard",), city="Chicago", state="IL"),
        ),
        references=(Reference("DP", "038"),),
        terms=PaymentTerms(discount_percent=Decimal(2), discount_days=10, net_days=30),
    )
