"""Vendors' master records on their way to the partner that takes them: read, written in its form, sent once, and again once changed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from mlconn_pipelines.config.integration import VendorFlow
from mlconn_pipelines.documents.functional_acknowledgment import FunctionalAcknowledgment, SetAcknowledgment
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.backtesting.rerendering import rerender
from mlconn_pipelines.flows.catching_up import look_through
from mlconn_pipelines.flows.checking import render_on_trial, validate_records
from mlconn_pipelines.flows.fetching import fetch_changes
from mlconn_pipelines.flows.outlet import Destination, Outlet
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.entries import ControlNumbers, DocumentRow, Run
from mlconn_pipelines.flows.ports.history import SentDocument
from mlconn_pipelines.flows.recovering import recover_outcomes
from mlconn_pipelines.flows.route import Route, System
from mlconn_pipelines.flows.sending import send_ready
from mlconn_pipelines.flows.translation import Translation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines.systems.cleo.api.exchange import CleoExchange
from mlconn_pipelines.systems.sage_100.mapping.mapping import mapping_of
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.mapping.vendor import vendor_header_of
from mlconn_pipelines_tests.fake_ledger.engine import engine_on
from mlconn_pipelines_tests.ledger.workbench import FakeBench
from mlconn_pipelines_tests.systems.cleo.cleo_tenant import Tenant, cleo_tenant
from mlconn_pipelines_tests.systems.sage_100.sage_rows import VENDOR, VENDORS, partner

RUN = Run("acme", "vendors", "run-1", dt.date(2026, 11, 29), source="sage_100", target="cleo")
FLOW = VendorFlow(send_from=dt.date(2026, 1, 1))


@dataclass
class Vendors:
    """A table of vendors as a connector reads it. lost: keys that are listed and do not come."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    stamp_resolution_s: float = 0.0

    def enter(self, time: str, **changes: Any) -> None:
        """Somebody makes or changes a vendor at that time of the day."""
        row = VENDORS[0] | {"DateUpdated": "20261129", "TimeUpdated": time, "content": time} | changes
        self.rows[vendor_header_of(row).key] = row

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        assert entity == "AP_Vendor"
        yield [KeyStamp(key, vendor_header_of(row).stamp) for key, row in sorted(self.rows.items())]

    def newest(self, stamps: Sequence[KeyStamp], since: str | None) -> str | None:
        return max((*(stamp.stamp for stamp in stamps), since or ""), default=None)

    def watermark_at(self, moment: dt.datetime) -> str:
        return "20991231 23.00000"

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
        return (self.rows[key] for key in keys if key in self.rows and key not in self.lost)


@dataclass
class Office:
    """A Sage 100 whose vendors go to `platform`, from the fake ledger to a simulated Cleo."""

    tenant: Tenant
    exchange: CleoExchange
    table: Vendors = field(default_factory=Vendors)
    bench: FakeBench = field(default_factory=FakeBench)
    taking: Partner = field(default_factory=lambda: partner(name="platform", supplier_codes=(), destination="to_platform"))

    def route(self, form: str) -> tuple[Route, Partners]:
        connector = cast(Any, type("Connector", (), {"source": self.table}))
        system = System(engine_on(self.bench), connector, mapping_of(Sage100Settings()))
        route = Route(system, system.mapping.outbound.sets["vendors"], FLOW)
        supplier = partner(destination="to_abc")  # its orders go out elsewhere, and nobody's vendors
        return route, Partners([supplier, replace(self.taking, vendors=form)])

    def run(self, form: str = "csv") -> None:
        route, partners = self.route(form)
        system = route.system
        places = {"platform": Destination(self.exchange.folder("to_platform"), lambda content, _: content)}
        outlet = Outlet(partners, places, 1)
        recover_outcomes(system, outlet, RUN, FLOW.unknown_delivery == "resend_identical")
        fetch_changes(route, RUN)
        validate_records(route, partners, RUN)
        render_on_trial(route, partners, RUN)
        send_ready(system.engine, outlet, RUN)

    def files(self) -> dict[str, str]:
        uploads = self.tenant.sandbox.files("to_platform")
        return {upload.name: upload.content.decode() for upload in uploads}

    def rows(self) -> list[DocumentRow]:
        return self.bench.all(flow="vendors")


@contextmanager
def office() -> Iterator[Office]:
    with cleo_tenant("to_platform") as tenant:
        yield Office(tenant, tenant.exchange())


def test_each_new_or_changed_vendor_is_one_file_and_names_sort_as_they_were_sent() -> None:
    with office() as here:
        here.table.enter("8.5")
        here.table.enter("8.6", APDivisionNo="00", VendorStatus="I")
        here.run()
        here.run()  # nothing has changed
        here.table.enter("9.5", City="Troy")
        here.run()
        here.table.enter("9.75", City="Troy", LastPurchaseDate="20261129")  # nothing that goes out
        here.run()
        files = here.files()
        cities = [(name, *[row["city"] for row in csv.DictReader(io.StringIO(text))]) for name, text in sorted(files.items())]
        assert cities == [
            ("vendor_platform_000000001_01-ABC0001.csv", "Dayton"),
            ("vendor_platform_000000002_00-ABC0001.csv", "Dayton"),
            ("vendor_platform_000000003_01-ABC0001.csv", "Troy"),
        ]
        rows = here.rows()
        assert [(row.business_number, row.revision, row.partner, row.kind, row.set_id) for row in rows] == [
            (VENDOR, 1, "platform", "vendor", ""),
            ("00-ABC0001", 1, "platform", "vendor", ""),
            (VENDOR, 2, "platform", "vendor", ""),
        ]
        assert {row.state for row in rows} == {State.SENT}


def test_the_partners_setting_decides_the_form() -> None:
    with office() as here:
        here.table.enter("8.5")
        here.run("json")
        here.table.enter("9.5", VendorStatus="I")
        here.run("csv")
        (first, told), (second, table) = sorted(here.files().items())
        assert (first, second) == (
            "vendor_platform_000000001_01-ABC0001.json",
            "vendor_platform_000000002_01-ABC0001.csv",
        )
        assert [row["number"] for row in json.loads(told)] == [VENDOR]
        assert [row["active"] for row in csv.DictReader(io.StringIO(table))] == ["N"]


def test_an_838_stands_in_an_interchange_of_the_partners_own_numbers_and_awaits_a_997() -> None:
    with office() as here:
        here.table.enter("8.5")
        here.run("csv")  # counted apart: what is no X12 leaves no gap in the partner's control numbers
        here.table.enter("9.5", VendorStatus="I", TermsCode="01")
        here.run("x12")
        text = here.files()["vendor_platform_000000001_01-ABC0001.edi"]
        segments = text.replace("\n", "").split("~")
        assert [
            segment for segment in segments if segment.partition("*")[0] in ("ST", "LX", "N1", "N3", "N4", "N9", "ITD")
        ] == [
            "ST*838*0001",
            "LX*1",
            "N1*VN*Abc Fasteners*92*01-ABC0001",
            "N3*1 Mill Road",
            "N4*Dayton*OH*45402*USA",
            "N9*TC*01",
        ]
        assert "PLA*41*VN*" in text and "BTP*05*01-ABC0001*" in text and "GS*TD*" in text
        (awaited,) = here.bench.shelves.acknowledgments
        assert (awaited["set_id"], awaited["functional_id"], awaited["state"]) == ("838", "TD", "awaited")
        assert {row.state for row in here.rows()} == {State.SENT}


def test_a_vendor_that_an_838_has_no_room_for_is_held_and_never_cut() -> None:
    with office() as here:
        here.table.enter("8.5", State="OHIO")
        here.run("x12")
        (row,) = here.rows()
        assert (row.state, row.reason_code) == (State.ON_HOLD, "element_long") and here.files() == {}


def test_an_838_that_its_997_rejects_is_told_and_the_corrected_vendor_goes_out() -> None:
    with office() as here:
        here.table.enter("8.5")
        here.run("x12")
        envelope = {"sender": "ZZ:ABC", "receiver": "ZZ:ACME", "usage": "P"}
        rejected = SetAcknowledgment("838", "0001", "R", ("5",))
        here.bench.acknowledgments.acknowledge(
            RUN, FunctionalAcknowledgment("TD", "1", "R", 1, 1, 0, (rejected,)), envelope, "D0000997"
        )
        assert [row.state for row in here.rows()] == [State.REJECTED_BY_PARTNER]
        (alert,) = here.bench.watch.open_alerts()
        assert alert.text.startswith(f"vendor {VENDOR} (D0000001): platform rejected it")
        here.table.enter("9.5", City="Troy")
        here.run("x12")
        assert [row.state for row in here.rows()] == [State.REJECTED_BY_PARTNER, State.SENT]
        assert sorted(here.files()) == [f"vendor_platform_00000000{number}_{VENDOR}.edi" for number in (1, 2)]


@pytest.mark.parametrize("form", ["csv", "json", "x12"])
def test_what_was_sent_renders_again_byte_for_byte(form: str) -> None:
    with office() as here:
        here.table.enter("8.5")
        here.run(form)
        route, partners = here.route(form)
        ((name, text),) = here.files().items()
        (claim,) = here.bench.shelves.claims.values()
        (row,) = here.rows()
        sent = SentDocument(row, text.encode(), name, "to_platform", ControlNumbers(1, 1, 1), claim["claimed_at"], "config-1")
        zone = route.engine.zone
        translation = Translation("acme", "config-1", zone, route.mapping, partners, {"platform": lambda content, _: content})
        again = rerender(translation, sent, route.engine.intake.reference_book("acme"))
        assert (again.refusal, again.content, again.file_name) == (None, text.encode(), name)


def test_a_file_whose_upload_got_no_answer_is_not_sent_again_by_itself() -> None:
    with office() as here:
        here.table.enter("8.5")
        here.tenant.sandbox.faults.arm("500", "/files", None, method="POST")
        here.run()
        here.table.enter("9.5", City="Troy")
        for _ in range(3):
            here.run()
        assert [row.state for row in here.rows()] == [State.OUTCOME_UNKNOWN]
        assert here.files() == {}


def test_vendors_that_nobody_takes_any_more_wait_for_a_person() -> None:
    with office() as here:
        here.table.enter("8.5")
        here.table.enter("8.6", APDivisionNo="00", VendorName=" ")
        here.run(form="")
        held = [(row.business_number, row.state, row.reason_code) for row in here.rows()]
        assert held == [(VENDOR, State.ON_HOLD, "partner_unknown"), ("00-ABC0001", State.ON_HOLD, "partner_unknown")]
        assert "no trading partner takes vendors" in here.rows()[0].reason
        assert here.files() == {}


def test_every_night_all_vendors_are_looked_through_and_what_no_poll_brought_is_read() -> None:
    with office() as here:
        here.table.enter("8.5")
        here.run()
        route, _ = here.route("csv")
        nothing = look_through(route, RUN)
        assert (nothing.found, nothing.remaining) == (0, [])
        here.table.enter("8.4", City="Troy")  # stamped earlier than what was read: by a clock that was set back
        here.table.enter("8.4", APDivisionNo="00", AddressLine1="2 Mill Road")
        here.table.lost = {"00-ABC0001"}
        done = look_through(route, RUN)
        assert done.tally["revised"] == 1 and [str(one) for one in done.remaining] == [
            "00-ABC0001 of 2026-11-29: the ERP has it, or has changed it, and it could not be read"
        ]
        here.table.lost = set()
        here.run()
        assert len(here.files()) == 3


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_vendor_that_cannot_be_told_holds_up_no_other(form: str) -> None:
    with office() as here:
        here.table.enter("8.5")
        here.table.enter("8.6", APDivisionNo="00", VendorName=" ")
        here.run(form)
        assert [(row.business_number, row.state, row.reason_code) for row in here.rows()] == [
            (VENDOR, State.SENT, ""),
            ("00-ABC0001", State.ON_HOLD, "not_mapped"),
        ]
