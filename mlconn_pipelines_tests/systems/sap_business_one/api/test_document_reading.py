from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.ports.records import Connector, KeyStamp
from mlconn_pipelines.systems.sap_business_one.api import reading
from mlconn_pipelines.systems.sap_business_one.api.entities import REFERENCE_ENTITIES
from mlconn_pipelines_tests.systems.sap_business_one.sap_company import NOON, sap_company
from mlconn_pipelines_tests.transport.scripted_server import Answer, Asked, scripted_server
from mlconn_pipelines_tests.transport.totals_of_days import day_totals

START = NOON.date()


def polled(connector: Connector, since: str | None, entity: str = "Invoices") -> list[KeyStamp]:
    return [stamp for page in connector.source.changed(entity, since, START) for stamp in page]


def keys_of(stamps: list[KeyStamp]) -> set[str]:
    return {stamp.key for stamp in stamps}


@pytest.mark.parametrize("quoted", [True, False])
def test_the_first_read_takes_the_history_and_the_watermark_is_the_newest_stamp(quoted: bool) -> None:
    with sap_company() as company:
        connector = company.connector(history_days=400, quoted_dates=quoted)
        stamps = polled(connector, None)
        assert sorted(keys_of(stamps), key=int) == company.keys("Invoices")
        newest = max(
            f"{record.values['UpdateDate'][:10]}T{record.values['UpdateTime']}"
            for record in company.sandbox.company.sets["Invoices"]
        )
        assert connector.source.newest(stamps, None) == newest
        assert connector.source.newest([], newest) == newest and connector.source.newest([], None) is None


def test_history_days_bound_the_first_read() -> None:
    with sap_company() as company:
        stamps = polled(company.connector(history_days=5), None)
        assert 0 < len(stamps) < len(company.keys("Invoices"))
        assert all(stamp.stamp >= "2026-11-15" for stamp in stamps)


def test_an_idle_poll_is_one_call_of_keys_and_stamps() -> None:
    with sap_company() as company:
        company.sandbox.set_clock(NOON)
        company.sandbox.change("Invoices", int(company.keys("Invoices")[0]), Comments="x")
        connector = company.connector()
        connector.target.reserve()
        calls = connector.calls
        stamps = polled(connector, "2026-11-20T12:00:30")
        assert len(stamps) == 1 and connector.calls == calls + 1
        company.sandbox.set_clock(NOON + dt.timedelta(hours=2))
        assert polled(connector, "2026-11-20T14:00:00") == []
        assert connector.calls == calls + 2


def test_an_answer_to_another_question_is_no_whole_record() -> None:
    """Without its reference an order of ours would read as somebody else's, and without its lines as one over nothing."""
    with sap_company() as company:
        connector = company.connector()
        struck = company.sandbox.faults.arm("200_duplicate", "/Invoices?$filter=DocEntry")
        key = min(keys_of(polled(connector, None)), key=int)  # of the page that was answered last
        with pytest.raises(Retryable, match="asked for DocumentLines of Invoices, it answered without"):
            list(connector.source.records("Invoices", [key]))
        records = list(connector.source.records("Invoices", [key]))
        assert [(str(row["DocEntry"]), bool(row["DocumentLines"])) for row in records] == [(key, True)]
        assert not struck.left


def test_a_change_is_one_call_per_page_of_records() -> None:
    with sap_company() as company:
        company.sandbox.set_clock(NOON)
        for key in company.keys("Invoices")[:10]:
            company.sandbox.change("Invoices", int(key), Comments="x")
        connector = company.connector(page_size=10)
        connector.target.reserve()
        calls = connector.calls
        assert len(polled(connector, "2026-11-20T12:00:00")) == 10
        assert connector.calls == calls + 1


def test_a_later_days_earlier_hours_are_not_lost() -> None:
    with sap_company() as company:
        key = company.keys("Invoices")[0]
        company.sandbox.set_clock(dt.datetime(2026, 11, 21, 0, 10))
        company.sandbox.change("Invoices", int(key), Comments="x")
        assert key in keys_of(polled(company.connector(), "2026-11-20T23:50:00"))


@pytest.mark.parametrize("step", [dt.timedelta(hours=1), dt.timedelta(hours=-1)])
def test_a_clock_change_loses_nothing(step: dt.timedelta) -> None:
    with sap_company() as company:
        connector = company.connector()
        first, second = company.keys("Invoices")[:2]
        company.sandbox.set_clock(dt.datetime(2026, 11, 22, 2, 59, 30))
        company.sandbox.change("Invoices", int(first), Comments="before")
        watermark = connector.source.newest(polled(connector, "2026-11-22T02:00:00"), "2026-11-22T02:00:00")
        company.sandbox.move_clock(step)
        company.sandbox.change("Invoices", int(second), Comments="after")
        assert second in keys_of(polled(connector, watermark))
        assert str(connector.source.newest(polled(connector, watermark), watermark)) >= str(watermark)


def test_rows_added_or_changed_while_paging_are_found_by_the_next_poll() -> None:
    with sap_company() as company:
        company.sandbox.set_clock(NOON)
        before = set(company.keys("Invoices"))
        company.sandbox.faults.arm("row_added", path="Invoices", count=None)
        company.sandbox.faults.arm("row_changed", path="Invoices", count=None)
        connector = company.connector(page_size=1, history_days=400)
        stamps = polled(connector, None)
        assert keys_of(stamps) == before and len(stamps) == len(before)
        company.sandbox.faults.disarm()
        added = set(company.keys("Invoices")) - before
        assert added and added <= keys_of(polled(connector, connector.source.newest(stamps, None)))


def test_pages_are_in_key_order_within_and_between() -> None:
    with sap_company() as company:
        pages = [
            [int(stamp.key) for stamp in page]
            for page in company.connector(history_days=400).source.changed("Invoices", None, START)
        ]
        assert len(pages) == 3 and all(page == sorted(page) for page in pages)
        assert [page[0] for page in pages] == sorted((page[0] for page in pages), reverse=True)


def test_whole_records_come_for_any_set_of_keys() -> None:
    with sap_company() as company:
        connector = company.connector()
        keys = company.keys("Invoices")
        for chosen in (keys, keys[::5], keys[:1], [keys[0], keys[-1], "999999999"], [], keys + keys):
            records = list(connector.source.records("Invoices", chosen))
            assert sorted(str(record["DocEntry"]) for record in records) == sorted(set(chosen) - {"999999999"})
            assert all(record["DocumentLines"] for record in records)


def test_whole_records_have_exact_amounts() -> None:
    with sap_company() as company:
        (record,) = company.connector().source.records("Invoices", company.keys("Invoices")[:1])
        assert isinstance(record["DocTotal"], Decimal) and isinstance(record["DocEntry"], int)


def test_calls_in_flight_are_bounded_and_used() -> None:
    with sap_company() as company:
        keys = company.keys("Invoices")
        connector = company.connector(page_size=2, calls_in_flight=3)
        connector.target.reserve()
        company.sandbox.faults.arm("slow", path="Invoices", count=None, seconds=0.05)
        assert len(list(connector.source.records("Invoices", [str(int(key)) for key in keys for _ in "x"]))) == len(keys)
        assert company.limiter.most_at_once <= 3


def test_a_reader_that_stops_early_leaves_no_thread_behind() -> None:
    with sap_company() as company:
        records = company.connector(page_size=2).source.records("Invoices", [*company.keys("Invoices"), "900000", "800000"])
        next(records)
        records.close()  # type: ignore[attr-defined]


def test_dense_keys_cost_one_call_a_page_and_sparse_ones_one_for_forty() -> None:
    parts = list(reading.batches([*range(1, 201), *range(1_000, 1_000_000, 1_000)], 100))
    assert [len(part) for part in parts[:2]] == [100, 100]
    assert all(len(part) <= 40 for part in parts[2:]) and sum(map(len, parts)) == 200 + 999
    assert reading.is_dense([1, 2, 3, 5]) and not reading.is_dense([1, 2, 9])


def test_a_batch_of_sparse_keys_is_one_short_filter() -> None:
    def rows(asked: Asked) -> Answer:
        if asked.path.endswith("Login"):
            return Answer(body={"SessionId": "s"})
        return Answer(body={"value": []})

    with sap_company() as company, scripted_server(rows) as server:
        company.url = server.url + "/b1s/v2/"
        assert (
            list(
                company.connector(page_size=100).source.records(
                    "Orders", [str(key) for key in range(10**9, 10**9 + 40_000, 1000)]
                )
            )
            == []
        )
        assert len(server.asked) == 2 and len(server.asked[1].path) < 2_000


def test_documents_of_a_day_range() -> None:
    with sap_company() as company:
        first, last = dt.date(2026, 11, 5), dt.date(2026, 11, 12)
        found = keys_of([s for page in company.connector().source.dated("Invoices", first, last) for s in page])
        expected = {
            str(record.values["DocEntry"])
            for record in company.sandbox.company.sets["Invoices"]
            if first <= dt.date.fromisoformat(record.values["DocDate"][:10]) <= last
        }
        assert found == expected and found


def test_day_totals_leave_out_cancelled_documents_and_our_own_but_not_copies() -> None:
    with sap_company() as company:
        connector = company.connector()
        day = dt.date(2026, 11, 20)
        before = day_totals(connector, "Orders", day, day).get(day)
        assert before is None
        made = connector.target.create("Orders", company.payload("acme:Orders:D1", "Orders", DocDate="2026-11-20"))
        copy = company.sandbox.add_document(
            "Orders", **company.payload("acme:PurchaseOrders:D1", "Orders", DocDate="2026-11-20")
        )
        gone = company.sandbox.add_document("Orders", **company.payload("", "Orders", DocDate="2026-11-20"))
        company.sandbox.cancel("Orders", gone)
        totals = day_totals(connector, "Orders", day, day)
        record = company.sandbox.record("Orders", copy)
        amount = record["DocTotalFc"] or record["DocTotal"]
        assert (totals[day].count, totals[day].amount) == (1, Decimal(str(amount)))
        assert day_totals(connector, "Orders", day, day, "other")[day].count == 2
        assert made.key != str(copy)


@pytest.mark.parametrize("link", ["relative", "server-absolute", "same host"])
def test_next_links_of_every_form_are_followed(link: str) -> None:
    asked_paths: list[str] = []

    def answer(asked: Asked) -> Answer:
        asked_paths.append(asked.path)
        if asked.path.endswith("Login"):
            return Answer(body={"SessionId": "s"})
        rest = "AlternateCatNum?$orderby=ItemCode&$skip=1"
        links = {
            "relative": rest,
            "server-absolute": f"/b1s/v2/{rest}",
            "same host": f"http://{asked.headers['host']}/b1s/v2/{rest}",
        }
        row = {"ItemCode": "I", "CardCode": "C", "Substitute": str(len(asked_paths))}
        more = {} if "skip" in asked.path else {"odata.nextLink" if link == "relative" else "@odata.nextLink": links[link]}
        return Answer(body={"value": [row], **more})

    with sap_company() as company, scripted_server(answer) as server:
        company.url = server.url + "/b1s/v2/"
        rows = [row for page in company.connector().reference.items("alternate_catalogue_numbers", None) for row in page]
        assert [row["Substitute"] for row in rows] == ["2", "3"]
        assert asked_paths[2] == "/b1s/v2/AlternateCatNum?$orderby=ItemCode&$skip=1"


@pytest.mark.parametrize("entity", ["alternate_catalogue_numbers", "currencies"])
def test_links_to_another_host_are_read_on_at_our_own(entity: str) -> None:
    """Paged by link one set needs the link's query; paged by key the other needs no link at all."""
    with sap_company() as company:
        company.sandbox.link_root = "https://inner.invalid:50001"
        held = company.sandbox.company.sets[REFERENCE_ENTITIES[entity].entity]
        connector = company.connector(page_size=max(1, len(held) // 4))
        rows = [row for page in connector.reference.items(entity, None) for row in page]
        assert len(rows) == len(held) > 1


def test_keyset_pages_follow_no_link() -> None:
    with sap_company() as company:
        expected = company.keys("Invoices")
        company.sandbox.link_root = "not a link://"
        connector = company.connector(history_days=400)
        found = [stamp.key for page in connector.source.changed("Invoices", None, NOON.date()) for stamp in page]
        assert sorted(found, key=int) == expected
