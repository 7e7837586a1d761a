"""Errors in the form of the Service Layer, version 2: the code is a string, the message plain text."""

from __future__ import annotations

import json

NO_SESSION = "Invalid session or session already timeout."
NO_LOGIN = "Fail to NONE-SSO login from SLD."
NO_INSTANCE = "Fail to Get the Bound Database Instance from SLD"
"""The landscape directory does not answer, or no longer knows the server: nobody can sign in, whatever the password."""
NOT_FOUND = "No matching records found (ODBC -2028)"


class ServiceLayerError(Exception):
    """What the Service Layer answers instead of a result."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(f"{status} {code} {message}")

    def body(self) -> bytes:
        return error_body(self.code, self.message)


def error_body(code: int, message: str) -> bytes:
    error = {"code": str(code), "details": [{"code": "", "message": ""}], "message": message}
    return json.dumps({"error": error}, ensure_ascii=False).encode()


def fault_body(status: int, message: str) -> bytes:
    """For the fault menu: the error of an HTTP status without a closer cause."""
    return error_body(301, NO_SESSION) if status == 401 else error_body(-1 if status == 500 else status, message)


def no_session() -> ServiceLayerError:
    """Dead or garbage session, wrong node, and a path in the wrong case too."""
    return ServiceLayerError(401, 301, NO_SESSION)


def not_found() -> ServiceLayerError:
    return ServiceLayerError(404, -2028, NOT_FOUND)


def missing_reference() -> ServiceLayerError:
    """A code in a posted document that does not exist."""
    return ServiceLayerError(400, -2028, NOT_FOUND)


def exists() -> ServiceLayerError:
    """A unique key is taken."""
    return ServiceLayerError(400, -2035, "This entry already exists in the following tables (ODBC -2035)")


def refused(message: str) -> ServiceLayerError:
    """A business rule or a bad value."""
    return ServiceLayerError(400, -5002, message)


def invalid(message: str) -> ServiceLayerError:
    """A request that cannot be read."""
    return ServiceLayerError(400, -1000, message)
