"""Documents for tests of the ledger: fetched, checked, claimed and delivered in one line each."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment, SetAcknowledgment
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.claims import Owner
from mlconn_pipelines.flows.ports.entries import (
    Channel,
    Checked,
    ControlNumbers,
    DocumentRow,
    FetchCounts,
    FetchedRecord,
    FetchRules,
    FileRow,
    ReceiveCounts,
    ReceivedFile,
    ReceivedGroup,
    ReceivedInterchange,
    ReceivedSet,
    Render,
    Rendered,
    Run,
)
from mlconn_pipelines.ledger.locks import OWNERS
from mlconn_pipelines.ledger.owners import PostgresOwner
from mlconn_pipelines.ledger.stores import LedgerStores
from mlconn_pipelines.ports.delivery import Receipt, RemoteFile
from mlconn_pipelines.ports.mapping import RecordHeader
from mlconn_pipelines.ports.records import Stored
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger

DAY = dt.date(2026, 3, 10)
CHANNEL = Channel("ZZ:ACME", "01:PARTNER", "P")
RUN = Run("acme", "x12_810", "run-1", DAY, config_hash="config-1")
INBOUND = replace(RUN, flow="inbound")
RULES = FetchRules("810", dt.date(2026, 1, 1))


def record(key: str = "1", content: str = "a", *, ours: bool = False, **facts: Any) -> FetchedRecord:
    """content: what the hash stands for. The stamp differs with it unless given."""
    values: dict[str, Any] = {
        "key": key,
        "stamp": f"stamp-{content}",
        "business_number": f"INV{key}",
        "date": DAY,
        "partner_code": "C100",
        "content_hash": f"hash-{content}",
        "cancelled": False,
        "correlation_reference": "",
        "line_count": 2,
        "amount": Decimal("12.50"),
        "currency": "USD",
    }
    return FetchedRecord(RecordHeader(**values | facts), {"DocNum": key, "content": content, "price": Decimal("1.50")}, ours)


def render(
    document: DocumentRow, channel: Channel | None = CHANNEL, hours: float | None = 24.0, functional_id: str = "IN"
) -> Render:
    def rendered(numbers: ControlNumbers, at: dt.datetime) -> Rendered:
        group = str(numbers.group)
        envelope = {
            "functional_id": functional_id,
            "group": group,
            "set_id": document.set_id,
            "set": f"{numbers.transaction_set:04d}",
        }
        if channel:
            envelope |= {"sender": channel.ours, "receiver": channel.theirs, "usage": channel.usage}
        return Rendered(
            content=f"{document.id} {document.canonical} {numbers}".encode(),
            file_name=f"{document.id}_{numbers.interchange}.edi",
            destination="outbox",
            envelope=envelope if channel else {},
            awaits_acknowledgment_h=hours,
        )

    return rendered


def answer(
    group: int | str, status: str = "A", sets: Mapping[str, str] | None = None, functional_id: str = "IN"
) -> FunctionalAcknowledgment:
    """A 997 to a group, of invoices unless said otherwise; sets: ST02 to AK501."""
    said = tuple(SetAcknowledgment("810", number, verdict) for number, verdict in (sets or {}).items())
    return FunctionalAcknowledgment(functional_id, str(group), status, 1, 1, 1, said)


ANSWER_ENVELOPE = {"sender": CHANNEL.theirs, "receiver": CHANNEL.ours, "usage": "P"}


def received_set(
    number: str = "0001", content: str = "x", *, set_id: str = "850", group: str = "G", **values: Any
) -> ReceivedSet:
    known: dict[str, Any] = {
        "source_key": f"01|PARTNER|ZZ|ACME|000000007|P|{group}|{number}",
        "set_id": set_id,
        "raw": {"segments": [["ST", set_id, number]], "envelope": {}},
        "canonical": {"number": f"PO{number}"},
        "content_hash": f"set-{content}",
        "refused": False,
        "findings": (),
        "partner": "wholesale",
        "business_number": f"PO{number}",
        "document_date": DAY,
        "line_count": 1,
        "amount": None,
        "currency": "",
    }
    return ReceivedSet(**known | values)


class Bench:
    """Over the stores of a ledger, whichever it is. `_numbers`: of keys and files that need no name."""

    queue: Any
    intake: Any
    claims: Any
    acknowledgments: Any
    operator: Any
    watch: Any
    field_states: Any
    agents: Any
    agent_jobs: Any
    _numbers: Any

    def fetch(self, *records: FetchedRecord, run: Run = RUN, rules: FetchRules = RULES, mark: str | None = None) -> FetchCounts:
        return self.queue.store_fetched(run, rules, records, (run.flow, mark) if mark else None)

    def all(self, **conditions: Any) -> list[DocumentRow]:
        return self.queue.documents("acme", conditions.pop("flow", "x12_810"), tuple(State), due_only=False, **conditions)

    def only(self, **conditions: Any) -> DocumentRow:
        (row,) = self.all(**conditions)
        return row

    def now(self, document: DocumentRow | str) -> DocumentRow:
        row = self.queue.document(document if isinstance(document, str) else document.id)
        assert row is not None
        return row

    def seen(self, key: str | None = None) -> DocumentRow:
        key = key or f"k{next(self._numbers)}"
        self.fetch(record(key))
        return next(row for row in self.all() if row.source_key == key and row.state == State.PENDING_VALIDATION)

    def check(self, document: DocumentRow, outcome: State | None, run: Run = RUN, **values: Any) -> DocumentRow:
        values = {"canonical": {"number": document.business_number}, "partner": "wholesale"} | values
        self.queue.store_checked(run, [Checked(document.id, outcome, **values)])
        return self.now(document)

    def ready(self, key: str | None = None) -> DocumentRow:
        return self.check(self.seen(key), State.READY)

    def owner(self, time_out_s: float = 60.0, run: Run = RUN) -> AbstractContextManager[Owner]:
        return self.claims.owner(run, time_out_s, 0.0)

    def claim(self, owner: Owner, document: DocumentRow, **options: Any) -> Any:
        held = owner.claim(document, CHANNEL, render(document, **options))
        assert held is not None
        return held

    def sent(self, key: str | None = None, **options: Any) -> DocumentRow:
        document = self.ready(key)
        with self.owner() as owner:
            held = self.claim(owner, document, **options)
            held.sending()
            held.complete(Receipt("file-1"))
        return self.now(document)

    def unknown(self, time_out_s: float = 0.0, key: str | None = None) -> DocumentRow:
        from mlconn_pipelines.errors import OutcomeUnknown

        document = self.ready(key)
        with self.owner(time_out_s) as owner:
            held = self.claim(owner, document)
            held.sending()
            held.unknown(OutcomeUnknown("no answer"))
        return self.now(document)

    def posted(self) -> DocumentRow:
        document = self.check(self.received(), State.READY, run=INBOUND)
        with self.owner(run=INBOUND) as owner:
            held = owner.claim(document, None, render(document, None), "Orders")
            assert held is not None
            held.sending()
            held.complete(Stored("77", "1077", "Orders"))
        return self.now(document)

    def receive(self, *groups: ReceivedGroup, run: Run = INBOUND, name: str | None = None) -> ReceiveCounts:
        file = self.listed(name or f"file-{next(self._numbers)}", run)
        interchange = ReceivedInterchange("01|PARTNER|ZZ|ACME|000000007|P", "sha", b"ISA*", {"usage": "P"}, groups)
        return self.intake.store_files(run, [ReceivedFile(file, b"ISA*", [interchange])], dt.date(2026, 1, 1))

    def received(self, *sets: ReceivedSet) -> DocumentRow:
        number = f"{next(self._numbers):04d}"
        self.receive(ReceivedGroup(f"group-{number}", sets or (received_set(number, number),), None, "wholesale"))
        return self.all(flow="inbound")[-1]

    def listed(self, name: str, run: Run = INBOUND) -> FileRow:
        (row,) = self.intake.note_files(run, "inbox", [RemoteFile(name, f"{name}.edi", "inbox", 4, "10:00")])
        return row

    def acknowledge(self, said: FunctionalAcknowledgment, document_id: str = "D0000997") -> Any:
        return self.acknowledgments.acknowledge(INBOUND, said, ANSWER_ENVELOPE, document_id)


class Workbench(Bench, LedgerStores):
    """On PostgreSQL."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._numbers = itertools.count(1)

    def values(self, query: str, **values: Any) -> Sequence[Any]:
        """One column of a query of the test's own."""
        with self.engine.connect() as connection:
            return connection.scalars(sa.text(query), values).all()

    def tuples(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query), values)]

    def execute(self, query: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(query), values)

    def group_of(self, document: DocumentRow) -> int:
        """GS06 of its last claim."""
        return int(
            self.values("SELECT group_number FROM claim WHERE document_id = :id ORDER BY id DESC LIMIT 1", id=document.id)[0]
        )

    def claim_states(self, document: DocumentRow) -> list[str]:
        return list(self.values("SELECT state FROM claim WHERE document_id = :id ORDER BY id", id=document.id))

    def trail(self, document: DocumentRow) -> list[str]:
        return list(self.values("SELECT event FROM audit_event WHERE document_id = :id ORDER BY id", id=document.id))

    def numbers(self) -> list[int]:
        """ISA13 of every claim."""
        return list(self.values("SELECT interchange_number FROM claim ORDER BY id"))

    def count_from(self, usage: str, *numbers: int) -> None:
        """The channel's last control numbers."""
        named = dict(zip(("interchange", "group", "set"), numbers, strict=True))
        self.execute(
            "INSERT INTO control_number VALUES (:ours, :theirs, :usage, :interchange, :group, :set)",
            **{"ours": CHANNEL.ours, "theirs": CHANNEL.theirs, "usage": usage, **named},
        )

    def put(self, table: str, **seconds: float) -> None:
        """Moments of all rows, to so many seconds from now."""
        for name, from_now in seconds.items():
            self.execute(f"UPDATE {table} SET {name} = clock_timestamp() + make_interval(secs => :s)", s=from_now)

    def age(self, table: str, seconds: float, *names: str) -> None:
        """All rows are so much older."""
        for name in names:
            self.execute(f"UPDATE {table} SET {name} = {name} - make_interval(secs => :s)", s=seconds)

    def column(self, document: DocumentRow, name: str) -> Any:
        return self.values(f"SELECT {name} FROM document WHERE id = :id", id=document.id)[0]

    def alter(self, document: DocumentRow, **values: Any) -> None:
        """Past all rules."""
        for name, value in values.items():
            self.execute(f"UPDATE document SET {name} = :value WHERE id = :id", value=value, id=document.id)

    def file_names(self) -> list[str]:
        """Of every claim."""
        return list(self.values("SELECT file_name FROM claim ORDER BY id"))

    def awaited(self) -> list[str]:
        """How it stands with every acknowledgment."""
        return list(self.values("SELECT state FROM acknowledgment ORDER BY id"))

    def kill(self, owner: PostgresOwner) -> None:
        """As SIGKILL does it: the owner's own connection is gone, and nobody said goodbye."""
        here = "FROM pg_locks WHERE locktype = 'advisory' AND classid = :c AND objid = :o"
        named = {"c": OWNERS, "o": owner.number}
        assert self.values(f"SELECT pg_terminate_backend(pid) {here}", **named)
        for _ in range(200):
            if self.values(f"SELECT count(*) {here}", **named) == [0]:
                return
            self.execute("SELECT pg_sleep(0.01)")
        raise AssertionError("the owner still lives")


class FakeBench(Bench, FakeLedger):
    """In memory, with the words of `Workbench`."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)

    def _rows(self, table: str) -> list[dict[str, Any]]:
        shelves = self.shelves
        return list(
            {
                "agent": shelves.agents,
                "agent_job": shelves.agent_jobs,
                "claim": shelves.claims,
                "document": shelves.documents,
                "remembered_key": shelves.remembered,
            }[table].values()
        )

    def claim_states(self, document: DocumentRow) -> list[str]:
        return [one["state"] for one in self.shelves.claims.values() if one["document_id"] == document.id]

    def trail(self, document: DocumentRow) -> list[str]:
        return [str(one["event"]) for one in self.shelves.audit if one["document_id"] == document.id]

    def numbers(self) -> list[int]:
        return [one["numbers"][0] for one in self.shelves.claims.values()]

    def count_from(self, usage: str, *numbers: int) -> None:
        self.shelves.numbers[CHANNEL.ours, CHANNEL.theirs, usage] = (numbers[0], numbers[1], numbers[2])

    def put(self, table: str, **seconds: float) -> None:
        for row in self._rows(table):
            row |= {name: self.shelves.later(from_now) for name, from_now in seconds.items()}

    def age(self, table: str, seconds: float, *names: str) -> None:
        for row in self._rows(table):
            row |= {name: row[name] - dt.timedelta(seconds=seconds) for name in names if row[name] is not None}

    def column(self, document: DocumentRow, name: str) -> Any:
        return self.shelves.documents[document.id][name]

    def alter(self, document: DocumentRow, **values: Any) -> None:
        self.shelves.documents[document.id] |= values

    def file_names(self) -> list[str]:
        return [one["file_name"] for one in self.shelves.claims.values()]

    def awaited(self) -> list[str]:
        return [one["state"] for one in self.shelves.acknowledgments]

    def group_of(self, document: DocumentRow) -> int:
        return int([one["numbers"][1] for one in self.shelves.claims.values() if one["document_id"] == document.id][-1])

    def kill(self, owner: Any) -> None:
        self.shelves.owners.remove(owner.number)


on_both = pytest.mark.parametrize("bench", ["memory", pytest.param("postgres", marks=pytest.mark.database)], indirect=True)
"""A contract test: what it says holds of the fake ledger as it does of the real one."""
