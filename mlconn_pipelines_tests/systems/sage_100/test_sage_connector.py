"""The connector by way of the agent, the gateway and the ledger, against the simulated Sage."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.agents.jobs import JobState
from mlconn_pipelines.errors import ConnectionStopped, DocumentRejected, OutcomeUnknown, PartiallyDone, Retryable, TryLater
from mlconn_pipelines.ports.records import KeyStamp
from mlconn_pipelines.systems.sage_100.mapping.sets import REFERENCE
from mlconn_pipelines.systems.sage_100.records.master_data import VENDORS
from mlconn_pipelines.systems.sage_100.records.purchase_order import ORDERS, key_of, stamp_of
from mlconn_pipelines_tests.sage_100_agent.supervised import POSTING
from mlconn_pipelines_tests.systems.sage_100.sage_site import AGENT, SageSite, sage_site

pytestmark = pytest.mark.database
START = dt.date(2026, 1, 1)
FIRST = "acme_sage:receipts:D0000001"


@pytest.fixture
def site(tmp_path: Path, ledger_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SageSite]:
    monkeypatch.setattr("sage_100_agent.service.WAIT_S", 1)
    with sage_site(tmp_path, ledger_database) as found:
        yield found


def receipt(site: SageSite, number: str, reference: str = "acme_sage:D0000001") -> dict[str, Any]:
    lines = site.sandbox.order(number)["lines"]
    rows = [{"line_key": row["LineKey$"], "quantity": "1"} for row in lines if row["ItemType$"] == "1"]
    return {"reference": reference, "purchase_order": number, "date": "20261129", "lines": rows}


def order(site: SageSite) -> str:
    lines: list[dict[str, str | float]] = [{"ItemCode$": "A1001", "QuantityOrdered": 5.0}]
    return site.sandbox.people.enter_order("V10090", lines, {"WarehouseCode$": "000"})


def receipts(site: SageSite) -> list[str]:
    with site.sandbox.site.lock:
        return [str(row["Comment$"]) for row in site.sandbox.company["PO_ReceiptHeader"].rows.values() if row["Comment$"]]


def test_what_changed_is_listed_and_is_there_whole(site: SageSite) -> None:
    with site.dialling():
        connector = site.connector()
        listed = [stamp for page in connector.source.changed(ORDERS, None, START) for stamp in page]
        assert len(listed) >= 3
        asked = connector.calls
        found = {key_of(record): record for record in connector.source.records(ORDERS, [stamp.key for stamp in listed])}
        assert connector.calls == asked and {key: stamp_of(record) for key, record in found.items()} == {
            stamp.key: stamp.stamp for stamp in listed
        }
        assert all(record["lines"] for record in found.values())
        since = connector.source.newest(listed, None)
        assert since is not None and since <= connector.source.watermark_at(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))
        number = order(site)
        again = {stamp.key: stamp for page in connector.source.changed(ORDERS, since, START) for stamp in page}
        assert number in again
        site.sandbox.people.edit_line(number, "000001", QuantityOrdered=7.0)
        (record,) = site.connector().source.records(ORDERS, [number])
        assert record["lines"][0]["QuantityOrdered"] == "7" and stamp_of(record) != again[number].stamp
        assert list(connector.source.records(ORDERS, ["9999999", "x-1"])) == []


def test_vendors_are_records_too(site: SageSite) -> None:
    with site.dialling():
        source = site.connector().source
        site.sandbox.people.edit_vendor("V10090", VendorName="A name")
        listed = [stamp for page in source.changed(VENDORS, None, START) for stamp in page]
        since = source.newest(listed, None)
        site.sandbox.people.edit_vendor(listed[0].key[3:], VendorName="Another name")
        later = {stamp.key: stamp.stamp for page in source.changed(VENDORS, since, START) for stamp in page}
        (record,) = site.connector().source.records(VENDORS, [listed[0].key, "00-NOBODY"])
        assert record["VendorName"] == "Another name" and stamp_of(record) == later[listed[0].key] != listed[0].stamp


def test_days_and_the_latest_are_found_whatever_was_read_before(site: SageSite) -> None:
    with site.dialling():
        connector, number = site.connector(), order(site)
        today = site.sandbox.clock.local().date()
        days = [stamp.key for page in connector.source.dated(ORDERS, today, today) for stamp in page]
        assert number in days
        headers = [header for page in connector.totals.headers(ORDERS, today, today) for header in page]
        assert [header.key for header in headers] == days and all(header.amount > 0 for header in headers)
        late = connector.source.watermark_at(dt.datetime.now(dt.UTC))
        assert KeyStamp(number, "").key in {stamp.key for stamp in connector.source.latest(ORDERS, START, late)}


def test_reference_data_comes_in_sets_and_by_key(site: SageSite) -> None:
    with site.dialling():
        reference = site.connector().reference
        found = {
            declared.name: [row for page in reference.items(declared.name, None) for row in page] for declared in REFERENCE
        }
        assert all(found.values())
        one = found["vendors"][3]
        key = f"{one['APDivisionNo']}-{one['VendorNo']}"
        assert [row["VendorNo"] for row in reference.records("vendors", [key, "00-NOBODY"])] == [one["VendorNo"]]
        assert [row["ItemCode"] for row in reference.records("items", ["A1001"])] == ["A1001"]
        assert list(reference.records("gl_accounts", ["123456789"])) == []
        since = reference.newest("vendors", found["vendors"], None)
        site.sandbox.people.edit_vendor(str(one["VendorNo"]), VendorName="Another name")
        later = [row for page in reference.items("vendors", since) for row in page]
        assert "Another name" in {row["VendorName"] for row in later}


def test_a_receipt_is_entered_once_and_found_by_its_job(site: SageSite) -> None:
    number = order(site)
    payload = receipt(site, number)
    with site.dialling():
        target = site.connector().target
        target.reserve()
        assert target.find("receipts", FIRST, payload) is None
        stored = target.create("receipts", payload)
        assert receipts(site) == ["acme_sage:D0000001"] and stored.number
        assert target.find("receipts", FIRST, payload) == stored
        (ours,) = target.under_reference("receipts", FIRST, payload)
        assert ours.number == stored.number


def history(site: SageSite) -> list[str]:
    with site.sandbox.site.lock:
        return [
            str(row["Comment$"]) for row in site.sandbox.company["PO_ReceiptHistoryHeader"].rows.values() if row["Comment$"]
        ]


def test_a_receipt_is_posted_too_where_the_setting_and_the_site_say_so(site: SageSite) -> None:
    site.sandbox.company.batches |= {"P/O"}
    payload = receipt(site, order(site))
    with site.dialling(allowance=POSTING):
        connector = site.connector(post_receipts=True)
        stored = connector.target.create("receipts", payload)
        assert stored.number and not stored.unposted and history(site) == ["acme_sage:D0000001"] and receipts(site) == []
        partial = connector.target.find("receipts", FIRST, payload)
        assert partial is not None and partial.line_count == 0 and connector.stepwise is not None
        assert connector.stepwise.finish_or_remove("receipts", partial, payload) == stored
        assert len(history(site)) == site.sandbox.site.calls["PO_ReceiptRegister_upd.nUpdate"] == 1


def test_a_site_that_posts_nothing_keeps_the_receipt_entered_and_a_person_is_told(site: SageSite) -> None:
    payload = receipt(site, order(site))
    with site.dialling():
        stored = site.connector(post_receipts=True).target.create("receipts", payload)
    assert "is entered, and not posted" in stored.unposted and "allow.toml" in stored.unposted
    assert receipts(site) == ["acme_sage:D0000001"] and history(site) == []


def test_posting_that_has_to_wait_is_tried_again_and_nothing_is_entered_twice(site: SageSite) -> None:
    site.sandbox.company.batches |= {"P/O"}
    payload, connector = receipt(site, order(site)), site.connector(post_receipts=True)
    site.sandbox.site.faults.arm("die", "PO_ReceiptRegister_upd.nProcessReport", count=3)
    with site.dialling(allowance=POSTING):
        with pytest.raises(PartiallyDone, match="entered and not posted yet"):
            connector.target.create("receipts", payload)
        assert receipts(site) == ["acme_sage:D0000001"] and history(site) == []
        partial = connector.target.find("receipts", FIRST, payload)
        assert partial is not None and connector.stepwise is not None
        whole = connector.stepwise.finish_or_remove("receipts", partial, payload)
    assert whole is not None and whole.number == partial.number and not whole.unposted
    assert receipts(site) == [] and history(site) == ["acme_sage:D0000001"]


def test_a_posting_that_broke_off_is_told_and_never_made_again(site: SageSite) -> None:
    site.sandbox.company.batches |= {"P/O"}
    payload, connector = receipt(site, order(site)), site.connector(post_receipts=True)
    site.sandbox.site.faults.arm("die", "PO_ReceiptRegister_upd.nUpdate")
    with site.dialling(allowance=POSTING):
        stored = connector.target.create("receipts", payload)
        assert "nobody knows whether it is posted" in stored.unposted
        partial = connector.target.find("receipts", FIRST, payload)
        assert partial is not None and connector.stepwise is not None
        assert connector.stepwise.finish_or_remove("receipts", partial, payload) == stored
    assert site.sandbox.site.calls["PO_ReceiptRegister_upd.nUpdate"] == 1 and receipts(site) == ["acme_sage:D0000001"]


def test_what_sage_refuses_is_said_in_its_words_and_may_be_asked_for_again(site: SageSite) -> None:
    number = order(site)
    payload = receipt(site, number)
    wrong = payload | {"lines": [{"line_key": "000099", "quantity": "1"}]}
    with site.dialling():
        target = site.connector().target
        with pytest.raises(DocumentRejected, match="no line 000099"):
            target.create("receipts", wrong)
        assert target.find("receipts", FIRST, wrong) is None and receipts(site) == []
        assert target.create("receipts", payload).number


def test_a_lock_is_waited_for_and_the_same_job_given_again(site: SageSite) -> None:
    number = order(site)
    payload = receipt(site, number)
    target = site.connector().target
    with site.dialling():
        site.sandbox.people.lock("PO_PurchaseOrderHeader", number)
        with pytest.raises(Retryable):
            target.create("receipts", payload)
        assert target.find("receipts", FIRST, payload) is None and receipts(site) == []
        site.sandbox.people.unlock()
        assert target.create("receipts", payload).number and receipts(site) == ["acme_sage:D0000001"]


def test_dates_are_written_and_read_back(site: SageSite) -> None:
    number = order(site)
    with site.dialling():
        changes = {"number": number, "lines": [{"line_key": "000001", "required_date": "20270301"}]}
        for _ in range(2):
            record = site.connector().target.update(ORDERS, number, changes)
            assert record["lines"][0]["RequiredDate"] == "20270301"


def test_an_order_for_each_warehouse_where_the_vendor_wants_it(site: SageSite) -> None:
    lines: list[dict[str, str | float]] = [
        {"ItemCode$": "A1001", "QuantityOrdered": 5.0},
        {"ItemCode$": "A1002", "QuantityOrdered": 2.0, "WarehouseCode$": "001"},
    ]
    number = site.sandbox.people.enter_order("V10090", lines, {"WarehouseCode$": "000"})
    with site.dialling():
        connector = site.connector(several_warehouses={"00-V10090": "order_each"})
        parts = [f"{number}-000", f"{number}-001"]
        assert [key_of(record) for record in connector.source.records(ORDERS, parts)] == parts
        listed = {stamp.key for page in connector.source.changed(ORDERS, None, START) for stamp in page}
        assert set(parts) <= listed and number not in listed


def test_the_check_says_what_is_there_and_what_is_not(site: SageSite) -> None:
    (report,) = site.connector().check()
    assert not report.ok and "was never heard" in report.detail
    with site.dialling():
        reports = site.connector().check()
        assert [report.ok for report in reports] == [True, True, True], reports
        (_, report) = site.connector(company="EUR").check()
        assert not report.ok
    site.stores.agents.revoke(AGENT)
    with pytest.raises(ConnectionStopped, match="revoked"):
        site.desk.attend()


def test_missing_columns_keep_a_document_waiting_and_the_check_says_which(site: SageSite) -> None:
    """It is the site's matter and no fault of the document: nothing is refused for good, and a clerk reads what to do."""
    site.sandbox.company["PO_ReceiptHeader"].rename_column("Comment$", "Remark$")
    with site.dialling():
        with pytest.raises(TryLater, match="receipts of goods in Sage have no column Comment") as later:
            site.connector().target.create("receipts", receipt(site, order(site)))
        assert "looks again by itself" in later.value.hint
        report = site.connector().check()[-1]
    assert not report.ok and "receipt.enter: receipts of goods in Sage have no column Comment" in report.detail


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlconn_pipelines.flows.agent_desk.WAIT_S", 0.6)
    monkeypatch.setattr("mlconn_pipelines.flows.agent_desk.PAGE_WAIT_S", 0.6)


@pytest.mark.usefixtures("short_waits")
def test_a_job_that_the_agent_never_had_is_withdrawn(site: SageSite) -> None:
    number = order(site)
    payload = receipt(site, number)
    with site.dialling():
        pass
    time.sleep(1.2)  # until the gateway lets go of the poll that it held
    target = site.connector().target
    for _ in range(2):
        with pytest.raises(TryLater, match="did not ask for its job"):
            target.create("receipts", payload)
        assert target.find("receipts", FIRST, payload) is None
    with pytest.raises(TryLater):
        list(site.connector().source.changed(ORDERS, None, START))
    with site.dialling():
        time.sleep(1)
    assert receipts(site) == []


@pytest.mark.usefixtures("short_waits")
def test_a_result_that_comes_late_settles_what_was_unknown(site: SageSite) -> None:
    number = order(site)
    payload = receipt(site, number)
    target = site.connector().target
    with site.dialling():
        hang = site.sandbox.site.faults.arm("hang", "PO_Receipt_bus.nWrite")
        with pytest.raises(OutcomeUnknown, match="was taken on by agent"):
            target.create("receipts", payload)
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match="was taken on by agent"):
                target.find("receipts", FIRST, payload)
        until(hang.struck.is_set)
        hang.let_go.set()
        until(lambda: receipts(site) == ["acme_sage:D0000001"])
        stored = until(lambda: _found(lambda: target.find("receipts", FIRST, payload)))
        assert target.find("receipts", FIRST, payload) == stored
    assert receipts(site) == ["acme_sage:D0000001"]


@pytest.mark.usefixtures("short_waits")
def test_an_agent_that_died_with_a_job_goes_on_with_it(site: SageSite) -> None:
    """Given out and lost on the way: the same job comes again under its id, and nothing is entered twice."""
    number = order(site)
    payload = receipt(site, number)
    target = site.connector().target
    with site.dialling():
        pass
    now = int(site.stores.queue.now().timestamp())
    taking = threading.Thread(target=lambda: until(lambda: site.stores.agent_jobs.take(AGENT, "boot-0", 1, now)))
    taking.start()
    with pytest.raises(OutcomeUnknown, match="has not said that it has it"):
        target.create("receipts", payload)
    taking.join()
    with site.dialling():
        stored = until(lambda: _found(lambda: target.find("receipts", FIRST, payload)), 30)
    assert receipts(site) == ["acme_sage:D0000001"] and stored.number


def test_a_read_that_nobody_goes_on_with_does_not_keep_the_agent(site: SageSite) -> None:
    with site.dialling():
        pages = site.desk.pages("MER", "po.changed", {})
        next(pages)
        pages.close()
        assert site.connector().reference.items("terms", None)
        assert [row for page in site.connector().reference.items("terms", None) for row in page]


def _found(find: Callable[[], Any]) -> Any:
    try:
        return find()
    except OutcomeUnknown:
        return None


def until(look: Callable[[], Any], within_s: float = 15.0) -> Any:
    end = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def test_every_job_of_a_run_is_settled_in_the_end(site: SageSite) -> None:
    number = order(site)
    with site.dialling():
        connector = site.connector()
        connector.target.create("receipts", receipt(site, number))
        list(connector.source.changed(ORDERS, None, START))
        with site.stores.engine.connect() as ledger:
            states = {row.state for row in ledger.exec_driver_sql("SELECT state FROM agent_job")}
            assert states == {JobState.SETTLED} and not ledger.exec_driver_sql("SELECT 1 FROM agent_page").all()
