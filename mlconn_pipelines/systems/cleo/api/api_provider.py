"""Delivery to a Cleo API Provider endpoint: a POST of JSON to an address of the tenant's own, with headers from the vault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from mlconn_pipelines.config.partner import ApiProvider
from mlconn_pipelines.errors import CredentialRefused, VaultError
from mlconn_pipelines.ports.connections import Credentials, Limiter
from mlconn_pipelines.ports.delivery import Receipt
from mlconn_pipelines.systems.cleo.api.body_template import render_body
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.http_responses import misshapen, object_of
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.throttle import Throttle

SYSTEM = "Cleo API Provider"

_WITHOUT_BODY = (201, 202, 204)
_LISTS = ("value", "resources")
_ERRORS = ("error", "errors", "fault")


class ApiProviderDelivery:
    """One endpoint; implements ports.delivery.Delivery. `content` is the JSON that `message` made at the claim.

    requests_per_second: budget of the endpoint's path, None for none. Nothing can be listed there, so there is no evidence.
    """

    def __init__(
        self,
        provider: ApiProvider,
        credentials: Credentials,
        limiter: Limiter | None,
        *,
        timeout_s: float = 30.0,
        ca_file: Path | None = None,
        proxies: Proxies | None = None,
        requests_per_second: float | None = 5.0,
    ) -> None:
        self._provider, self._credentials = provider, credentials
        host = f"{provider.url.host}:{provider.url.port}"
        throttle = Throttle(limiter, host, host, requests_per_second)
        self._http = Http(SYSTEM, str(provider.url), timeout_s=timeout_s, ca_file=ca_file, proxies=proxies, throttle=throttle)
        self._path = provider.url.path or "/"

    def message(self, x12: bytes, values: Mapping[str, str]) -> bytes:
        """See `message_of`."""
        return message_of(self._provider, x12, values)

    def reserve(self) -> None:
        """The limiter's turn for a call by this same thread. Errors: TryLater, VaultError."""
        self._secret_headers()
        self._http.throttle.reserve(self._path)

    def deliver(self, file_name: str, content: bytes) -> Receipt:
        """One POST. Errors: OutcomeUnknown, DocumentRejected, Retryable, CredentialRefused (401, 403)."""
        headers = {"Content-Type": "application/json", **self._provider.headers, **self._secret_headers()}
        response = self._http.send(
            "POST",
            str(self._provider.url),
            write=True,
            template=self._path,
            headers=headers,
            content=content,
            reserved=True,
        )
        if response.status_code == 401 or (response.status_code == 403 and self._http.own_form(response)):
            raise CredentialRefused(
                f"{SYSTEM} {self._path} answered {response.status_code} ({self._http.error_text(response)})",
                hint=f"Correct `headers` of vault entry {self._provider.credential!r}."
                if self._provider.credential
                else "Name a vault entry with the endpoint's headers as `credential`.",
            )
        self._http.checked(response, write=True)
        body = _receipt(response)
        if self._provider.answer_names_file and file_name not in map(str, body.values()):
            raise misshapen(response, f"an answer that names {file_name}", write=True)
        return Receipt(str(body.get("id") or ""), detail=f"status {response.status_code}")

    def evidence(self, file_name: str, content: bytes) -> str | None:
        """None: such an endpoint shows nothing of what it took."""
        return None

    @property
    def calls(self) -> int:
        """Requests made so far."""
        return self._http.calls

    def close(self) -> None:
        self._http.close()

    def _secret_headers(self) -> Mapping[str, str]:
        if not self._provider.credential:
            return {}
        text = self._credentials.credential(self._provider.credential).get("headers", "")
        headers = headers_of(text, self._provider.credential)
        self._http.keep_secret(*headers.values())
        return headers


def _receipt(response: httpx.Response) -> Mapping[str, Any]:
    """What an endpoint says that it took, or nothing at all with a status that wants no body. Its form is the tenant's own.

    Errors: OutcomeUnknown for a page, for half a body, and for an object that tells an error, a list, or nothing.
    """
    if not response.content and response.status_code in _WITHOUT_BODY:
        return {}
    body = object_of(response)
    if (
        body is None
        or not any(value is not None for value in body.values())
        or any(body.get(name) for name in _ERRORS)
        or any(isinstance(body.get(name), list) for name in _LISTS)
    ):
        raise misshapen(response, "a JSON object that says what was taken", write=True)
    return body


def message_of(provider: ApiProvider, x12: bytes, values: Mapping[str, str]) -> bytes:
    """The JSON to deliver, from the X12 and what is known of the document. Pure. Errors: DocumentRejected."""
    return render_body(provider.body, {**values, "x12": _text(x12)})


def headers_of(text: str, credential: str) -> Mapping[str, str]:
    """A vault entry's `headers`: a JSON object, or lines of `Name: value`. Errors: VaultError, which repeats none of it.

    >>> headers_of("X-Key: abc", "acme")
    {'X-Key': 'abc'}
    """
    wrong = VaultError(
        f"`headers` of vault entry {credential!r} are not readable",
        hint='Store them as a JSON object, {"X-Key": "..."}, or as lines of Name: value.',
    )
    if text.lstrip().startswith("{"):
        try:
            headers = {str(name): str(value) for name, value in json.loads(text).items()}
        except ValueError:
            raise wrong from None
    else:
        pairs = [line.partition(":") for line in text.splitlines() if line.strip()]
        headers = {name.strip(): value.strip() for name, colon, value in pairs if colon}
        if len(headers) != len(pairs):
            raise wrong
    if not headers or not all(
        name and (name + value).isascii() and (name + value).isprintable() for name, value in headers.items()
    ):
        raise wrong
    return headers


def _text(x12: bytes) -> str:
    """X12 is ASCII or Latin-1 by most guides, UTF-8 by some."""
    try:
        return x12.decode()
    except UnicodeDecodeError:
        return x12.decode("latin-1")
