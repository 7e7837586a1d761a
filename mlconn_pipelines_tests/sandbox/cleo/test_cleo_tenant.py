"""The simulated tenant over a socket, with plain httpx."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from mlconn_simulators.cleo import CleoSandbox, ReceivedFile
from mlconn_simulators.cleo.tokens import one_time_code
from mlconn_simulators.server import serve

PASSWORD = {"grant_type": "password", "username": "integration", "password": "Cleo-Sandbox-1"}


@contextmanager
def signed_in(tenant: CleoSandbox) -> Iterator[httpx.Client]:
    with serve(tenant.app()) as endpoint, httpx.Client(base_url=endpoint.url, timeout=5) as http:
        token = http.post("/api/authentication", data=PASSWORD).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield http
    tenant.close()


@pytest.fixture
def tenant() -> CleoSandbox:
    return CleoSandbox(["inbox", "to_kestrel"], taken_after_s=None)


@pytest.fixture
def http(tenant: CleoSandbox) -> Iterator[httpx.Client]:
    with signed_in(tenant) as client:
        yield client


def folder(http: httpx.Client, name: str) -> dict[str, Any]:
    page = http.get("/api/folders", params={"filter": f'name eq "{name}"'}).json()
    assert page["totalResults"] == 1
    found: dict[str, Any] = page["resources"][0]
    return found


def upload(http: httpx.Client, name: str, content: bytes = b"ISA", to: str = "to_kestrel") -> httpx.Response:
    headers = {"Content-Type": "application/edi-x12", "Content-Disposition": f'attachment; filename="{name}"'}
    return http.post(folder(http, to)["_links"]["upload"]["href"], content=content, headers=headers)


def test_a_wrong_password_and_an_unknown_grant_are_refused_with_a_message(tenant: CleoSandbox) -> None:
    with serve(tenant.app()) as endpoint, httpx.Client(base_url=endpoint.url) as http:
        wrong = http.post("/api/authentication", data=PASSWORD | {"password": "x"})
        assert (wrong.status_code, wrong.json()["message"]) == (401, "Invalid username or password.")
        assert http.post("/api/authentication", data={"grant_type": "magic"}).status_code == 400
        assert http.post("/api/authentication", json=PASSWORD).status_code == 415
        assert http.get("/api/folders").status_code == 401
    assert (tenant.tokens.logins, tenant.tokens.refused) == (0, 2)


def test_a_refresh_token_works_once_and_brings_the_next(tenant: CleoSandbox) -> None:
    with serve(tenant.app()) as endpoint, httpx.Client(base_url=endpoint.url) as http:
        first = http.post("/api/authentication", data=PASSWORD).json()
        assert first["expires_in"] == 3600
        grant = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        second = http.post("/api/authentication", data=grant).json()
        assert second["refresh_token"] != first["refresh_token"]
        assert http.post("/api/authentication", data=grant).status_code == 400
        tenant.tokens.refresh_refused = True
        again = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}
        assert http.post("/api/authentication", data=again).status_code == 400
    assert tenant.tokens.refreshes == 1


def test_an_account_with_two_factors_wants_the_code_of_the_moment() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    tenant = CleoSandbox(["inbox"], totp_secret=secret)
    with serve(tenant.app()) as endpoint, httpx.Client(base_url=endpoint.url) as http:
        assert http.post("/api/authentication", data=PASSWORD).status_code == 401
        headers = {"X-Cleo-TOTP": one_time_code(secret, time.time())}
        assert http.post("/api/authentication", data=PASSWORD, headers=headers).status_code == 200


def test_a_token_runs_out() -> None:
    tenant = CleoSandbox(["inbox"], token_lifetime_s=0.2)
    with signed_in(tenant) as http:
        assert http.get("/api/folders").status_code == 200
        time.sleep(0.25)
        refused = http.get("/api/folders")
        assert (refused.status_code, "expired" in refused.json()["message"]) == (401, True)


def test_a_folder_has_the_envelope_of_all_resources(http: httpx.Client) -> None:
    inbox = folder(http, "inbox")
    assert re.fullmatch(r"[\w-]{22}", inbox["id"])
    assert inbox["meta"]["version"] == "1" and inbox["enabled"] == "true" and inbox["ready"] is True
    assert inbox["_links"]["children"]["href"] == f"/api/folders/{inbox['id']}/children"
    assert http.get(inbox["_links"]["self"]["href"]).json() == inbox
    assert http.get("/api/folders/nowhere").json() == {"statusCode": 404, "message": "Folder nowhere not found"}


def test_listings_come_twenty_at_a_time_and_can_be_turned_around(tenant: CleoSandbox, http: httpx.Client) -> None:
    for number in range(24):
        tenant.put("inbox", f"{number:02}.edi", b"x")
    href = folder(http, "inbox")["_links"]["children"]["href"]
    page = http.get(href).json()
    assert (page["totalResults"], page["startIndex"], page["count"], len(page["resources"])) == (24, 0, 20, 20)
    rest = http.get(href, params={"startIndex": 20, "count": 100}).json()
    assert [file["name"] for file in rest["resources"]] == ["20.edi", "21.edi", "22.edi", "23.edi"]
    assert http.get(href, params={"startIndex": 99}).json()["resources"] == []
    tenant.store.listing_order = "reversed"
    assert http.get(href, params={"count": 1}).json()["resources"][0]["name"] == "23.edi"
    assert http.get(href, params={"filter": "name is odd"}).status_code == 400
    assert http.get(href, params={"count": "many"}).status_code == 400


def test_a_file_is_uploaded_listed_downloaded_renamed_moved_and_deleted(tenant: CleoSandbox, http: httpx.Client) -> None:
    made = upload(http, "810_1.edi", b"ISA*1~")
    assert made.status_code == 201
    links = made.json()["_links"]
    content = http.get(links["content"]["href"])
    assert (content.content, content.headers["content-disposition"]) == (b"ISA*1~", 'attachment; filename="810_1.edi"')
    assert http.put(links["self"]["href"], json={"name": "done.edi"}).json()["name"] == "done.edi"
    assert http.put(links["self"]["href"], json={"parent": folder(http, "inbox")["id"]}).status_code == 200
    assert [file.name for file in tenant.files("inbox")] == ["done.edi"] and tenant.files("to_kestrel") == []
    gone = http.delete(links["self"]["href"])
    assert (gone.status_code, gone.content) == (204, b"")
    assert http.delete(links["self"]["href"]).status_code == 404


def test_one_name_twice_gives_two_entries_or_a_conflict_or_one(tenant: CleoSandbox, http: httpx.Client) -> None:
    assert upload(http, "a.edi", b"1").json()["id"] != upload(http, "a.edi", b"2").json()["id"]
    assert len(tenant.files("to_kestrel")) == 2
    tenant.store.same_name = "conflict"
    assert upload(http, "a.edi", b"3").status_code == 409
    tenant.store.same_name = "overwrite"
    assert upload(http, "a.edi", b"4").status_code == 201
    assert len(tenant.files("to_kestrel")) == 2
    assert [received.content for received in tenant.received] == [b"1", b"2", b"4"]
    state = http.get("/_sandbox/state").json()
    assert state["duplicates"]["same_name"][0]["times"] == 3 and state["duplicates"]["same_bytes"] == []


def test_uploads_without_a_name_or_of_another_type_are_refused(tenant: CleoSandbox, http: httpx.Client) -> None:
    href = folder(http, "to_kestrel")["_links"]["upload"]["href"]
    assert http.post(href, content=b"x", headers={"Content-Type": "application/edi-x12"}).status_code == 400
    assert http.post(href).status_code == 415
    assert upload(http, "../secret").status_code == 400
    tenant.allowed_file_types = ("*.edi",)
    assert upload(http, "a.exe").status_code == 400
    assert tenant.received == []


def test_a_name_outside_ascii_comes_and_goes_encoded(http: httpx.Client) -> None:
    headers = {"Content-Type": "application/edi-x12", "Content-Disposition": "attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe.edi"}
    made = http.post(folder(http, "inbox")["_links"]["upload"]["href"], content=b"x", headers=headers)
    assert made.json()["name"] == "Grüße.edi"
    assert http.get(made.json()["_links"]["content"]["href"]).headers["content-disposition"].endswith("Gr%C3%BC%C3%9Fe.edi")


def test_a_slow_file_grows_from_look_to_look(tenant: CleoSandbox, http: httpx.Client) -> None:
    tenant.put("inbox", "slow.edi", b"0123456789" * 3, looks_until_whole=2)
    href = folder(http, "inbox")["_links"]["children"]["href"]
    sizes = [http.get(href).json()["resources"][0]["size"] for _ in range(4)]
    assert sizes == [10, 20, 30, 30]


def test_a_file_may_vanish_between_list_and_download(tenant: CleoSandbox, http: httpx.Client) -> None:
    tenant.put("inbox", "a.edi", b"x")
    tenant.faults.arm("vanished", path="/content")
    listed = http.get(folder(http, "inbox")["_links"]["children"]["href"]).json()["resources"][0]
    assert http.get(listed["_links"]["content"]["href"]).status_code == 404
    assert tenant.files("inbox") == []


def test_expired_strikes_in_the_middle_and_the_old_token_stays_refused(tenant: CleoSandbox, http: httpx.Client) -> None:
    tenant.faults.arm("expired", path="/children", skip=1)
    href = folder(http, "inbox")["_links"]["children"]["href"]
    assert [http.get(href).status_code for _ in range(3)] == [200, 401, 401]


def test_a_connection_cut_after_the_upload_leaves_the_file_there(tenant: CleoSandbox, http: httpx.Client) -> None:
    tenant.faults.arm("cut_after", path="/files", method="POST")
    with pytest.raises(httpx.TransportError):
        upload(http, "a.edi", b"there")
    assert [file.content for file in tenant.files("to_kestrel")] == [b"there"]


def test_a_folder_that_was_dropped_is_404_with_all_its_files(tenant: CleoSandbox, http: httpx.Client) -> None:
    file = tenant.put("inbox", "a.edi", b"x")
    href = folder(http, "inbox")["_links"]["children"]["href"]
    tenant.drop_folder("inbox")
    assert http.get(href).status_code == 404
    assert http.get(f"/api/files/{file.id}").status_code == 404


def test_the_flow_takes_uploads_and_hands_them_over_once() -> None:
    tenant, taken = CleoSandbox(["to_kestrel"], taken_after_s=0.1), list[ReceivedFile]()
    tenant.on_taken = taken.append
    with signed_in(tenant) as http:
        upload(http, "a.edi", b"one")
        assert [file.name for file in tenant.files("to_kestrel")] == ["a.edi"]
        deadline = time.monotonic() + 3
        while tenant.files("to_kestrel") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [(file.folder, file.name, file.content) for file in taken] == [("to_kestrel", "a.edi", b"one")]
        tenant.put("to_kestrel", "b.edi", b"two")  # nobody uploaded this one
        time.sleep(0.2)
        assert len(taken) == 1 and len(tenant.files("to_kestrel")) == 1


def test_a_provider_call_needs_its_secret_and_is_recorded() -> None:
    tenant, taken = CleoSandbox(["inbox"]), list[ReceivedFile]()
    tenant.on_taken = taken.append
    with signed_in(tenant) as http:
        assert http.post("/api/provider/kestrel", json={"x12": "ISA"}).status_code == 401
        http.headers[tenant.provider_header] = tenant.provider_secret
        assert http.post("/api/provider/kestrel", json={"x12": "ISA*", "file_name": "a.edi"}).status_code == 200
        assert http.post("/api/provider/kestrel", content=b"ISA", headers={"Content-Type": "text/plain"}).status_code == 400
        deadline = time.monotonic() + 3
        while not taken and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [(call.folder, call.name, call.content) for call in taken] == [("api:kestrel", "a.edi", b"ISA*")]


def test_requests_are_counted_by_path_template_and_limited_per_path() -> None:
    tenant = CleoSandbox(["inbox"], rate_limit=2)
    with signed_in(tenant) as http:
        answers = [http.get("/api/folders") for _ in range(4)]
        assert [answer.status_code for answer in answers[:2]] == [200, 200]
        assert answers[3].status_code == 429 and json.loads(answers[3].content)["statusCode"] == 429
        http.get("/api/files/AAAAAAAAAAAAAAAAAAAAAA")
        state = http.get("/_sandbox/state").json()
    assert state["requests"]["GET /api/folders"] == 4 and state["requests"]["GET /api/files/{id}"] == 1
    assert state["rate_limited"] >= 1 and state["logins"] == 1
