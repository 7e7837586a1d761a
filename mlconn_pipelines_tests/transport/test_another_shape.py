"""An answer of another shape is no answer: read again where something was read, an open outcome where something was written.

Every request kind of every connector meets every lie once, over sockets, before the simulated system of its own.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from mlconn_pipelines.errors import ConnectorError, NotFound, OutcomeUnknown, Retryable
from mlconn_pipelines.ports.records import Connector, Stored
from mlconn_pipelines.systems.cleo.api import resources
from mlconn_pipelines.systems.finance_operations.records.naming import (
    CONFIRMATIONS,
    INVOICE_LINES,
    INVOICES,
    ORDER_LINES,
    ORDERS,
)
from mlconn_pipelines.transport.http_responses import checked, token_of
from mlconn_pipelines.transport.odata import created_of, page_of, record_of
from mlconn_pipelines_tests.systems.business_central.business_central_company import business_central_company
from mlconn_pipelines_tests.systems.cleo.cleo_tenant import cleo_tenant
from mlconn_pipelines_tests.systems.finance_operations.api.test_simulated_environment import payload as invoice_payload
from mlconn_pipelines_tests.systems.finance_operations.simulated_environment import simulated_environment
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import sap_company
from mlconn_pipelines_tests.transport.in_memory import MemorySessions
from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.lies import LIES

STORING = tuple(lie for lie in LIES if lie.endswith("_after") or lie == "200_truncated")
"""Lies of which a write is stored all the same."""

READ_ONLY = ("200_looping",)
"""Lies that only a list can tell."""

PLAUSIBLE = ("200_empty_list", "200_empty_list_after")
"""No reader of one answer can tell this from the truth; who asks for something by name asks twice."""

REPEATING = ("200_duplicate", "200_duplicate_after")

X12 = b"ISA*00*~IEA*1*000000001~"
SHAPES = (
    b"",
    b"[]",
    b"null",
    b"{}",
    b'{"value": null}',
    b'{"value": {}}',
    b'{"error": "x"}',
    b"<html>",
    b'{"value": [{"id": 1}',
    b'"x"',
)


def answer(content: bytes) -> httpx.Response:
    return httpx.Response(200, content=content, request=httpx.Request("GET", "http://h/things"))


@pytest.mark.parametrize("content", [*SHAPES, b'{"value": [], "error": {"message": "in the middle"}}', b"[" * 100_000])
def test_no_reader_makes_something_of_another_shape(content: bytes) -> None:
    for read in (page_of, resources.page_of, token_of, lambda one: record_of(one, "id")):
        with pytest.raises(Retryable, match=r"GET /things answered 200 with .+ instead of a"):
            read(answer(content))
    with pytest.raises(OutcomeUnknown, match="instead of the record"):
        created_of(answer(content), "id")
    assert resources.file_of(answer(content)) is None


@pytest.mark.parametrize("link", ["", 7, ["x"]])
def test_a_link_that_is_none_makes_a_page_unreadable(link: object) -> None:
    with pytest.raises(Retryable):
        page_of(httpx.Response(200, json={"value": [], "@odata.nextLink": link}, request=httpx.Request("GET", "http://h/")))


def test_a_create_may_not_speak_of_another_record() -> None:
    told = answer(b'{"id": 7, "reference": "ACME:1", "line": 2.0}')
    assert created_of(told, "id", sent={"reference": "acme:1 ", "line": 2, "note": "not told"})["id"] == 7
    for other in ({"reference": "acme:2"}, {"line": 3}, {"id": 8}):
        with pytest.raises(OutcomeUnknown, match="another one"):
            created_of(told, "id", sent=other)


@pytest.mark.parametrize(
    ("content", "headers", "size", "holds"),
    [
        (b"\r\nISA*00*~", {}, 4_000, True),
        (b"anything", {}, 8, True),
        (b"anything", {}, 9, False),
        (b"<html>", {"content-type": "text/html"}, 6, True),
        (b"<html>", {"content-type": "text/html"}, None, False),
        (b'{"error": "x"}', {"content-type": "application/octet-stream"}, None, False),
        (b"anything", {"content-type": "application/json"}, None, False),
        (b"<xml>", {"content-disposition": 'attachment; filename="a.xml"'}, None, True),
        (b"anything", {}, None, True),
        (b"", {}, 0, True),
    ],
)
def test_what_is_downloaded_is_the_file_that_was_listed(
    content: bytes, headers: dict[str, str], size: int | None, holds: bool
) -> None:
    assert resources.holds_the_file(httpx.Response(200, content=content, headers=headers), size) is holds


@dataclass
class Bench:
    """A connector before its simulated system. payload: of a new record under our reference. posts: path of its creates.

    made: how many of that reference are there. lists, reads: paths of listing and of reading whole records.
    """

    connect: Callable[[], Connector]
    faults: FaultMenu
    sign_ins: FaultMenu
    entity: str
    target: str
    payload: Callable[[str], Mapping[str, Any]]
    made: Callable[[str], int]
    posts: str
    lists: str
    sign_in_path: str
    sessions: MemorySessions
    reference_set: str
    reference_path: str
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.connector = self.connect()

    def signed_out(self) -> Connector:
        """A connector that has to sign in first."""
        self.sessions.values = None
        return self.connect()

    def new_reference(self) -> str:
        return f"acme:{self.target}:D{next(self.numbers)}"

    def keys(self, connector: Connector | None = None) -> list[str]:
        pages = (connector or self.connector).source.changed(self.entity, None, dt.date(2026, 1, 1))
        return sorted(stamp.key for page in pages for stamp in page)


@contextmanager
def sap() -> Iterator[Bench]:
    with sap_company() as company:
        state = company.sandbox.state
        yield Bench(
            company.connector,
            company.sandbox.faults,
            company.sandbox.faults,
            "Invoices",
            "PurchaseOrders",
            company.payload,
            lambda reference: sum(one["reference"] == reference for one in state(source=False)["created"]),
            "/PurchaseOrders",
            "/Invoices",
            "/Login",
            company.sessions,
            "items",
            "/Items",
        )


@contextmanager
def business_central() -> Iterator[Bench]:
    with business_central_company() as company:
        state = company.sandbox.state
        yield Bench(
            company.connector,
            company.sandbox.faults,
            company.entra.faults,
            "salesInvoices",
            "salesOrders",
            lambda reference: company.payload(reference, externalDocumentNumber=reference.rpartition(":")[2]),
            lambda reference: sum(
                one["externalDocumentNumber"] == reference.rpartition(":")[2] for one in state(source=False)["created"]
            ),
            "/salesOrders",
            "/salesInvoices",
            "/token",
            company.sessions,
            "items",
            "/items",
        )


@contextmanager
def finance_operations(in_one_batch: bool = True) -> Iterator[Bench]:
    with simulated_environment() as environment:

        def payload(reference: str) -> Mapping[str, Any]:
            changes = {"HeaderReference": reference, "InvoiceNumber": reference.rpartition(":")[2]}
            made = {**invoice_payload(environment, environment.order()), **changes}
            return {**made, INVOICE_LINES: [{**line, "HeaderReference": reference} for line in made[INVOICE_LINES]]}

        yield Bench(
            lambda: environment.connector(invoice_in_one_batch=in_one_batch),
            environment.sandbox.faults,
            environment.entra.faults,
            CONFIRMATIONS,
            INVOICES,
            payload,
            lambda reference: sum(one["HeaderReference"] == reference for one in environment.invoices()),
            "$batch" if in_one_batch else "/VendorInvoiceHeaders",
            f"/{CONFIRMATIONS}",
            "/token",
            environment.sessions,
            "released_products",
            "/ReleasedProductsV2",
        )


@contextmanager
def finance_operations_by_requests() -> Iterator[Bench]:
    with finance_operations(in_one_batch=False) as bench:
        yield bench


EVERY = pytest.mark.parametrize("bench_of", [sap, business_central, finance_operations])
BenchOf = Callable[[], Any]


@pytest.mark.parametrize("bench_of", [sap, business_central, finance_operations, finance_operations_by_requests])
def test_a_create_that_does_not_say_what_it_made_is_an_open_outcome(bench_of: BenchOf) -> None:
    with bench_of() as bench:
        bench.connector.target.create(bench.target, bench.payload(bench.new_reference()))
        for lie in LIES:
            reference = bench.new_reference()
            wanted = bench.payload(reference)
            if lie in REPEATING:
                bench.faults.arm(lie, path=bench.posts, method="POST", skip=1)
                bench.connector.target.create(bench.target, bench.payload(bench.new_reference()))
            else:
                bench.faults.arm(lie, path=bench.posts, method="POST")
            if lie in READ_ONLY:
                assert bench.connector.target.create(bench.target, wanted).key
                continue
            with pytest.raises(OutcomeUnknown) as raised:
                bench.connector.target.create(bench.target, wanted)
            assert type(raised.value) is OutcomeUnknown, (lie, raised.value)
            bench.faults.disarm()
            assert bench.made(reference) == (lie in STORING), lie
            found = bench.connector.target.find(bench.target, reference, wanted)
            assert (found is not None) == (lie in STORING), lie


@dataclass(frozen=True)
class Changeable:
    """An order of ours whose lines may be changed. path: of the requests that change it. is_changed: whether it was, there."""

    connector: Connector
    faults: FaultMenu
    entity: str
    key: str
    path: str
    changes: Callable[[int], Mapping[str, Any]]
    held: Callable[[], Any]


@contextmanager
def sap_order() -> Iterator[Changeable]:
    with sap_company() as company:
        key = company.connector().target.create("PurchaseOrders", company.payload("acme:PurchaseOrders:D1")).key
        record = company.sandbox.record
        yield Changeable(
            company.connector(),
            company.sandbox.faults,
            "PurchaseOrders",
            key,
            "/PurchaseOrders",
            lambda number: {"DocumentLines": [{"LineNum": 0, "UnitPrice": number}]},
            lambda: record("PurchaseOrders", int(key))["DocumentLines"][0]["UnitPrice"],
        )


@contextmanager
def business_central_order() -> Iterator[Changeable]:
    with business_central_company() as company:
        key = company.purchase_order()

        def line() -> Mapping[str, Any]:
            (order,) = company.connector().source.records("purchaseOrders", [key])
            return order["purchaseOrderLines"][0]  # type: ignore[no-any-return]

        sequence = line()["sequence"]
        yield Changeable(
            company.connector(),
            company.sandbox.faults,
            "purchaseOrders",
            key,
            "/purchaseOrderLines(",
            lambda number: {"purchaseOrderLines": [{"sequence": sequence, "directUnitCost": number}]},
            lambda: line()["directUnitCost"],
        )


@contextmanager
def finance_operations_order() -> Iterator[Changeable]:
    with simulated_environment() as environment:
        number = environment.order()
        connector = environment.connector()

        def line() -> Mapping[str, Any]:
            (order,) = environment.connector().source.records(ORDERS, [f"usmf|{number}"])
            return order[ORDER_LINES][0]  # type: ignore[no-any-return]

        place = line()["LineNumber"]
        yield Changeable(
            connector,
            environment.sandbox.faults,
            ORDERS,
            f"usmf|{number}",
            f"/{ORDER_LINES}(",
            lambda price: {ORDER_LINES: [{"LineNumber": place, "PurchasePrice": price}]},
            lambda: line()["PurchasePrice"],
        )


@pytest.mark.parametrize("order_of", [sap_order, business_central_order, finance_operations_order])
def test_a_change_that_is_not_confirmed_is_an_open_outcome_and_may_be_repeated(order_of: Callable[[], Any]) -> None:
    with order_of() as order:
        for price, lie in enumerate((lie for lie in LIES if lie not in (*READ_ONLY, *REPEATING)), start=20):
            order.faults.arm(lie, path=order.path, method="PATCH")
            if lie == "200_truncated" and order_of is not business_central_order:
                order.connector.target.update(order.entity, order.key, order.changes(price))  # half of nothing is nothing
            else:
                with pytest.raises(OutcomeUnknown) as raised:
                    order.connector.target.update(order.entity, order.key, order.changes(price))
                assert type(raised.value) is OutcomeUnknown, lie
            assert (order.held() == price) == (lie in STORING), lie
            order.connector.target.update(order.entity, order.key, order.changes(price))
            assert order.held() == price, lie


@EVERY
def test_a_look_for_our_record_is_not_led_astray(bench_of: BenchOf) -> None:
    with bench_of() as bench:
        made = []
        for _ in range(2):
            reference = bench.new_reference()
            wanted = bench.payload(reference)
            made.append((reference, wanted, bench.connector.target.create(bench.target, wanted).key))
        (other, other_wanted, _), (reference, wanted, key) = made
        for lie in set(LIES) - set(PLAUSIBLE):
            skip = int(lie in REPEATING)
            bench.faults.arm(lie, path=f"/{bench.target}", method="GET", skip=skip)
            if skip:
                bench.connector.target.find(bench.target, other, other_wanted)
            try:
                found = bench.connector.target.find(bench.target, reference, wanted)
            except Retryable:  # an answer about another record
                assert lie in REPEATING
                found = bench.connector.target.find(bench.target, reference, wanted)
            assert isinstance(found, Stored) and found.key == key, lie
            assert bench.faults.given[lie], lie
            bench.faults.disarm()


@EVERY
@pytest.mark.parametrize("skip", [0, 1], ids=["first page", "second page"])
def test_a_listing_and_whole_records_are_what_the_system_has(bench_of: BenchOf, skip: int) -> None:
    with bench_of() as bench:
        keys = bench.keys()
        whole = {str(record): record for record in bench.connector.source.records(bench.entity, keys)}
        for lie in LIES:
            if skip == 0 and lie in (*PLAUSIBLE, *REPEATING):
                continue  # the watermark stays where it is, and keys that do not come are asked for by themselves
            bench.faults.arm(lie, path=bench.lists, method="GET", skip=skip)
            assert bench.keys() == keys, lie
            if lie not in PLAUSIBLE:
                assert {str(record) for record in bench.connector.source.records(bench.entity, keys)} == set(whole), lie
            bench.faults.disarm()


@EVERY
def test_reference_data_is_what_the_system_has(bench_of: BenchOf) -> None:
    with bench_of() as bench:

        def read() -> set[str]:
            return {str(row) for page in bench.connector.reference.items(bench.reference_set, None) for row in page}

        there = read()
        for lie in set(LIES) - set(PLAUSIBLE):
            bench.faults.arm(lie, path=bench.reference_path, method="GET", skip=int(lie in REPEATING))
            assert read() == there, lie
            bench.faults.disarm()


@EVERY
def test_a_sign_in_that_gives_no_token_is_tried_again_and_refuses_nothing(bench_of: BenchOf) -> None:
    with bench_of() as bench:
        for lie in LIES:
            bench.sign_ins.arm(lie, path=bench.sign_in_path, method="POST")
            try:
                assert bench.keys(bench.signed_out()), lie
            except Retryable as later:  # a refusal in another form than the system's own: the run ends in order
                assert lie[:3] != "200", (lie, later)
            assert bench.sign_ins.given[lie]
            assert bench.keys(bench.signed_out()), lie


def test_a_cleo_upload_that_does_not_say_what_was_stored_is_an_open_outcome() -> None:
    with cleo_tenant() as tenant:
        delivery = tenant.exchange().folder("outbox")
        for number, lie in enumerate(lie for lie in LIES if lie not in READ_ONLY and lie not in REPEATING):
            name = f"810_{number}.edi"
            delivery.reserve()
            tenant.sandbox.faults.arm(lie, path="/files", method="POST")
            with pytest.raises(OutcomeUnknown):
                delivery.deliver(name, X12)
            assert sum(file.name == name for file in tenant.sandbox.received) == (lie in STORING), lie
            assert bool(delivery.evidence(name, X12)) == (lie in STORING), lie


def test_a_cleo_upload_answered_with_another_file_is_an_open_outcome() -> None:
    with cleo_tenant() as tenant:
        delivery = tenant.exchange().folder("outbox")
        tenant.sandbox.faults.arm("200_duplicate", path="/files", method="POST", skip=1)
        delivery.reserve()
        delivery.deliver("one.edi", X12)
        delivery.reserve()
        with pytest.raises(OutcomeUnknown, match=r"instead of the file two\.edi"):
            delivery.deliver("two.edi", X12)


def test_a_cleo_folder_is_listed_downloaded_and_emptied_whatever_stands_in_between() -> None:
    with cleo_tenant() as tenant:
        exchange = tenant.exchange()
        contents = {f"{number}.edi": X12 + b" " * number for number in range(5)}
        for name, content in contents.items():
            tenant.sandbox.put("inbox", name, content)

        def listed() -> dict[str, Any]:
            return {file.name: file for page in exchange.list_folder("inbox") for file in page}

        for lie in set(LIES) - set(PLAUSIBLE):
            for skip in (0, 1):
                tenant.sandbox.faults.arm(lie, path="/children", method="GET", skip=skip)
                seen = listed()
                tenant.sandbox.faults.disarm()
                if lie in REPEATING:  # a page once more hides others, until the next poll
                    assert set(seen) <= set(contents)
                else:
                    assert set(seen) == set(contents), lie
        files = listed()
        for lie in set(LIES) - {*REPEATING}:
            tenant.sandbox.faults.arm(lie, path="/content", method="GET")
            got = exchange.download(files["3.edi"])
            assert got == contents["3.edi"] or lie == "200_truncated", lie  # the end of half an X12 file tells
            tenant.sandbox.faults.disarm()
        for lie in ("200_html", "200_error", "404_html", "200_empty"):
            tenant.sandbox.put("inbox", lie, X12)
            tenant.sandbox.faults.arm(lie, path="/files", method="DELETE")
            exchange.remove(listed()[lie], lie)
            assert lie not in listed()


def test_a_cleo_sign_in_that_gives_no_token_is_tried_again() -> None:
    with cleo_tenant() as tenant:
        for lie in LIES:
            tenant.sessions.values = None
            tenant.sandbox.faults.arm(lie, path="/authentication", method="POST")
            exchange = tenant.exchange()
            assert list(exchange.list_folder("inbox")) == [[]], lie
            assert tenant.sandbox.faults.given[lie]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 423])
def test_a_refusal_in_another_form_than_the_systems_own_refuses_nothing(status: int) -> None:
    refusal = httpx.Response(status, html="<h1>no</h1>", request=httpx.Request("POST", "http://h/things"))
    with pytest.raises(OutcomeUnknown, match=f"{status}.*instead of an error in the system's own form"):
        checked(refusal, "X", write=True, own_form=False)
    with pytest.raises(Retryable) as raised:
        checked(refusal, "X", write=False, own_form=False)
    assert not isinstance(raised.value, NotFound)
    with pytest.raises(ConnectorError):
        checked(refusal, "X", write=True)
