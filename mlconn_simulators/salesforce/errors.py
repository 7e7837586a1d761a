"""Salesforce's error answers: a list at data resources, an object at the token endpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


class ApiError(Exception):
    """One error of a data resource. fields: the fields that it is about, left out of the body where there are none.

    more: what else the element says.
    """

    def __init__(self, status: int, code: str, message: str, fields: Sequence[str] = (), **more: Any) -> None:
        self.status, self.code, self.message, self.fields, self.more = status, code, message, tuple(fields), more
        super().__init__(f"{code}: {message}")

    def body(self) -> bytes:
        one: dict[str, Any] = {"message": self.message, "errorCode": self.code, **self.more}
        return json.dumps([one | ({"fields": list(self.fields)} if self.fields else {})]).encode()

    def as_result(self) -> dict[str, Any]:
        """As a row of a collection tells it: its key is statusCode there."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields), **self.more}


class TokenRefused(Exception):
    """An answer of the token endpoint that grants nothing."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        self.status, self.error, self.description = status, error, description
        super().__init__(f"{error}: {description}")

    def body(self) -> bytes:
        return json.dumps({"error": self.error, "error_description": self.description}).encode()


def fault_body(status: int, message: str) -> bytes:
    """What the fault menu answers in this system's form."""
    codes = {401: "INVALID_SESSION_ID", 404: "NOT_FOUND", 500: "UNKNOWN_EXCEPTION", 503: "SERVER_UNAVAILABLE"}
    text = "Session expired or invalid" if status == 401 else message
    return ApiError(status, codes.get(status, "UNKNOWN_EXCEPTION"), text).body()


def malformed(message: str) -> ApiError:
    return ApiError(400, "MALFORMED_QUERY", message)


def no_such_column(name: str, entity: str) -> ApiError:
    """A field that is missing, and one that the user may not see: the same sentence."""
    message = (
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append the '__c' "
        "after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
    )
    return ApiError(400, "INVALID_FIELD", message)


def not_supported(entity: str) -> ApiError:
    """An object that is missing, not licensed or hidden, in SOQL or in a collection."""
    message = (
        f"sObject type '{entity}' is not supported. If you are attempting to use a custom object, be sure to append the '__c'."
    )
    return ApiError(400, "INVALID_TYPE", message)


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    return ApiError(404, "NOT_FOUND", message)
