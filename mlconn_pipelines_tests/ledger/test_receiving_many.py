"""Several received files in one transaction: as if each had come by itself."""

from __future__ import annotations

import datetime as dt

import pytest

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import NotStorable
from mlconn_pipelines.flows.ports.entries import FileRow, ReceivedFile, ReceivedGroup, ReceivedInterchange, ReceivedSet
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines_tests.ledger.workbench import INBOUND, Workbench, on_both, received_set

FIRST_DAY = dt.date(2026, 1, 1)
OUR_997 = FunctionalAcknowledgment("PO", "G", "A", 1, 1, 1)


def listed(bench: Workbench, count: int) -> list[FileRow]:
    found = [RemoteFile(f"f{number}", f"{number}.edi", "inbox", 4, "10:00") for number in range(count)]
    return bench.intake.note_files(INBOUND, "inbox", found)


def holding(file: FileRow, group: str, *sets: ReceivedSet) -> ReceivedFile:
    key = f"01|PARTNER|ZZ|ACME|000000007|P|{group}"
    one = ReceivedGroup(key, sets, OUR_997, "wholesale", {"version": "004010"})
    return ReceivedFile(file, b"ISA*", [ReceivedInterchange(key.rpartition("|")[0], "sha", b"ISA*", {"usage": "P"}, (one,))])


@pytest.mark.database
def test_each_set_becomes_a_document_and_each_group_is_answered_once(bench: Workbench) -> None:
    first, second, third = listed(bench, 3)
    received = [
        holding(first, "A", received_set("0001", "a", group="A"), received_set("0002", "b", group="A")),
        holding(second, "B", received_set("0001", "c", group="B")),
        holding(third, "A", received_set("0001", "a", group="A"), received_set("0002", "b", group="A")),
    ]
    counts = bench.intake.store_files(INBOUND, received, FIRST_DAY)
    assert (counts.documents, counts.duplicates, counts.answers) == (3, 2, 2), "the third file is the first one again"
    states = bench.values("SELECT state || ' ' || set_id FROM document ORDER BY id")
    assert sorted(states) == [*["duplicate 850"] * 2, *["pending_validation 850"] * 3, *["ready 997"] * 2]
    assert bench.values("SELECT count(*) FROM audit_event WHERE to_state = 'pending_validation'") == [7]
    assert bench.values("SELECT count(*) FROM received_file WHERE state = 'stored' AND cardinality(interchange_ids) = 1") == [3]
    assert bench.intake.store_files(INBOUND, received, FIRST_DAY).documents == 0, "stored already"


@on_both
def test_another_content_under_the_same_number_waits_for_a_person(bench: Workbench) -> None:
    first, second = listed(bench, 2)
    received = [
        holding(first, "A", received_set("0001", "a", group="A")),
        holding(second, "A", received_set("0001", "other", group="A")),
    ]
    counts = bench.intake.store_files(INBOUND, received, FIRST_DAY)
    assert (counts.documents, counts.conflicts, counts.answers) == (1, 1, 1)
    reasons = [row.reason_code for row in bench.queue.documents("acme", "inbound", [State.ON_HOLD])]
    assert reasons == ["control_number_reused", "control_number_reused"], "the document and the answer to its group"


@pytest.mark.database
def test_a_value_that_the_database_refuses_is_told_from_its_own_troubles(bench: Workbench) -> None:
    files = listed(bench, 3)
    received = [holding(file, file.row_id, received_set("0001", "a", group=file.row_id)) for file in files]
    received[1] = holding(files[1], "X", received_set("0001", "x", group="X", line_count=2**40))
    with pytest.raises(NotStorable, match="NumericValueOutOfRange"):
        bench.intake.store_files(INBOUND, received, FIRST_DAY)
    assert bench.values("SELECT state FROM received_file ORDER BY id") == ["seen", "seen", "seen"]
    for one in (received[0], received[2]):
        assert bench.intake.store_files(INBOUND, [one], FIRST_DAY).documents == 1


@on_both
def test_files_that_left_their_folder_are_remembered_together(bench: Workbench) -> None:
    files = listed(bench, 2)
    bench.intake.store_files(INBOUND, [holding(file, file.row_id) for file in files], FIRST_DAY)
    bench.intake.files_removed(files)
    assert bench.intake.files_to_take("acme", "inbox", [file.file for file in files]) == 0
