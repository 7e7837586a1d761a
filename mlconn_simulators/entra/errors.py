"""Refusals in the form of the token endpoint: OAuth's `error` and a description that begins with an AADSTS number.

Source: the facts about AADSTS7000215 with 401 and `invalid_client`; for the others Microsoft's public list of these numbers.
The numbers may change without notice, so that no client should depend on one.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid


class TokenRefused(Exception):
    """What the endpoint answers instead of a token."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        self.status, self.error, self.number, self.text = status, error, number, text
        super().__init__(f"{status} {error} AADSTS{number}: {text}")

    def body(self) -> bytes:
        return refusal_body(self.error, self.number, self.text)


def refusal_body(error: str, number: int, text: str) -> bytes:
    stamp = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%SZ}"
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    said = f"AADSTS{number}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {stamp}"
    return json.dumps(
        {
            "error": error,
            "error_description": said,
            "error_codes": [number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={number}",
        }
    ).encode()


def fault_body(status: int, message: str) -> bytes:
    """For the fault menu: throttled, or out of order for a while."""
    if status == 401:
        return refusal_body("invalid_client", 7000215, "Invalid client secret provided.")
    return refusal_body("temporarily_unavailable", 90055 if status == 429 else 90033, message)


def tenant_unknown(tenant: str) -> TokenRefused:
    text = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
    return TokenRefused(400, "invalid_request", 90002, text)


def parameter_missing(name: str) -> TokenRefused:
    return TokenRefused(400, "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")


def grant_unknown(grant: str) -> TokenRefused:
    return TokenRefused(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")


def application_unknown(client_id: str, tenant: str) -> TokenRefused:
    text = f"Application with identifier '{client_id}' was not found in the directory '{tenant}'."
    return TokenRefused(400, "unauthorized_client", 700016, text)


def secret_wrong(client_id: str) -> TokenRefused:
    text = f"Invalid client secret provided. Send the secret's value, not its ID, for app '{client_id}'."
    return TokenRefused(401, "invalid_client", 7000215, text)


def secret_expired(client_id: str) -> TokenRefused:
    text = f"The provided client secret keys for app '{client_id}' are expired."
    return TokenRefused(401, "invalid_client", 7000222, text)


def scope_without_default(scope: str) -> TokenRefused:
    text = (
        f"The provided value for scope {scope} is not valid. Client credential flows want a resource with /.default behind it."
    )
    return TokenRefused(400, "invalid_scope", 1002012, text)


def resource_unknown(resource: str, tenant: str) -> TokenRefused:
    text = f"The resource principal named {resource} was not found in the tenant named {tenant}."
    return TokenRefused(400, "invalid_resource", 500011, text)
