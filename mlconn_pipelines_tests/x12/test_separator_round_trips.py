"""Texts full of separators: written in others, they read back unchanged."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.x12.guide import Delimiters
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines_tests.x12.guides import guide_of, only_set, rendered

CONTROLS = Delimiters("\x1d", "\x1f", "\x1e", "\x1c")
"""Signs that no text holds, since control characters are taken out of every text first."""

nasty_texts = st.text("*~>^|;AB 1", min_size=1, max_size=50).map(lambda text: " ".join(text.split())).filter(bool)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(nasty_texts, nasty_texts, nasty_texts, st.sampled_from(("004010", "005010")))
def test_texts_full_of_separators_read_back_unchanged_in_other_separators(
    name: str, note: str, item: str, version: str
) -> None:
    """The policy `refuse` proves that nothing was replaced, whichever separators were taken."""
    line = InvoiceLine("1", Decimal(1), "EA", Decimal(2), (ProductId("VP", item[:40]),), note)
    document = Invoice(
        number="A1",
        date=dt.date(2026, 3, 1),
        currency="",
        total=Decimal(2),
        lines=(line,),
        parties=(Party("ST", name),),
    )
    guide = guide_of(
        version=version,
        characters="any",
        unsupported_characters="refuse",
        other_delimiters=(Delimiters("|", ";", "^", "~"), CONTROLS),
    )
    made = rendered(document, guide)
    assert made.can_be_sent, made.findings
    again, _ = parse_document(only_set(made.content))
    assert again == replace(document, lines=(replace(line, product_ids=(ProductId("VP", item[:40].rstrip()),)),))
