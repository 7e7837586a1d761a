"""A transaction set to its canonical document."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mlconn_pipelines.documents.transaction_sets import READ_SETS
from mlconn_pipelines.x12.document_dates import document_date
from mlconn_pipelines.x12.element_reader import ElementReader
from mlconn_pipelines.x12.envelope import TransactionSet
from mlconn_pipelines.x12.findings import X12Finding
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.sets import module_of

if TYPE_CHECKING:
    from mlconn_pipelines.documents.kinds import Document


def parse_document(
    transaction_set: TransactionSet, version: str = "", guide: PartnerGuide | None = None
) -> tuple[Document | None, tuple[X12Finding, ...]]:
    """The document, or None with the findings that say why not. Never raises; `validation.validate` is another question.

    version: GS08; all sets read alike in all versions that have a grammar. guide: whose long texts were cut by it.
    """
    set_id = transaction_set.set_id
    if set_id not in READ_SETS:
        text = f"A {set_id or 'set without ST01'} is not read into a document; {', '.join(READ_SETS)} are."
        return None, (transaction_set.finding("no_grammar", text, 1, "ST", 1, value=set_id),)
    if guide is not None and guide.rules(set_id).dated:
        guide = guide.on(set_id, document_date(set_id, transaction_set.segments, version or transaction_set.version))
    values = ElementReader(transaction_set, guide)
    document = cast("Document", module_of(set_id).parse(values))
    return (None if values.findings else document), tuple(values.findings)
