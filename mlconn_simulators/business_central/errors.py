"""Errors in Business Central's form: a code and a message that ends with the correlation id."""

from __future__ import annotations

import uuid

from mlconn_simulators.odata.json_text import dumps

NO_ENVIRONMENT = (
    '<error xmlns="http://docs.oasis-open.org/odata/ns/metadata">'
    "<code>NoEnvironment</code><message>Environment does not exist.</message></error>"
)


class ApiError(Exception):
    """What the API answers instead of a result."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(f"{status} {code} {message}")

    def body(self) -> str:
        return error_text(self.code, self.message)


def error_text(code: str, message: str) -> str:
    return dumps({"error": {"code": code, "message": f"{message}  CorrelationId:  {uuid.uuid4()}."}})


_CODES = {
    401: "Authentication_InvalidCredentials",
    408: "Internal_ServerError",
    409: "Request_EntityChanged",
    412: "BadRequest_RequiredParamNotProvided",
    429: "Application_TooManyRequests",
    500: "Internal_ServerError",
    503: "Internal_TenantUnavailable",
    504: "Internal_ServerError",
}


def fault_body(status: int, message: str) -> bytes:
    """For the fault menu: the error of an HTTP status without a closer cause."""
    return error_text(_CODES[status], message).encode()


def bad(message: str, code: str = "BadRequest") -> ApiError:
    """A request that cannot be read."""
    return ApiError(400, code, message)


def refused(message: str, code: str = "Application_DialogException") -> ApiError:
    """A rule of the business."""
    return ApiError(400, code, message)


def locked(table: str) -> ApiError:
    """Another session's transaction holds the record for longer than the lock time-out; a status and code of its own are not given."""
    return ApiError(
        409,
        "Internal_ServerError",
        f"We can't save your changes right now, because a record in table '{table}' is being updated in a transaction done by another "
        "session.\r\n\r\nYou'll have to wait until the other transaction has completed, which may take a while. Please try again later.",
    )


def not_found(what: str = "The record") -> ApiError:
    return ApiError(404, "Internal_RecordNotFound", f"{what} does not exist.")


def no_segment(name: str) -> ApiError:
    return ApiError(404, "BadRequest_ResourceNotFound", f"Resource not found for the segment '{name}'.")


def not_allowed(method: str, name: str) -> ApiError:
    return ApiError(
        405, "BadRequest_MethodNotAllowed", f"'{method}' requests for '{name}' of EntityType '{name}' are not allowed."
    )


def unauthorized() -> ApiError:
    return ApiError(401, "Authentication_InvalidCredentials", "The server has rejected the client credentials.")


def too_many() -> ApiError:
    """The code is ours: the facts name none."""
    return ApiError(429, "Application_TooManyRequests", "Too many requests reached. Actual (6001). Maximum (6000).")
