"""Partners behind a tenant: uploads over a socket, answers in the outlets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mlconn_simulators.cleo import CleoSandbox, ReceivedFile
from mlconn_simulators.cleo.store import now_utc
from mlconn_simulators.partner import Habits, PartnerSandbox
from mlconn_simulators.partner.habits import PROMPT
from mlconn_simulators.partner.set_check import check_set
from mlconn_simulators.partner.x12_text import TransactionSet, read
from mlconn_simulators.server import serve
from mlconn_simulators.world.making import make_world
from mlconn_simulators.world.model import World, WorldPartner

WORLD = make_world(7, 200)
INVOICE = "BIG*20260105*{number}*20260101*PO-1~IT1*1*3*EA*10.50**VP*A1001~TDS*3150~CTT*1"
ORDER = "BEG*00*SA*{number}**20260105~CUR*BY*USD~DTM*002*20260120~PO1*1*10*EA*4.00**VP*X1~PO1*2*5*CA*2.50**VP*X2~CTT*2"


def partner_named(name: str) -> WorldPartner:
    return next(partner for partner in WORLD.partners if partner.name == name)


def written(partner: WorldPartner, functional: str, set_id: str, body: str, control: int, *, world: World = WORLD) -> bytes:
    """One interchange from the company, with the partner's separators."""
    star, component, repetition, end = partner.separators
    isa12 = "00501" if partner.version.startswith("005") else "00401"
    segments = body.split("~")
    lines = [
        f"ISA*00*{'':10}*00*{'':10}*{world.company_qualifier}*{world.company_id:<15}*{partner.qualifier}*{partner.id:<15}*260105*1015*"
        f"{repetition}*{isa12}*{control:09}*0*P*{component}",
        f"GS*{functional}*{world.company_id}*{partner.group_id}*20260105*1015*{control}*X*{partner.version}",
        f"ST*{set_id}*0001",
        *segments,
        f"SE*{len(segments) + 2}*0001",
        f"GE*1*{control}",
        f"IEA*1*{control:09}",
    ]
    return "".join(line.replace("*", star) + end + ("\n" if partner.line_break else "") for line in lines).encode()


class Bench:
    """A tenant with its partners, and an upload as the company would make it."""

    def __init__(self, habits: Habits, late_max_s: float = 0.3) -> None:
        self.cleo = CleoSandbox(WORLD, taken_after_s=0)
        self.partners = PartnerSandbox(WORLD, self.cleo, habits=habits, late_max_s=late_max_s, initial_orders=0)
        self.http = httpx.Client()

    def upload(self, partner: WorldPartner, name: str, content: bytes) -> None:
        folders = self.http.get("/api/folders", params={"filter": f'name eq "{partner.inbox}"'}).json()["resources"]
        headers = {"Content-Type": "application/edi-x12", "Content-Disposition": f'attachment; filename="{name}"'}
        assert self.http.post(folders[0]["_links"]["upload"]["href"], content=content, headers=headers).status_code == 201

    def settled(self) -> dict[str, Any]:
        deadline = time.monotonic() + 8
        while self.partners.announced and time.monotonic() < deadline:
            time.sleep(0.01)
        state = self.partners.state({"detail": "1"})
        assert state["announced"] == 0 and state["failures"] == []
        return state

    def answers(self, partner: WorldPartner) -> dict[str, TransactionSet]:
        """By set id, the last of each kind in the partner's outlet."""
        found = {}
        for file in self.cleo.files(partner.outlet):
            if f"_{partner.name}_" in file.name:
                document = read(file.content)[0].groups[0].sets[0]
                found[document.id] = document
        return found


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    made: list[tuple[Bench, Any]] = []

    def make(habits: Habits = PROMPT, late_max_s: float = 0.3) -> Bench:
        one = Bench(habits, late_max_s)
        server = serve(one.cleo.app())
        endpoint = server.__enter__()
        one.http = httpx.Client(base_url=endpoint.url, timeout=5)
        grant = {"grant_type": "password", "username": "integration", "password": "Cleo-Sandbox-1"}
        token = one.http.post("/api/authentication", data=grant).json()["access_token"]
        one.http.headers["Authorization"] = f"Bearer {token}"
        made.append((one, server))
        return one

    yield make
    for one, server in made:
        one.http.close()
        one.partners.close()
        one.cleo.close()
        server.__exit__(None, None, None)


def segment(document: TransactionSet, name: str) -> list[str]:
    return next(each for each in document.segments if each[0] == name)


@pytest.mark.parametrize("name", ["northwind", "muellerbau", "quillstone", "tidewater", "granitform", "kestrel"])
def test_a_sound_invoice_is_accepted_by_every_kind_of_partner(bench: Callable[..., Bench], name: str) -> None:
    here, partner = bench(), partner_named(name)
    here.upload(partner, "810_1.edi", written(partner, "IN", "810", INVOICE.format(number="INV-1"), 17))
    state = here.settled()
    (received,) = state["received"]
    assert (received["status"], received["answered"], received["faults"]) == ("accepted", "A", [])
    assert (received["business_number"], received["total"], received["lines"]) == ("INV-1", "31.50", 1)
    assert (
        received["detail"]["lines"][0] | {"item": "A1001", "quantity": "3", "price": "10.50"} == received["detail"]["lines"][0]
    )
    answer = here.answers(partner)["997"]
    assert segment(answer, "AK1")[:3] == ["AK1", "IN", "17"]
    assert segment(answer, "AK5") == ["AK5", "A"] and segment(answer, "AK9") == ["AK9", "A", "1", "1", "1"]


def test_a_wrong_total_is_rejected_with_its_place(bench: Callable[..., Bench]) -> None:
    here, partner = bench(), partner_named("northwind")
    body = INVOICE.format(number="INV-2").replace("TDS*3150", "TDS*3151")
    here.upload(partner, "810_2.edi", written(partner, "IN", "810", body, 18))
    assert here.settled()["received"][0]["status"] == "rejected"
    answer = here.answers(partner)["997"]
    assert segment(answer, "AK3") == ["AK3", "TDS", "4", "", "8"]
    assert segment(answer, "AK4") == ["AK4", "1", "610", "7", "31.51"]
    assert segment(answer, "AK5")[1] == "R" and segment(answer, "AK9")[1] == "R"


def test_an_invoice_for_somebody_else_or_under_other_ids_is_refused(bench: Callable[..., Bench]) -> None:
    here, partner = bench(), partner_named("northwind")
    other = written(partner_named("bigbarn"), "IN", "810", INVOICE.format(number="INV-3"), 1)
    here.upload(partner, "a.edi", other)
    wrong_version = written(partner, "IN", "810", INVOICE.format(number="INV-4"), 2).replace(b"*X*004010", b"*X*005010")
    here.upload(partner, "b.edi", wrong_version)
    here.upload(partner, "c.edi", b"no X12 at all")
    state = here.settled()
    assert [received["status"] for received in state["received"]] == ["rejected", "rejected", "unreadable"]


def test_duplicates_are_told_apart_by_control_and_by_business_number(bench: Callable[..., Bench]) -> None:
    here, partner = bench(), partner_named("northwind")
    first = written(partner, "IN", "810", INVOICE.format(number="INV-5"), 20)
    here.upload(partner, "a.edi", first)
    here.upload(partner, "b.edi", first)
    here.upload(partner, "c.edi", written(partner, "IN", "810", INVOICE.format(number="INV-6"), 20))
    here.upload(partner, "d.edi", written(partner, "IN", "810", INVOICE.format(number="INV-5"), 21))
    state = here.settled()
    assert [(twice["file"], twice["same_bytes"]) for twice in state["duplicates_by_control_number"]] == [
        ("b.edi", True),
        ("c.edi", False),
    ]
    assert [(twice["file"], twice["same_control_number"]) for twice in state["business_duplicates"]] == [
        ("b.edi", True),
        ("d.edi", False),
    ]


def test_what_was_refused_by_habit_is_taken_the_second_time_and_is_no_duplicate(bench: Callable[..., Bench]) -> None:
    here, partner = bench(Habits(late=0, missing=0, rejecting=1.0, advised=0)), partner_named("northwind")
    here.upload(partner, "a.edi", written(partner, "IN", "810", INVOICE.format(number="INV-7"), 30))
    assert here.settled()["received"][0]["answered"] == "R"
    assert segment(here.answers(partner)["997"], "AK3")[1] == "IT1"
    here.upload(partner, "b.edi", written(partner, "IN", "810", INVOICE.format(number="INV-7"), 31))
    state = here.settled()
    assert state["received"][1]["answered"] == "A"
    assert state["business_duplicates"] == [] and state["redelivered"][0]["file"] == "b.edi"


def test_a_missing_acknowledgment_is_not_announced_and_a_late_one_is(bench: Callable[..., Bench]) -> None:
    partner = partner_named("northwind")
    silent = bench(Habits(late=0, missing=1.0, advised=0))
    silent.upload(partner, "a.edi", written(partner, "IN", "810", INVOICE.format(number="INV-8"), 1))
    assert silent.settled()["received"][0]["answered"] == "" and silent.answers(partner) == {}
    late = bench(Habits(late=1.0, missing=0, rejecting=0, accepting_with_error=0, advised=0), late_max_s=1.0)
    late.upload(partner, "a.edi", written(partner, "IN", "810", INVOICE.format(number="INV-8"), 1))
    time.sleep(0.15)
    assert late.partners.announced == 1 and late.partners.state({})["late"][0]["set_id"] == "997"
    late.settled()
    assert "997" in late.answers(partner)


def test_an_order_is_confirmed_shipped_and_invoiced_as_it_came(bench: Callable[..., Bench]) -> None:
    here, partner = bench(), partner_named("cedarmill")
    here.upload(partner, "850_1.edi", written(partner, "PO", "850", ORDER.format(number="PO-9"), 5))
    state = here.settled()
    answers = here.answers(partner)
    assert sorted(answers) == ["810", "855", "856", "997"]
    assert segment(answers["855"], "BAK")[1:4] == ["00", "AD", "PO-9"]
    assert segment(answers["855"], "ACK") == ["ACK", "IA", "10", "EA", "068", "20260120"]
    assert segment(answers["855"], "PO1")[6:] == ["VP", "X1"]
    assert segment(answers["856"], "PRF")[1] == "PO-9" and segment(answers["856"], "SN1")[2] == "10"
    assert segment(answers["810"], "BIG")[4] == "PO-9" and segment(answers["810"], "TDS") == ["TDS", "5250"]
    assert {sent["set_id"]: sent["meant"] for sent in state["sent"]} == {
        "997": "clean",
        "855": "clean",
        "856": "clean",
        "810": "clean",
    }
    assert [fault.text for document in answers.values() for fault in check_set(document, partner.version)] == []


def test_changes_short_shipments_and_wrong_prices_tell_one_story(bench: Callable[..., Bench]) -> None:
    odd = Habits(late=0, missing=0, rejecting=0, accepting_with_error=0, changed_order=1.0, refused_order=0, short_shipment=1.0,
                 wrong_price=1.0)  # fmt: skip
    here, partner = bench(odd), partner_named("polarpack")
    for number in range(6):
        here.upload(partner, f"{number}.edi", written(partner, "PO", "850", ORDER.format(number=f"PO-{number}"), 50 + number))
    sent = here.settled()["sent"]
    changed = {one["meant"] for one in sent if one["set_id"] == "855"}
    assert changed <= {"quantity_changed", "price_changed", "date_changed"} and len(changed) >= 2
    assert {one["meant"] for one in sent if one["set_id"] == "856"} == {"short_shipment"}
    assert {one["meant"] for one in sent if one["set_id"] == "810"} == {"wrong_price"}
    shipped = next(one for one in sent if one["set_id"] == "856")
    invoiced = next(one for one in sent if one["set_id"] == "810" and one["answers"] == shipped["answers"])
    assert [line["quantity"] for line in shipped["lines"]] == [line["quantity"] for line in invoiced["lines"]]


def test_an_invoice_may_be_answered_with_an_advice(bench: Callable[..., Bench]) -> None:
    habits = Habits(late=0, missing=0, rejecting=0, accepting_with_error=0, advised=1.0, advice_rejects=1.0)
    here, partner = bench(habits), partner_named("northwind")
    here.upload(partner, "a.edi", written(partner, "IN", "810", INVOICE.format(number="INV-9"), 8))
    here.settled()
    advice = here.answers(partner)["824"]
    assert segment(advice, "OTI")[1:4] == ["TR", "IV", "INV-9"] and segment(advice, "OTI")[8:11] == ["8", "0001", "810"]
    assert segment(advice, "TED")[1].isdigit()


def test_the_company_s_997_is_matched_with_what_was_sent(bench: Callable[..., Bench]) -> None:
    here, partner = bench(), partner_named("northwind")
    sent = here.partners.send_orders(3, partner="northwind", orders_per_file=3)
    assert len(here.cleo.files(partner.outlet)) == 1 and {one.group for one in sent} == {sent[0].group}
    body = f"AK1*PO*{sent[0].group}~AK2*850*0001~AK5*A~AK2*850*0002~AK3*BEG*2**8~AK4*5*373*1~AK5*R*5~AK9*P*3*3*2"
    here.upload(partner, "997.edi", written(partner, "FA", "997", body, 3))
    here.upload(partner, "998.edi", written(partner, "FA", "997", "AK1*PO*99999~AK9*A*1*1*1", 4))
    state = here.settled()
    assert [one["acknowledged"] for one in state["sent"]] == ["accepted", "rejected", None]
    assert state["sent"][1]["acknowledgment_faults"] == ["AK3*BEG*2**8", "AK4*5*373*1"]
    assert [received["faults"] == [] for received in state["received"]] == [True, False]
    assert here.answers(partner).keys() == {"850"}  # a 997 is never acknowledged


def test_the_orders_at_the_start_are_the_same_for_a_seed_and_hold_every_oddity() -> None:
    first, second = ([*_starting(100)] for _ in range(2))
    assert [(one.business_number, one.meant, one.lines) for one in first] == [
        (one.business_number, one.meant, one.lines) for one in second
    ]
    assert len(first) == 100
    meant = {one.meant for one in first}
    assert meant == {"clean", "unknown_item", "ambiguous_item", "unknown_unit", "change_order", "bad_syntax", "test_usage",
                     "same_file_again", "same_number_again"}  # fmt: skip
    assert sum(one.meant == "clean" for one in first) > 80


def _starting(count: int) -> list[Any]:
    cleo = CleoSandbox(WORLD)
    return PartnerSandbox(WORLD, cleo, initial_orders=count).start()


def test_orders_on_demand_and_state_over_http() -> None:
    cleo = CleoSandbox(WORLD)
    partners = PartnerSandbox(WORLD, cleo, initial_orders=0)
    with serve(partners.app()) as endpoint, httpx.Client(base_url=endpoint.url) as http:
        assert len(http.post("/_sandbox/orders", json={"count": 4}).json()["sent"]) == 4
        assert http.post("/_sandbox/orders", json={"oddity": "unknown_unit"}).json()["sent"][0]["meant"] == "unknown_unit"
        wrong = http.post("/_sandbox/orders", json={"oddity": "x"})
        assert wrong.status_code == 400 and "known are" in wrong.json()["error"]
        assert http.post("/_sandbox/habits", json={"late": 0.5}).json()["late"] == 0.5 == partners.habits.late
        assert http.post("/_sandbox/habits", json={"tardy": 1}).status_code == 400
        state = http.get("/_sandbox/state").json()
        assert len(state["sent"]) == 5 and state["announced"] == 0 and state["received"] == []


def test_checking_takes_less_than_two_milliseconds_a_document(bench: Callable[..., Bench]) -> None:
    here, partner = bench(), partner_named("northwind")
    lines = "~".join(f"IT1*{number}*3*EA*10.50**VP*A{number}~PID*F****Bolt" for number in range(1, 21))
    files = []
    for number in range(300):
        body = f"BIG*20260105*N{number}*20260101*PO-1~{lines}~TDS*63000~CTT*20"
        files.append(ReceivedFile(partner.inbox, f"{number}.edi", written(partner, "IN", "810", body, 100 + number), now_utc()))
    started = time.process_time()
    for file in files:
        here.partners.receive(file)
    state = here.settled()
    assert {received["status"] for received in state["received"]} == {"accepted"}
    assert (time.process_time() - started) / 300 < 0.004  # twice the aim, for a busy machine
