from __future__ import annotations

import threading
import time

import pytest

from mlconn_pipelines.errors import DocumentRejected, NotFound, OutcomeUnknown, Retryable, TryLater
from mlconn_pipelines.systems.cleo.api.file_names import content_disposition
from mlconn_pipelines_tests.systems.cleo.cleo_tenant import cleo_tenant

X12 = b"ISA*00*~IEA*1*000000001~"
UPLOAD = "POST /api/folders/{id}/files"


def test_a_file_arrives_byte_for_byte_under_its_name() -> None:
    with cleo_tenant() as tenant:
        delivery = tenant.exchange().folder("outbox")
        delivery.reserve()
        receipt = delivery.deliver("810_äö 'x'.edi", X12)
        (received,) = tenant.sandbox.received
        assert (received.folder, received.name, received.content) == ("outbox", "810_äö 'x'.edi", X12)
        assert receipt.id == tenant.sandbox.files("outbox")[0].id


@pytest.mark.parametrize(
    "fault", ["500", "500_empty", "502_html", "503", "cut_before", "cut_after", "500_after", "502_after", "cut_body"]
)
def test_no_good_answer_means_an_open_outcome_and_one_attempt(fault: str) -> None:
    with cleo_tenant() as tenant:
        delivery = tenant.exchange().folder("outbox")
        delivery.reserve()
        tenant.sandbox.faults.arm(fault, path="/files", count=None)
        with pytest.raises(OutcomeUnknown):
            delivery.deliver("810.edi", X12)
        assert tenant.requests(UPLOAD) == 1
        assert bool(delivery.evidence("810.edi", X12)) == ("after" in fault or fault == "cut_body")


def test_a_slow_answer_is_an_open_outcome() -> None:
    with cleo_tenant() as tenant:
        delivery = tenant.exchange(timeout_s=0.3).folder("outbox")
        delivery.reserve()
        tenant.sandbox.faults.arm("slow_after", path="/files", seconds=1.0)
        with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
            delivery.deliver("810.edi", X12)
        assert "810.edi" in (delivery.evidence("810.edi", X12) or "")


@pytest.mark.parametrize(("retry_after", "asked"), [(3, 3.0), (None, None)])
def test_too_many_requests_store_nothing_and_hold_everyone_back(retry_after: int | None, asked: float | None) -> None:
    with cleo_tenant() as tenant:
        delivery = tenant.exchange().folder("outbox")
        delivery.reserve()
        tenant.sandbox.faults.arm("429", path="/files", retry_after=retry_after)
        with pytest.raises(Retryable) as raised:
            delivery.deliver("810.edi", X12)
        assert type(raised.value) is Retryable and raised.value.retry_after_s == asked
        (key,) = tenant.limiter.backed_off
        assert key.endswith("/folders/{id}/files") and tenant.limiter.backed_off[key] == [asked or 1.0]


def test_a_token_that_ran_out_stored_nothing_so_the_upload_is_sent_again() -> None:
    with cleo_tenant() as tenant:
        delivery = tenant.exchange().folder("outbox")
        delivery.reserve()
        tenant.sandbox.faults.arm("expired", path="/files")
        delivery.deliver("810.edi", X12)
        assert len(tenant.sandbox.received) == 1 and tenant.requests(UPLOAD) == 2


def test_a_refused_file_is_told_in_cleos_words() -> None:
    with cleo_tenant(allowed_file_types=["*.txt"]) as tenant:
        delivery = tenant.exchange().folder("outbox")
        with pytest.raises(DocumentRejected, match=r"allowed are \*\.txt"):
            delivery.deliver("810.edi", X12)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a\\b", 'a"b', "a:b", "x" * 128, "a\nb"])
def test_a_name_that_cleo_forbids_is_never_sent(name: str) -> None:
    with cleo_tenant() as tenant, pytest.raises(DocumentRejected, match="cannot be uploaded"):
        tenant.exchange().folder("outbox").deliver(name, X12)


def test_a_folder_that_vanished_names_those_that_are_left() -> None:
    with cleo_tenant("outbox", "inbox") as tenant:
        delivery = tenant.exchange().folder("outbox")
        delivery.reserve()
        tenant.sandbox.drop_folder("outbox")
        with pytest.raises(NotFound, match=r"'outbox'.*There are: inbox"):
            delivery.deliver("810.edi", X12)
        delivery.reserve()
        assert delivery.evidence("810.edi", X12) is None


def test_a_folder_made_anew_takes_the_file_in_the_same_act() -> None:
    with cleo_tenant() as tenant:
        delivery = tenant.exchange().folder("outbox")
        delivery.reserve()
        tenant.sandbox.drop_folder("outbox")
        tenant.sandbox.store.add_folder("outbox")
        delivery.deliver("810.edi", X12)
        assert len(tenant.sandbox.received) == 1


def test_a_name_that_is_taken_is_ours_only_with_our_size() -> None:
    with cleo_tenant(same_name="conflict") as tenant:
        delivery = tenant.exchange().folder("outbox")
        delivery.deliver("810.edi", X12)
        assert "was there already" in delivery.deliver("810.edi", X12).detail
        with pytest.raises(DocumentRejected, match=r"a file of that name is in outbox"):
            delivery.deliver("810.edi", X12 + b" other")


def test_evidence_is_name_and_size() -> None:
    with cleo_tenant() as tenant:
        delivery = tenant.exchange().folder("outbox")
        tenant.sandbox.put("outbox", "810.edi", X12)
        assert f"({len(X12)} bytes" in (delivery.evidence("810.edi", X12) or "")
        assert delivery.evidence("810.edi", X12 + b"x") is None
        assert delivery.evidence("811.edi", X12) is None
        tenant.sandbox.listing_has_sizes = False
        assert "size not told" in (delivery.evidence("810.edi", X12 + b"x") or "")


def test_many_threads_stay_within_the_budget_and_use_it() -> None:
    with cleo_tenant(rate_limit=40) as tenant:
        exchange = tenant.exchange(requests_per_second=40)
        started = time.monotonic()

        def send(first: int) -> None:
            delivery = exchange.folder("outbox")
            for number in range(first, first + 10):
                delivery.reserve()
                delivery.deliver(f"{number}.edi", X12)

        threads = [threading.Thread(target=send, args=(10 * number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - started
        assert len(tenant.sandbox.received) == 40 and tenant.sandbox.faults.rate_limited == 0
        assert tenant.limiter.turns[next(key for key in tenant.limiter.turns if key.endswith("/files"))] == 40
        assert 0.9 < seconds < 3.0


def test_a_limiter_without_turns_ends_the_wait_before_anything_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    with cleo_tenant() as tenant:
        exchange = tenant.exchange()
        list(exchange.list_folder("outbox"))

        def no_turn(path: str, per_second: float | None) -> None:
            raise TryLater("over 60 s")

        monkeypatch.setattr(tenant.limiter, "acquire", no_turn)
        with pytest.raises(TryLater):
            exchange.folder("outbox").reserve()
        assert tenant.sandbox.received == []


def test_names_outside_ascii_are_percent_encoded() -> None:
    assert content_disposition("810 ü.edi") == "attachment; filename*=UTF-8''810%20%C3%BC.edi"
