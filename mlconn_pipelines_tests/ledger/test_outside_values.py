"""No text and no number from outside ends a transaction: every column, every way that a statement is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.documents.storable import storable_identity, storable_text
from mlconn_pipelines.errors import DocumentRejected, NotStorable, Retryable
from mlconn_pipelines.flows.ports.entries import FetchedRecord, ReceivedGroup
from mlconn_pipelines.ledger.statements import Statement
from mlconn_pipelines.ledger.tables import metadata
from mlconn_pipelines.ports.delivery import Receipt, RemoteFile
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines_tests.ledger.workbench import INBOUND, RUN, Workbench, received_set, record

pytestmark = pytest.mark.database

BAD = "a\x00b\ud800c\x1b"
KEPT = storable_text(BAD)
LONG = "".join(chr(33 + (number * 7919) % 90) for number in range(100_000))
"""100 kB that no compression makes short enough for an index."""

TRIED: dict[type, tuple[Any, ...]] = {
    sa.Text: (BAD, LONG),
    JSONB: ({BAD: [BAD, float("nan"), Decimal("Infinity"), Decimal("1E+200000"), 2**90]},),
    sa.Numeric: (Decimal("NaN"), Decimal("Infinity"), Decimal("1E+400")),
    sa.BigInteger: (2**63,),
    sa.ARRAY: ([BAD, "fine"],),
}


def _tried(column: sa.Column[Any]) -> tuple[Any, ...]:
    kind = column.type.impl if isinstance(column.type, sa.types.TypeDecorator) else column.type
    if isinstance(kind, sa.ARRAY) and not isinstance(kind.item_type, sa.Text):
        return ()
    return next((values for of, values in TRIED.items() if isinstance(kind, of)), ())


NUMBERS_OF_OURS = {
    "id",
    "interchange_id",
    "interchange_number",
    "group_number",
    "set_number",
    "claim_id",
    "first_id",
    "last_id",
    "generation",
    # Of agents; what they state themselves (seq) was held to 53 bits before.
    "seq",
    "expires",
    "valid_from",
    "valid_until",
    "not_after",
    "given_last",
}


def test_every_column_takes_what_came_from_outside(engine: sa.Engine) -> None:
    looked_at = 0
    with engine.connect() as connection:
        for table in metadata.tables.values():
            for column in table.c:
                if isinstance(column.type, sa.BigInteger) and column.name in NUMBERS_OF_OURS:
                    continue
                for value in _tried(column):
                    connection.execute(sa.select(sa.cast(sa.literal(value, column.type), column.type)))
                    looked_at += 1
    assert looked_at > 100


def test_statements_in_plain_sql_and_straight_through_the_driver(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT cast(:text AS text)"), {"text": BAD}) == KEPT
        assert connection.scalar(sa.text("SELECT cast(:texts AS text[])"), {"texts": ["x", BAD]}) == ["x", KEPT]
        said = Statement("SELECT :text || cast(:value AS jsonb)::text", json=("value",)).value(
            connection, {"text": BAD, "value": [BAD]}
        )
        assert said.startswith(KEPT) and "\\u001b" in said


def test_no_error_of_a_statement_repeats_what_it_carried(engine: sa.Engine) -> None:
    with pytest.raises(NotStorable) as refused, engine.connect() as connection:
        connection.execute(sa.text("SELECT cast(:text AS integer) + 1"), {"text": "PO-4711"})
    with pytest.raises(sa.exc.DBAPIError) as wrong, engine.connect() as connection:
        connection.execute(sa.text("SELECT :text FROM nowhere"), {"text": "PO-4711"})
    assert "PO-4711" not in f"{refused.value} {wrong.value}"


def test_a_record_full_of_them_is_stored_and_known_again(bench: Workbench) -> None:
    facts = dict.fromkeys(("stamp", "business_number", "partner_code", "currency", "correlation_reference"), BAD)
    bad = record(BAD, amount=Decimal("NaN"), **facts)
    bad = FetchedRecord(bad.facts, {"CardCode": BAD, BAD: {"Quantity": Decimal("1E+400"), "Price": float("nan")}}, False)
    counts = bench.fetch(bad, record("sound"), record("long", business_number=LONG), mark=BAD)
    assert counts.new == 3
    stored = next(row for row in bench.all() if row.raw.get("CardCode"))
    assert stored.source_key == storable_identity(BAD) and stored.business_number == storable_identity(BAD)
    assert stored.raw == {"CardCode": KEPT, KEPT: {"Quantity": 10**400, "Price": "NaN"}} and stored.amount is None
    assert stored.partner_code == KEPT
    assert bench.queue.unseen("acme", "x12_810", [KeyStamp(BAD, BAD), KeyStamp("sound", "stamp-a")]) == []
    assert bench.fetch(bad).unchanged == 1


def test_a_listing_full_of_them_is_noted_and_known_again(bench: Workbench) -> None:
    listing = [RemoteFile(f"{number}{BAD}", BAD, "inbox", size, BAD) for number, size in enumerate((None, 5, 2**70))]
    listing += [RemoteFile("sound", "sound.edi", "inbox", 5, "10:00")]
    assert len(bench.intake.note_files(INBOUND, "inbox", listing)) == 4
    again = bench.intake.note_files(INBOUND, "inbox", listing)
    assert [row.check_count for row in again] == [2, 2, 2, 2] and [row.file for row in again] == listing
    bench.intake.set_file_aside(INBOUND, again[0], b"\x00", Finding("no_interchange", BAD))
    assert bench.values("SELECT text FROM alert") == [f"inbox/{KEPT} was put on hold: {KEPT}"]


def test_a_received_set_full_of_them_is_stored_beside_a_sound_one(bench: Workbench) -> None:
    names = ("source_key", "set_id", "business_number", "currency")
    bad = received_set(**dict.fromkeys(names, BAD), amount=Decimal("Infinity"), findings=(Finding("x", BAD, "ignore", BAD),))
    bad = replace(bad, raw={"segments": [[BAD]], "envelope": {"set": BAD}}, canonical={"number": BAD})
    counts = bench.receive(
        ReceivedGroup(BAD, (bad, received_set(), received_set(source_key=LONG, business_number=LONG)), None, "wholesale")
    )
    assert counts.documents == 3
    stored = bench.all(flow="inbound")[0]
    assert (stored.set_id, stored.canonical, stored.amount) == (storable_identity(BAD), {"number": KEPT}, None)


def test_what_acts_end_with_may_be_anything_that_a_server_said(bench: Workbench) -> None:
    first, second, third = (bench.ready() for _ in range(3))
    with bench.owner() as owner:
        for document, end in (
            (first, lambda claim: claim.refuse(DocumentRejected(BAD))),
            (second, lambda claim: claim.retry_later(Retryable(BAD))),
            (third, lambda claim: claim.complete(Receipt(BAD, BAD))),
        ):
            claim = bench.claim(owner, document)
            claim.sending()
            end(claim)
    assert [bench.now(document).state for document in (first, second, third)] == [State.ON_HOLD, State.READY, State.SENT]
    assert "\x00" not in bench.now(first).reason


def test_what_people_and_events_say(bench: Workbench) -> None:
    from mlconn_pipelines.ports.notifications import ChangeNotification

    document = bench.check(bench.seen(), State.ON_HOLD, reason=BAD, reason_code="refused", findings=(Finding("refused", BAD),))
    assert bench.operator.dismiss(RUN, document.id, BAD) is State.SKIPPED
    assert bench.intake.record_notifications([ChangeNotification("acme", "inbound", BAD, BAD, BAD)]) != set()
    assert bench.watch.raise_alert("acme", f"cause:{BAD}", BAD) and bench.watch.resolve_alert(f"cause:{BAD}")
    assert bench.acknowledgments.sent_by_number("acme", "850", BAD, BAD) is None
    assert bench.intake.business_duplicates([replace(document, business_number=BAD)], dt.timedelta(1)) == {}
    bench.queue.note_our_update("acme", "x12_850", BAD, "hash")
