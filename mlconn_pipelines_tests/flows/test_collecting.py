"""Rows that are kept in step, on a ledger in memory, a source and a target that only know numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import DocumentRejected, OutcomeUnknown, Retryable
from mlconn_pipelines.flows.ports.entries import DocumentRow, Run
from mlconn_pipelines.flows.ports.field_states import FieldState, WantedFields
from mlconn_pipelines.flows.selection import EVERYTHING, Selection
from mlconn_pipelines.flows.sync import collecting
from mlconn_pipelines.flows.sync.collecting import collect_rows, hash_of_fields, look_for_rows, read_rows
from mlconn_pipelines.flows.sync.comparing import last_agreement
from mlconn_pipelines.flows.sync.route import Collects, NoRecords, SyncRoute
from mlconn_pipelines.flows.sync.writing import write_ready
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import Finding, OutboundSet
from mlconn_pipelines.ports.records import ConnectionReport
from mlconn_pipelines.ports.rows import Moved, Target
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.fake_ledger.stores import FakeLedger

DECLARED = OutboundSet("receivables", "", "BusinessPartners", "receivables", "customer", "Customer", kind="account_balance")
AT_ONCE = 3
"""Rows of one collection, for these tests."""


@dataclass
class Result:
    error: DocumentRejected | Retryable | None = None


@dataclass
class Desk:
    """owed: by customer. moved: whom something moved since the last look. accounts: codes by id. fails: by id, what a write of it says.

    written: what the target holds. requests: of writes. refusal: of every write as a whole. lost: answers to writes that never come.
    hidden: reads that are answered as if there were nothing.
    """

    ledger: FakeLedger = field(default_factory=FakeLedger)
    owed: dict[str, Any] = field(default_factory=dict)
    moved_keys: set[str] = field(default_factory=set)
    accounts: dict[str, str] = field(default_factory=dict)
    fails: dict[str, DocumentRejected | Retryable] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)
    requests: list[list[str]] = field(default_factory=list)
    refusal: Exception | None = None
    lost: int = 0
    hidden: int = 0
    preview: bool = False
    layout: str = "1"

    # -- as a RowSource ---------------------------------------------------------------------------------------------
    def marks(self) -> Mapping[str, str]:
        self.moved_keys.clear()
        return {"entries": "1"}

    def moved(self, marks: Mapping[str, str], at_a_glance: bool = False) -> Moved:
        return Moved(set(self.moved_keys), marks)

    def rows(self, keys: Collection[str] | None = None) -> Iterator[Sequence[Mapping[str, Any]]]:
        if self.hidden:
            self.hidden -= 1
            return
        yield [{"code": code, "owed": owed} for code, owed in sorted(self.owed.items()) if keys is None or code in keys]

    def check(self) -> Sequence[ConnectionReport]:
        return ()

    # -- as Targets and CollectionTarget ----------------------------------------------------------------------------
    def found(self, entity: str, by: str, codes: Collection[str]) -> Mapping[str, Sequence[Target]]:
        there: dict[str, list[Target]] = {}
        if self.hidden:
            self.hidden -= 1
            return there
        for key, code in self.accounts.items():
            there.setdefault(code, []).append(Target(key, key))
        return {code: there[code] for code in codes if code in there}

    def held(self, entity: str, by: str, fields: Sequence[str], keys: Collection[str] = ()) -> Iterator[Mapping[str, Any]]:
        yield from ({"Id": key, "Owed": self.written.get(key)} for key in self.accounts)

    def collections(self, entity: str, rows: Sequence[Any], by: str = "") -> Iterator[Sequence[Any]]:
        ordered = sorted(rows, key=lambda row: str(row["Id"]))
        yield from (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))

    def upsert(self, entity: str, rows: Sequence[Any], by: str = "") -> Sequence[Result]:
        self.requests.append([row["Id"] for row in rows])
        if self.refusal is not None:
            raise self.refusal
        for row in rows:
            if row["Id"] not in self.fails:
                self.written[row["Id"]] = row["Owed"]
        if self.lost:
            self.lost -= 1
            raise OutcomeUnknown("no answer")
        return [Result(self.fails.get(row["Id"])) for row in rows]

    def reserve(self) -> None:
        """Nothing to wait for."""

    # -- what a test does -------------------------------------------------------------------------------------------
    def customers(self, *codes: str, owed: Any = 10) -> None:
        self.owed |= dict.fromkeys(codes, owed)
        self.accounts |= {f"A{code}": code for code in codes}

    def owes(self, code: str, owed: Any) -> None:
        self.owed[code] = owed
        self.moved_keys.add(code)

    @property
    def route(self) -> SyncRoute:
        act = Collects(
            entity="Account",
            by="AccountNumber",
            states=self.ledger.field_states,
            rows=self,
            targets=self,
            collections=self,
            key=lambda row: str(row["code"]),
            wanted=_wanted,
            match=_match,
            record=lambda target, fields, as_of: {"Id": target, **fields},
            layout=self.layout,
        )
        engine = engine_on(self.ledger, preview=self.preview)
        target = cast("Any", _Target(self))
        nothing: Any = None
        return SyncRoute(engine, NoRecords(), nothing, DECLARED, nothing, nothing, target, act, ("erp", "salesforce"))

    @property
    def act(self) -> Collects:
        act = self.route.act
        assert isinstance(act, Collects)
        return act

    def live(self) -> Run:
        return Run("acme", DECLARED.flow, "run-1", self.route.engine.today(), False, "config-1")

    def run(self, selection: Selection = EVERYTHING, day: dt.date | None = None, *, write: bool = True) -> Tally:
        route = self.route
        run = Run("acme", DECLARED.flow, "run-1", day or route.engine.today(), self.preview, "config-1")
        done = [read_rows(route, self.act, run, selection), collect_rows(route, self.act, run, selection)]
        return Tally.of([*done, *([write_ready(route, run, selection)] if write else [])])

    def documents(self, *states: State) -> list[DocumentRow]:
        return self.ledger.queue.documents("acme", DECLARED.flow, states or frozenset(State), due_only=False)

    def on_hold(self) -> dict[str, str]:
        return {row.source_key: row.reason_code for row in self.documents(State.ON_HOLD)}

    def state(self, code: str) -> FieldState:
        return self.ledger.field_states.states("acme", DECLARED.flow, [code])[0]

    def night_falls(self) -> None:
        self.ledger.shelves.watermarks["acme", "receivables/whole"] = f"2026-01-01 {self.layout}", self.ledger.queue.now()

    def bring_back(self, code: str) -> None:
        [row] = [row for row in self.documents(State.ON_HOLD) if row.source_key == code]
        run = Run("acme", DECLARED.flow, "by hand", row.partition)
        self.ledger.operator.reprocess(run, row.id, "corrected")


@dataclass
class _Target:
    target: Desk


def _wanted(row: Mapping[str, Any], at: dt.datetime) -> WantedFields:
    fields = {"Owed": row["owed"] + 0}  # of what is no number the code falls over
    return WantedFields(row["code"], fields, hash_of_fields(fields), "USD", at)


def _match(row: WantedFields, found: Sequence[Target]) -> Target | Finding:
    if len(found) == 1:
        return found[0]
    code = Reason.ACCOUNT_NOT_UNIQUE if found else Reason.CUSTOMER_WITHOUT_ACCOUNT
    return Finding(code, f"{row.key} has {len(found)} accounts.")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_rows_are_written_in_collections_and_then_only_what_differs(desk: Desk) -> None:
    desk.customers("1", "2", "3", "4")
    tally = desk.run()
    assert desk.requests == [["A1", "A2", "A3"], ["A4"]] and desk.written == dict.fromkeys(("A1", "A2", "A3", "A4"), 10)
    assert (tally["rows_read"], tally["rows_changed"], tally["rows_written"]) == (4, 4, 4)
    assert [(row.state, row.line_count) for row in desk.documents()] == [("posted", 3), ("posted", 1)]
    desk.owes("2", 20)
    desk.moved_keys.add("1")
    assert desk.run()["rows_written"] == 1 and desk.requests[2:] == [["A2"]]
    assert desk.run()["rows_written"] == 0 and len(desk.documents()) == 3


@pytest.mark.parametrize("accounts", [{}, {"A1": "1", "B1": "1"}])
def test_a_customer_of_no_account_or_of_two_is_told_and_the_others_are_written(desk: Desk, accounts: dict[str, str]) -> None:
    desk.customers("1", "2")
    del desk.accounts["A1"]
    desk.accounts |= accounts
    desk.run()
    assert list(desk.on_hold()) == ["1"] and desk.written == {"A2": 10}
    assert desk.run()["rows_on_hold"] == 0 and len(desk.on_hold()) == 1, "the same is no news"
    desk.accounts = {"A1": "1", "A2": "2"}
    desk.bring_back("1")
    desk.run()
    assert desk.on_hold() == {} and desk.written["A1"] == 10
    assert sorted(row.state for row in desk.documents()) == ["posted", "posted", "processed"]


def test_what_is_cured_over_there_is_looked_at_every_night(desk: Desk) -> None:
    desk.customers("1")
    desk.accounts.clear()
    desk.run()
    desk.accounts["A1"] = "1"
    assert desk.run()["rows_written"] == 0
    desk.night_falls()
    assert desk.run()["rows_written"] == 1 and desk.on_hold() == {}


def test_a_row_that_is_refused_is_on_hold_alone_until_it_changes_or_is_brought_back(desk: Desk) -> None:
    desk.customers("1", "2", "3")
    desk.fails["A2"] = DocumentRejected("Salesforce refused the record (too long)", code=Reason.REFUSED_BY_SERVER)
    desk.run()
    assert desk.on_hold() == {"2": "refused_by_server"} and set(desk.written) == {"A1", "A3"}
    [held] = desk.documents(State.ON_HOLD)
    assert held.reason.startswith("Customer 2: Salesforce refused") and desk.state("2").error_code == "refused_by_server"
    desk.run()
    assert len(desk.requests) == 1, "it is not tried again as it is"
    desk.bring_back("2")
    desk.run()
    assert len(desk.requests) == 2 and list(desk.on_hold()) == ["2"], "it failed once more"
    del desk.fails["A2"]
    desk.owes("2", 30)
    desk.run()
    assert desk.on_hold() == {} and desk.written["A2"] == 30 and desk.state("2").error == ""
    assert [row.state for row in desk.documents() if row.source_key == "2"] == ["processed"]
    desk.fails["A2"] = DocumentRejected("Salesforce refused the record (again)", code=Reason.REFUSED_BY_SERVER)
    desk.owes("2", 40)
    desk.run()
    assert [row.state for row in desk.documents() if row.source_key == "2"] == ["processed", "on_hold"]


def test_a_row_that_is_locked_is_written_by_the_next_run(desk: Desk) -> None:
    desk.customers("1", "2")
    desk.fails["A1"] = Retryable("A1 is locked")
    assert desk.run()["rows_try_later"] == 1 and desk.on_hold() == {} and look_for_rows(desk.route, desk.act) == 1
    desk.fails.clear()
    assert desk.run()["rows_written"] == 1 and desk.requests[-1] == ["A1"]


def test_a_collection_whose_answer_is_lost_is_made_again(desk: Desk) -> None:
    desk.customers("1", "2")
    desk.lost = 1
    desk.run()
    [waiting] = desk.documents()
    assert waiting.state is State.READY and not desk.state("1").is_written
    desk.owes("1", 20)
    desk.run()
    assert len(desk.requests) == 1, "what is newer follows what is under way"
    desk.ledger.shelves.documents[waiting.id]["next_attempt_at"] = None
    desk.run()
    assert desk.requests[1] == ["A1", "A2"] and desk.state("2").is_written
    desk.run()
    assert desk.written == {"A1": 20, "A2": 10} and desk.requests[2] == ["A1"]


def test_a_request_that_is_refused_as_a_whole_is_one_document_on_hold_and_blocks_no_row(desk: Desk) -> None:
    desk.customers("1", "2")
    desk.refusal = DocumentRejected("No such field", code=Reason.REFUSED_BY_SERVER)
    desk.run()
    [held] = desk.documents()
    assert (held.state, held.reason_code) == ("on_hold", "refused_by_server") and desk.state("1").error_code == held.reason_code
    desk.run()
    assert len(desk.requests) == 1
    desk.refusal = None
    desk.owes("1", 20)
    desk.run()
    assert desk.written == {"A1": 20}
    desk.bring_back(held.source_key)
    desk.run()
    assert desk.written == {"A1": 20, "A2": 10} and desk.state("2").is_written, "what is newer was left as it is"


def test_rows_that_are_all_refused_are_one_document_on_hold(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "WAVE_FROM", AT_ONCE)
    desk.customers("1", "2", "3", "4")
    refused = DocumentRejected("Salesforce refused the record (not a number)", code=Reason.REFUSED_BY_SERVER)
    desk.fails = dict.fromkeys(desk.accounts, refused)
    desk.run()
    whole, alone = desk.documents(State.ON_HOLD)
    assert "All 3 rows were refused, the first: Salesforce refused" in whole.reason and alone.source_key == "4"
    desk.run()
    assert len(desk.requests) == 2
    desk.fails.clear()
    desk.bring_back(whole.source_key)
    desk.run()
    assert set(desk.written) == {"A1", "A2", "A3"}


def test_a_run_that_dies_between_deciding_and_writing_is_gone_on_with(desk: Desk) -> None:
    desk.customers("1", "2")
    desk.run(write=False)
    [row] = desk.documents()
    desk.ledger.shelves.documents[row.id]["state"] = "pending_validation"  # it died before its rows were taken
    desk.run()
    assert desk.requests == [["A1", "A2"]] and {row.state for row in desk.documents()} <= {State.POSTED, State.PROCESSED}


def test_a_row_that_the_code_falls_over_is_on_hold_and_stops_nobody(desk: Desk) -> None:
    desk.customers("1", "2")
    desk.owed["1"] = "?"
    desk.run()
    assert desk.on_hold() == {"1": "internal_error"} and desk.written == {"A2": 10}
    desk.owes("1", 10)
    desk.run()
    assert desk.on_hold() == {} and desk.written == {"A1": 10, "A2": 10}


def test_one_empty_answer_hides_neither_a_row_nor_an_account(desk: Desk) -> None:
    desk.customers("1", "2")
    desk.run()
    desk.owes("1", 20)
    desk.hidden = 1
    desk.run()
    assert desk.written == {"A1": 20, "A2": 10}
    desk.owes("2", 20)
    read_rows(desk.route, desk.act, desk.live(), EVERYTHING)
    desk.hidden = 1
    collect_rows(desk.route, desk.act, desk.live(), EVERYTHING)
    assert desk.on_hold() == {} and desk.run()["rows_written"] == 1


def test_a_customer_without_account_may_be_left_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.customers("1")
    desk.accounts.clear()
    quiet: Callable[..., Finding] = lambda row, found: replace(_match_refused(row, found), severity="ignore")  # noqa: E731
    monkeypatch.setitem(globals(), "_match", quiet)
    desk.run()
    assert desk.documents() == [] and desk.state("1").error_code == "customer_without_account"


def _match_refused(row: WantedFields, found: Sequence[Target]) -> Finding:
    return Finding(Reason.CUSTOMER_WITHOUT_ACCOUNT, f"{row.key} has {len(found)} accounts.")


def test_everything_is_read_once_a_day_and_when_what_is_written_changes(desk: Desk) -> None:
    desk.customers("1", "2")
    assert look_for_rows(desk.route, desk.act) == 1
    desk.run()
    assert look_for_rows(desk.route, desk.act) == 0 and desk.run()["rows_read"] == 0
    desk.owes("1", 5)
    assert look_for_rows(desk.route, desk.act) == 1 and desk.run()["rows_read"] == 1
    desk.layout = "2"
    assert look_for_rows(desk.route, desk.act) == 1 and desk.run()["read_whole"] == 1


def test_what_somebody_changed_over_there_is_found_every_night_and_written_again(desk: Desk) -> None:
    desk.customers("1", "2", "3")
    desk.run()
    desk.night_falls()
    assert desk.run()["rows_differing"] == 0 and len(desk.requests) == 1
    desk.written["A1"] = 11
    del desk.accounts["A3"]
    assert (found := last_agreement(desk.route)) is not None and found.holds
    desk.night_falls()
    tally = desk.run()
    assert (tally["rows_differing"], tally["rows_gone"], tally["rows_written"]) == (1, 1, 1)
    assert desk.written["A1"] == 10 and desk.on_hold() == {"3": "customer_without_account"}
    told = last_agreement(desk.route)
    assert told is not None and (told.rows, told.written, told.shown) == (3, {"Owed": "30"}, {"Owed": "21"})
    desk.night_falls()
    assert desk.run()["rows_differing"] == 0 and (now := last_agreement(desk.route)) is not None and now.holds


def test_a_preview_writes_nothing_and_moves_no_mark(desk: Desk) -> None:
    desk.customers("1", "2")
    del desk.accounts["A2"]
    desk.preview = True
    tally = desk.run()
    assert (tally["rows_due"], tally["rows_refused"]) == (1, 1) and desk.requests == [] and desk.documents() == []
    assert look_for_rows(desk.route, desk.act) == 0, "it was read today"
    desk.preview = False
    desk.run()
    assert desk.written == {"A1": 10} and list(desk.on_hold()) == ["2"]


def test_a_backfill_reads_the_rows_of_its_days_again_and_writes_what_differs(desk: Desk) -> None:
    day = dt.date(2026, 3, 10)
    desk.customers("1", "2")
    desk.run(day=day)
    desk.customers("3")
    desk.owed["1"] = 20
    tally = desk.run(Selection(days=(day,)), day)
    assert (tally["rows_read"], tally["rows_written"]) == (2, 1) and desk.written == {"A1": 20, "A2": 10}
