"""What an order says for which an ERP has remarks at most: for whom it is marked, notes of lines; and what is not carried over at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.edi.allowances import tax_in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of

MARKED_FOR = ("Z7", "MA")
"""N101 of whom goods are meant for in the end, wherever they are delivered."""


def marked_for(parties: Iterable[Party]) -> list[str]:
    """`mark for 0101 Store 7`, of each."""
    named = (" ".join(filter(None, (one.id, one.name, one.name_2))) for one in parties if one.role in MARKED_FOR)
    return [f"mark for {clean(name)}" for name in dict.fromkeys(named) if name]


def line_remarks(line: OrderLine) -> list[str]:
    """Of one line, for its own field where the ERP has one."""
    return [*marked_for(line.parties), *map(clean, line.notes)]


def tell_what_is_not_carried(order: PurchaseOrder, notes: Checklist) -> None:
    """One warning that names each. Numbers, days, places, items, quantities, prices and notes are carried; allowances told elsewhere."""
    if said := list(dict.fromkeys(_left_over(order))):
        notes.note(
            Reason.NOT_CARRIED_OVER, f"Not carried over: {' · '.join(said)}. Heed it by hand where it matters.", "heading"
        )


def _left_over(order: PurchaseOrder) -> Iterator[str]:
    for reference in order.references:
        yield " ".join(filter(None, ("REF", reference.qualifier, reference.id, reference.description)))
    if (terms := order.terms) is not None:
        discount = "" if terms.discount_percent is None else f"{terms.discount_percent} % in {terms.discount_days or 0} days"
        net = f"net {terms.net_days} days" if terms.net_days is not None else f"net {terms.net_due_date or ''}".strip()
        yield " ".join(filter(None, ("ITD", terms.kind, discount, net if net != "net" else "", terms.description)))
    for carrier in order.carriers:
        yield " ".join(filter(None, ("TD5", carrier.code, carrier.mode, carrier.routing)))
    if order.contract:
        yield f"contract {order.contract} (BEG06)"
    for place, taxes, references in (
        ("", order.taxes, order.tax_references),
        *((f"line {line.number}: ", line.taxes, line.tax_references) for line in order.lines),
    ):
        for tax in taxes:
            yield f"{place}TXI {tax.kind} ({meaning_of('963', tax.kind) or 'unknown'}) {tax_in_words(tax)}"
        for one in references:
            places = [" ".join(filter(None, pair)) for pair in one.places]
            exempt = f"exempt {one.exempt}" if one.exempt else ""
            yield place + " ".join(filter(None, ("TAX", one.number, *places, exempt)))
    for line in order.lines:
        for reference in line.references:
            yield f"line {line.number}: " + " ".join(filter(None, ("REF", reference.qualifier, reference.id)))
