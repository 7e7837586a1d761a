from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlconn_pipelines.errors import NotFound, Retryable, TryLater
from mlconn_pipelines.ports.delivery import RemoteFile
from mlconn_pipelines.systems.cleo.api.exchange import CleoExchange
from mlconn_pipelines_tests.systems.cleo.cleo_tenant import Tenant, cleo_tenant
from mlconn_pipelines_tests.transport.scripted_server import CUT, Answer, Asked, scripted_server


def listed(exchange: CleoExchange, folder: str = "inbox") -> list[RemoteFile]:
    return [file for page in exchange.list_folder(folder) for file in page]


def fill(tenant: Tenant, count: int) -> list[str]:
    for number in range(count):
        tenant.sandbox.put("inbox", f"{number:03d}.edi", b"ISA%d" % number)
    return [f"{number:03d}.edi" for number in range(count)]


def without_retry_after(fault: str) -> dict[str, Any]:
    return {"retry_after": None} if fault == "429" else {}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_every_file_is_listed_with_its_size(count: int) -> None:
    with cleo_tenant() as tenant:
        names = fill(tenant, count)
        files = listed(tenant.exchange())
        assert [file.name for file in files] == names
        assert all(file.size == 4 and file.folder == "inbox" and file.modified.endswith("Z") for file in files)


def test_an_idle_poll_costs_one_call_also_for_a_new_exchange() -> None:
    with cleo_tenant("inbox") as tenant:
        listed(tenant.exchange())
        again = tenant.exchange()
        assert listed(again) == []
        assert again.calls == 1


def test_a_page_that_fails_is_asked_for_again() -> None:
    with cleo_tenant() as tenant:
        names = fill(tenant, 5)
        for fault in ("500", "502_html", "cut_before", "cut_body", "429"):
            tenant.sandbox.faults.arm(fault, path="/children", skip=1, **without_retry_after(fault))
            assert [file.name for file in listed(tenant.exchange())] == names, fault


def test_a_folder_that_there_is_not_is_named_beside_those_that_there_are() -> None:
    with cleo_tenant("inbox", "outbox") as tenant, pytest.raises(NotFound, match=r"'inbocks'.*There are: inbox, outbox\."):
        listed(tenant.exchange(), "inbocks")


def test_a_folder_made_anew_is_found_again() -> None:
    with cleo_tenant() as tenant:
        exchange = tenant.exchange()
        listed(exchange)
        tenant.sandbox.drop_folder("inbox")
        with pytest.raises(NotFound, match="no folder named 'inbox'"):
            listed(exchange)
        tenant.sandbox.store.add_folder("inbox")
        names = fill(tenant, 1)
        assert [file.name for file in listed(exchange)] == names


def test_a_stale_folder_id_is_looked_up_within_the_same_call() -> None:
    with cleo_tenant() as tenant:
        exchange = tenant.exchange()
        listed(exchange)
        tenant.sandbox.drop_folder("inbox")
        tenant.sandbox.store.add_folder("inbox")
        assert listed(exchange) == []


def test_download_and_delete() -> None:
    with cleo_tenant() as tenant:
        fill(tenant, 1)
        exchange = tenant.exchange()
        (file,) = listed(exchange)
        assert exchange.download(file) == b"ISA0"
        exchange.remove(file, file.name)
        exchange.remove(file, file.name)  # gone already is fine
        assert tenant.sandbox.files("inbox") == []
        with pytest.raises(NotFound, match=r"inbox/000\.edi is gone"):
            exchange.download(file)


def test_a_file_listed_by_an_earlier_run_is_reached_without_its_links() -> None:
    with cleo_tenant() as tenant:
        fill(tenant, 1)
        (file,) = listed(tenant.exchange())
        later = tenant.exchange()
        assert later.download(file) == b"ISA0"
        later.remove(file, file.name)
        assert tenant.sandbox.files("inbox") == []


def test_a_download_cut_short_is_fetched_again_whole() -> None:
    with cleo_tenant() as tenant:
        tenant.sandbox.put("inbox", "a.edi", b"ISA" * 1000)
        exchange = tenant.exchange()
        (file,) = listed(exchange)
        tenant.sandbox.faults.arm("cut_body", path="/content")
        assert exchange.download(file) == b"ISA" * 1000


@pytest.mark.parametrize("fault", ["500", "cut_after", "502_after", "503", "429"])
def test_a_removal_without_an_answer_is_repeated(fault: str) -> None:
    with cleo_tenant() as tenant:
        fill(tenant, 1)
        exchange = tenant.exchange()
        (file,) = listed(exchange)
        tenant.sandbox.faults.arm(fault, path="/files/", method="DELETE", **without_retry_after(fault))
        exchange.remove(file, file.name)
        assert tenant.sandbox.files("inbox") == []


def test_a_file_is_moved_where_the_setting_says() -> None:
    with cleo_tenant("inbox", "processed") as tenant:
        fill(tenant, 1)
        exchange = tenant.exchange(after_receipt="move")
        (file,) = listed(exchange)
        exchange.remove(file, "000_stored.edi")
        exchange.remove(file, "000_stored.edi")
        assert [held.name for held in tenant.sandbox.files("processed")] == ["000_stored.edi"]
        assert tenant.sandbox.files("inbox") == []


def test_a_processed_folder_made_anew_is_found_again() -> None:
    with cleo_tenant("inbox", "processed") as tenant:
        fill(tenant, 2)
        exchange = tenant.exchange(after_receipt="move")
        first, second = listed(exchange)
        exchange.remove(first, first.name)
        tenant.sandbox.drop_folder("processed")
        tenant.sandbox.store.add_folder("processed")
        exchange.remove(second, second.name)
        assert [held.name for held in tenant.sandbox.files("processed")] == ["001.edi"]


def test_without_the_processed_folder_the_file_stays_and_the_reason_is_told() -> None:
    with cleo_tenant("inbox") as tenant:
        fill(tenant, 1)
        exchange = tenant.exchange(after_receipt="move")
        (file,) = listed(exchange)
        with pytest.raises(TryLater, match="no folder named 'processed'"):
            exchange.remove(file, file.name)
        assert len(tenant.sandbox.files("inbox")) == 1


def test_leave_asks_nothing() -> None:
    with cleo_tenant() as tenant:
        fill(tenant, 1)
        exchange = tenant.exchange(after_receipt="leave")
        (file,) = listed(exchange)
        calls = exchange.calls
        exchange.remove(file, file.name)
        assert exchange.calls == calls and len(tenant.sandbox.files("inbox")) == 1


def test_check_reports_each_folder() -> None:
    with cleo_tenant() as tenant:
        fill(tenant, 3)
        reports = tenant.exchange().check(["inbox", "nowhere"])
        assert [report.ok for report in reports] == [True, True, False]
        assert "2 or more files" in reports[1].detail and "nowhere" in reports[2].detail


def test_check_of_a_host_that_is_down_says_so() -> None:
    with cleo_tenant() as tenant:
        tenant.url = "http://127.0.0.1:9/api"
        (report,) = tenant.exchange().check(["inbox"])
        assert not report.ok and "no connection to http://127.0.0.1:9" in report.detail


# What the simulated tenant never does.


def odd_server(listing: Callable[[Asked], Any]) -> Callable[[Asked], Any]:
    def answer(asked: Asked) -> Any:
        path = asked.path.partition("?")[0]
        if path.endswith("/authentication"):
            return Answer(body={"access_token": "opaque-token-1", "token_type": "BEARER"})
        if path == "/api/folders":
            return Answer(body={"totalResults": 1, "resources": [{"id": "F/1", "path": "local\\root\\us\\inbox\\"}]})
        return listing(asked)

    return answer


def test_resources_without_size_type_links_or_total_are_read() -> None:
    def listing(asked: Asked) -> Any:
        rows = [
            {"id": "1", "path": "inbox\\a.edi", "meta": {"resourceType": "file"}},
            {"_links": {"self": [{"href": "/api/files/2"}]}, "name": "b.edi", "size": "7"},
            {"id": "3", "name": "archive", "type": "folder"},
        ]
        return Answer(body={"resources": rows if "startIndex=0&" in asked.path else []})

    with cleo_tenant() as tenant, scripted_server(odd_server(listing)) as server:
        tenant.url = server.url + "/api"
        files = listed(tenant.exchange(page_size=3), "local/root/us/inbox")
        assert [(file.id, file.name, file.size) for file in files] == [("1", "a.edi", None), ("2", "b.edi", 7)]
        assert any("/api/folders/F%2F1/children" in asked.path for asked in server.asked)
        assert all("/api/api" not in asked.path for asked in server.asked)


def test_a_shrinking_collection_ends_and_repeats_are_dropped() -> None:
    def listing(asked: Asked) -> Any:
        start = int(asked.path.partition("startIndex=")[2].partition("&")[0])
        rows = [
            {"id": str(number), "name": f"{number}.edi", "size": 1} for number in range(max(0, start - 1), min(start + 2, 4))
        ]
        return Answer(body={"totalResults": 1000, "resources": rows if start < 4 else []})

    with cleo_tenant() as tenant, scripted_server(odd_server(listing)) as server:
        tenant.url = server.url + "/api"
        assert [file.id for file in listed(tenant.exchange(page_size=2))] == ["0", "1", "2", "3"]


def test_a_link_to_another_host_gets_no_token() -> None:
    def listing(asked: Asked) -> Any:
        if asked.path.endswith("/content"):
            return Answer(body=b"ISA*00*~")
        links = {"content": {"href": "http://other.invalid/steal"}}
        return Answer(body={"totalResults": 1, "resources": [{"id": "1", "name": "a", "_links": links}]})

    with cleo_tenant() as tenant, scripted_server(odd_server(listing)) as server:
        tenant.url = server.url + "/api"
        exchange = tenant.exchange()
        (file,) = listed(exchange)
        assert exchange.download(file) == b"ISA*00*~"
        assert server.asked[-1].path == "/api/files/1/content"


def test_a_server_that_is_down_is_retryable_and_reads_are_bounded() -> None:
    with cleo_tenant() as tenant, scripted_server(odd_server(lambda _: CUT)) as server:
        tenant.url = server.url + "/api"
        exchange = tenant.exchange()
        with pytest.raises(Retryable, match="got no answer"):
            listed(exchange)
        assert exchange.calls <= 2 + 2 * 4


def test_a_server_that_only_renames_is_found_out() -> None:
    def listing(asked: Asked) -> Any:
        if asked.method == "PUT":
            return Answer(body={"id": "1", "name": "x", "_links": {"parent": {"href": "/api/folders/ELSEWHERE"}}})
        return Answer(body={"totalResults": 1, "resources": [{"id": "1", "name": "a"}]})

    with cleo_tenant() as tenant, scripted_server(odd_server(listing)) as server:
        tenant.url = server.url + "/api"
        exchange = tenant.exchange(after_receipt="move", processed_folder="inbox")
        (file,) = listed(exchange)
        with pytest.raises(TryLater, match="did not move it"):
            exchange.remove(file, file.name)
