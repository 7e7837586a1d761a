"""Line and header amounts: half-cents go up, the invoice discount is spread over the lines after every write."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from mlconn_simulators.business_central.company import Company, Record
from mlconn_simulators.business_central.schema import KINDS, Values

CENT = Decimal("0.01")
HUNDRED = Decimal(100)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def line_amounts(line: Values, price: str) -> Values:
    """Amounts of one line before any invoice discount. price: the property with the unit price."""
    gross = cents(line["quantity"] * line[price])
    discount = line["discountAmount"]
    if line["discountPercent"]:
        discount = cents(gross * line["discountPercent"] / HUNDRED)
    net = gross - discount
    tax = cents(net * line["taxPercent"] / HUNDRED)
    return {
        "discountAmount": discount,
        "amountExcludingTax": net,
        "totalTaxAmount": tax,
        "amountIncludingTax": net + tax,
    } | _after_discount(line, net, Decimal(0))


def _after_discount(line: Values, net: Decimal, share: Decimal) -> Values:
    tax = cents((net - share) * line["taxPercent"] / HUNDRED)
    return {
        "invoiceDiscountAllocation": share,
        "netAmount": net - share,
        "netTaxAmount": tax,
        "netAmountIncludingTax": net - share + tax,
    }


def spread(lines: list[Values], discount: Decimal) -> Values:
    """Give each line its share of the invoice discount, in place; the header's totals."""
    whole = sum((line["amountExcludingTax"] for line in lines), Decimal(0))
    left = discount
    weighty = [line for line in lines if line["amountExcludingTax"]]
    for line in lines:
        share = Decimal(0)
        if weighty and whole and line is weighty[-1]:
            share = left
        elif whole:
            share = cents(discount * line["amountExcludingTax"] / whole)
        left -= share
        line |= _after_discount(line, line["amountExcludingTax"], share)
    net = sum((line["netAmount"] for line in lines), Decimal(0))
    tax = sum((line["netTaxAmount"] for line in lines), Decimal(0))
    return {"totalAmountExcludingTax": net, "totalTaxAmount": tax, "totalAmountIncludingTax": net + tax}


def redistribute(company: Company, header: Record) -> None:
    """Count a stored document again after one of its lines changed, which changes the header too."""
    lines = [line.values for line in company.lines_of(header)]
    kind = KINDS[header.set_name]
    for line in lines:
        line |= line_amounts(line, kind.price)
    totals = spread(lines, header.values["discountAmount"])
    if not company.write(header, totals):
        company.touch(header, stamped=False)
