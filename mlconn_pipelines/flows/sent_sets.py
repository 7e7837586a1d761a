"""What a partner sends, against what their file lists and what there is a grammar for: for `mlconn check`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.grammar.loading import nearest_release
from mlconn_pipelines.x12.validation import has_grammar


def about_sets(partner: Partner, received: Mapping[str, int]) -> Iterator[str]:
    """Sentences, none where all is as their file has it. received: how many of each set they have sent so far."""
    unlisted = [set_id for set_id in sorted(received) if not partner.lists(set_id)]
    if unlisted:
        counted = ", ".join(f"{set_id} ({received[set_id]})" for set_id in unlisted)
        becomes = "they are refused (strict_sends)" if partner.strict_sends else "they are answered for their syntax and held"
        yield f"sent {counted}, which sends does not list: {becomes}; add what is meant"
    version = partner.guide.version
    expected = sorted({*(partner.sends or ()), *received} - {"TA1"})
    unchecked = [set_id for set_id in expected if not _is_checked(set_id, version)]
    if unchecked:
        yield (
            f"{', '.join(unchecked)} in {version} is not checked, as there is no grammar for it: our 997 says that it is not "
            "supported (AK5 R 1), and it is held"
        )
    by_nearest = [set_id for set_id in expected if nearest_release(version, set_id) and not has_grammar(set_id, version)]
    for set_id in by_nearest:
        yield f"{set_id} in {version} is checked by the grammar of {nearest_release(version, set_id)}"


def _is_checked(set_id: str, version: str) -> bool:
    row = TRANSACTION_SETS.get(set_id)
    is_acknowledgment = row is not None and not row.is_acknowledged
    return is_acknowledgment or bool(nearest_release(version, set_id))
