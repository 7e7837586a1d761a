"""Every valid document, rendered and read again, is the same document."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from mlconn_pipelines.documents.kinds import DOCUMENT_OF_SET, Document
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.second_opinion import ask
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.drawn_documents import KINDS
from mlconn_pipelines_tests.x12.drawn_parts import QUALIFIERS
from mlconn_pipelines_tests.x12.guides import guide_of, only_set, rendered

VERSIONS = ("004010", "005010")


def guide_for(version: str) -> PartnerGuide:
    return guide_of(version=version, product_id_qualifiers=QUALIFIERS)


def check_round_trip(set_id: str, document: Document, guide: PartnerGuide) -> None:
    made = rendered(document, guide)
    assert made.can_be_sent, [f.message for f in made.findings if f.severity == "reject"]
    assert [f for f in made.findings if f.severity == "accept_with_error"] == []
    transaction_set = only_set(made.content)
    assert transaction_set.set_id == set_id == made.set_id
    again, findings = parse_document(transaction_set)
    assert findings == ()
    assert again == document


def test_every_set_that_is_read_and_written_is_drawn() -> None:
    elsewhere = {"999", "TA1"}  # written from what is acknowledged: test_acknowledgments, test_interchange_acknowledgment
    assert KINDS.keys() | elsewhere == DOCUMENT_OF_SET.keys()


@pytest.mark.parametrize("set_id", list(KINDS))
def test_what_is_rendered_reads_back_as_the_same_document(set_id: str) -> None:
    """In each version: to draw a document takes ten times as long as to check it."""
    guides = [guide_for(version) for version in VERSIONS]

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(KINDS[set_id])
    def holds(document: Document) -> None:
        for guide in guides:
            check_round_trip(set_id, document, guide)

    holds()


@pytest.mark.nightly
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("set_id", list(KINDS))
def test_thousands_read_back_as_the_same_document(set_id: str, version: str) -> None:
    """Drawn anew each night; hypothesis prints how to repeat a failure. MLCONN_ROUND_TRIPS: how many a set and version."""
    guide = guide_for(version)

    @settings(
        max_examples=int(os.environ.get("MLCONN_ROUND_TRIPS", "1500")),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(KINDS[set_id])
    def holds(document: Document) -> None:
        check_round_trip(set_id, document, guide)
        assert from_json(type(document), to_json(document)) == document

    holds()


@pytest.mark.parametrize("set_id", list(KINDS))
def test_the_other_reader_agrees_on_envelope_and_counts(set_id: str) -> None:
    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(KINDS[set_id])
    def holds(document: Document) -> None:
        assert ask(rendered(document).content) == []

    holds()


@pytest.mark.parametrize("set_id", list(KINDS))
def test_the_same_input_gives_the_same_bytes_and_is_kept_whole(set_id: str) -> None:
    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(KINDS[set_id])
    def holds(document: Document) -> None:
        assert rendered(document).content == rendered(document).content
        assert validate(only_set(rendered(document).content), "004010") == ()
        stored = from_json(type(document), to_json(document))
        assert stored == document
        assert rendered(stored).content == rendered(document).content

    holds()
