"""Line and document amounts, computed as the server does: in the document's currency, and in the company's."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconn_simulators.sap_business_one.schema import Values

VAT_PERCENT = {"A0": Decimal(0), "A5": Decimal(5), "A19": Decimal(19)}
_CENT = Decimal("0.01")


def exact(number: Any) -> Decimal:
    """A JSON number without the noise of binary fractions."""
    return Decimal(str(number))


def money(amount: Decimal) -> float:
    return float(amount.quantize(_CENT, ROUND_HALF_UP))


def set_line_amounts(line: Values, rate: Decimal, foreign: bool) -> None:
    """Fill the amounts of a line from Quantity, UnitPrice and DiscountPercent. rate: company currency for one of the document's.

    LineTotal is in the company's currency, RowTotalFC in the document's, 0 for documents in the company's own.
    """
    quantity = exact(line["Quantity"])
    price = exact(line["UnitPrice"]) * (100 - exact(line.get("DiscountPercent") or 0)) / 100
    price = price.quantize(Decimal("0.0001")).normalize()
    row = (quantity * price).quantize(_CENT, ROUND_HALF_UP)
    percent = VAT_PERCENT[line["VatGroup"]]
    tax = (row * percent / 100).quantize(_CENT, ROUND_HALF_UP)
    line["Price"] = float(price)
    line["PriceAfterVAT"] = line["GrossPrice"] = float(round(price * (100 + percent) / 100, 6))
    line["TaxPercentagePerRow"] = float(percent)
    line["LineTotal"] = money(row * rate) if foreign else money(row)
    line["RowTotalFC"] = money(row) if foreign else 0.0
    line["TaxTotal"] = line["NetTaxAmount"] = money(tax * rate) if foreign else money(tax)
    line["NetTaxAmountFC"] = money(tax) if foreign else 0.0
    line["GrossTotal"] = money(exact(line["LineTotal"]) + exact(line["TaxTotal"]))
    line["GrossTotalFC"] = money(row + tax) if foreign else 0.0
    line["InventoryQuantity"] = float(quantity * exact(line.get("UnitsOfMeasurment") or 1))


def header_amounts(lines: Iterable[Values], discount_percent: Any = 0) -> Values:
    """VatSum, DocTotal (gross, company's currency) and their foreign twins, which are 0 in the company's own currency.

    discount_percent: taken off the lines and their tax.
    """
    kept = (100 - exact(discount_percent or 0)) / 100
    sums = dict.fromkeys(("LineTotal", "TaxTotal", "RowTotalFC", "NetTaxAmountFC"), Decimal(0))
    for line in lines:
        for name in sums:
            sums[name] += exact(line[name])
    after = {name: (amount * kept).quantize(_CENT, ROUND_HALF_UP) for name, amount in sums.items()}
    return {
        "VatSum": money(after["TaxTotal"]),
        "VatSumFc": money(after["NetTaxAmountFC"]),
        "DocTotal": money(after["LineTotal"] + after["TaxTotal"]),
        "DocTotalFc": money(after["RowTotalFC"] + after["NetTaxAmountFC"]),
        "TotalDiscount": money(sums["LineTotal"] - after["LineTotal"]),
        "TotalDiscountFC": money(sums["RowTotalFC"] - after["RowTotalFC"]),
    }
