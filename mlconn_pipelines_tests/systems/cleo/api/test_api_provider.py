from __future__ import annotations

import json
from typing import Any

import pytest

from mlconn_pipelines.config.partner import ApiProvider
from mlconn_pipelines.errors import CredentialRefused, DocumentRejected, OutcomeUnknown, Retryable, VaultError
from mlconn_pipelines.systems.cleo.api.api_provider import ApiProviderDelivery, headers_of
from mlconn_pipelines_tests.systems.cleo.cleo_tenant import Tenant, cleo_tenant
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials
from mlconn_simulators.cleo.tenant import PROVIDER_SECRET
from mlconn_simulators.lies import LIES

SHAPES = [lie for lie in LIES if "duplicate" not in lie and lie != "200_looping"]
"""There is neither a list nor an answer before."""

BODY = {"x12": "{x12}", "file_name": "{file_name}", "number": "{document.number}"}
VALUES = {"file_name": "810_7.edi", "document.number": "7"}


def provider_of(
    tenant: Tenant, secret: str = PROVIDER_SECRET, answer_names_file: bool = False, **settings: Any
) -> ApiProviderDelivery:
    url = tenant.url + "/provider/acme?tenant=hush"
    provider = ApiProvider(
        url=url, credential="acme", headers={"X-Mode": "live"}, body=BODY, answer_names_file=answer_names_file
    )
    credentials = MemoryCredentials(acme={"headers": json.dumps({"X-Provider-Key": secret})})
    return ApiProviderDelivery(provider, credentials, tenant.limiter, **settings)


def test_a_document_arrives_as_json() -> None:
    with cleo_tenant() as tenant:
        delivery = provider_of(tenant, requests_per_second=100)
        content = delivery.message(b"ISA*00~", VALUES)
        delivery.reserve()
        receipt = delivery.deliver("810_7.edi", content)
        (received,) = tenant.sandbox.received
        assert (received.folder, received.name, received.content) == ("api:acme", "810_7.edi", b"ISA*00~")
        assert received.fields == {"x12": "ISA*00~", "file_name": "810_7.edi", "number": "7"}
        assert receipt.detail == "status 200"
        assert [key.rpartition(":")[2].lstrip("0123456789") for key in tenant.limiter.turns] == ["/api/provider/acme"]
        assert list(tenant.limiter.turns.values()) == [1]


@pytest.mark.parametrize("fault", ["500", "502_html", "cut_after", "503", *SHAPES])
def test_no_good_answer_is_an_open_outcome_without_evidence(fault: str) -> None:
    with cleo_tenant() as tenant:
        delivery = provider_of(tenant)
        tenant.sandbox.faults.arm(fault, path="/provider")
        with pytest.raises(OutcomeUnknown):
            delivery.deliver("x", b"{}")
        assert delivery.calls == 1 and delivery.evidence("x", b"{}") is None


def test_another_documents_answer_is_told_by_the_name_in_it() -> None:
    with cleo_tenant() as tenant:
        delivery = provider_of(tenant, answer_names_file=True)
        tenant.sandbox.faults.arm("200_duplicate", path="/provider", skip=1)
        delivery.deliver("810_7.edi", delivery.message(b"ISA*7~", VALUES))
        with pytest.raises(OutcomeUnknown, match=r"names 810_8\.edi"):
            delivery.deliver("810_8.edi", delivery.message(b"ISA*8~", {**VALUES, "file_name": "810_8.edi"}))
        assert [file.name for file in tenant.sandbox.received] == ["810_7.edi"]


def test_too_many_calls_are_retryable() -> None:
    with cleo_tenant() as tenant:
        tenant.sandbox.faults.arm("429", path="/provider", retry_after=2)
        with pytest.raises(Retryable) as raised:
            provider_of(tenant).deliver("x", b"{}")
        assert raised.value.retry_after_s == 2.0


def test_a_wrong_key_is_told_without_the_key_or_the_query() -> None:
    with cleo_tenant() as tenant:
        with pytest.raises(CredentialRefused, match="'acme'") as raised:
            provider_of(tenant, secret="planted-key-77").deliver("x", b"{}")
        assert "planted-key-77" not in repr(raised.value) and "hush" not in repr(raised.value)


def test_a_body_that_the_endpoint_refuses_is_the_documents_fault() -> None:
    with cleo_tenant() as tenant, pytest.raises(DocumentRejected, match="not JSON"):
        provider_of(tenant).deliver("x", b"no json")


def test_x12_outside_utf8_is_read_as_latin_1() -> None:
    with cleo_tenant() as tenant:
        assert json.loads(provider_of(tenant).message("Zürich".encode("latin-1"), VALUES))["x12"] == "Zürich"


@pytest.mark.parametrize("text", ['{"X-Key": "a:b", "Y": "2"}', "X-Key: a:b\nY: 2\n"])
def test_headers_are_json_or_lines(text: str) -> None:
    assert headers_of(text, "e") == {"X-Key": "a:b", "Y": "2"}


@pytest.mark.parametrize("text", ["", "hush", "{hush", ": hush", '{"X": "hush\\n1"}', "X: hüsh hush", "X: 1\nhush"])
def test_headers_that_are_none_are_not_repeated(text: str) -> None:
    with pytest.raises(VaultError) as raised:
        headers_of(text, "e")
    assert "hush" not in str(raised.value)
