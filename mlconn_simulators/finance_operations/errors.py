"""Errors in the form of F&O: the outer message says nothing, the inner one everything, a stack trace comes along."""

from __future__ import annotations

from mlconn_simulators.odata.json_text import dumps

WRITE_EXCEPTION = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"
ODATA_EXCEPTION = "Microsoft.OData.ODataException"
BUSY = "This request could not be processed at this time due to system experiencing high resource utilization."
_TRACE = (
    "   at Microsoft.Dynamics.Platform.Integration.Services.OData.Update.UpdateProcessor.CreateEntity_Save(ChangeOperationContext"
    " context)\r\n   at System.Web.OData.Batch.DefaultODataBatchHandler.<ExecuteRequestMessagesAsync>d__19.MoveNext()"
)


class DataError(Exception):
    """What the service answers instead of a result. text: the inner message; kind: its .NET type."""

    def __init__(self, status: int, text: str, kind: str = ODATA_EXCEPTION) -> None:
        self.status, self.text, self.kind = status, text, kind
        super().__init__(f"{status} {text}")

    def body(self) -> str:
        return error_text(self.text, self.kind)


class WriteRefused(DataError):
    """A rule of the business or of the tables; its status depends on the platform's age."""

    def __init__(self, text: str) -> None:
        super().__init__(400, text, WRITE_EXCEPTION)


def error_text(text: str, kind: str = ODATA_EXCEPTION) -> str:
    inner = {"message": text, "type": kind, "stacktrace": _TRACE}
    return dumps({"error": {"code": "", "message": "An error has occurred.", "innererror": inner}})


def fault_body(status: int, message: str) -> bytes:
    """For the fault menu. A throttled request is told so in the plain form."""
    if status in (429, 401):
        return dumps({"error": {"code": "", "message": BUSY if status == 429 else "Unauthorized"}}).encode()
    return error_text(message, "System.Web.Http.HttpResponseException").encode()


def no_segment(name: str) -> DataError:
    return DataError(404, f"Resource not found for the segment '{name}'.")


def no_record(set_name: str) -> DataError:
    return DataError(404, f"No resources were found when selecting for update. ({set_name})")


def bad_query(text: str) -> DataError:
    return DataError(400, text)


def refused(entity: str, *reasons: str, table: str = "") -> WriteRefused:
    """The Infolog of a failed write: reasons, then the noise that always follows."""
    source = table or entity
    infolog = "; ".join(
        f"Warning: {reason}" for reason in (*reasons, f"validateWrite failed on data source '{source} ({source})'.")
    )
    return WriteRefused(f"Write failed for table row of type '{entity}'. Infolog: {infolog}")


def not_related(entity: str, value: str, label: str, table: str) -> WriteRefused:
    reason = f"The value '{value}' in field '{label}' is not found in the related table '{table}'."
    return WriteRefused(f"Write failed for table row of type '{entity}'. Infolog: Warning: {reason}; Warning: validateField failed on "
                        f"data source '{entity} ({entity})'.")  # fmt: skip


def exists(table: str, label: str, key: str) -> WriteRefused:
    return WriteRefused(f"Write failed for table row of type '{table}'. Infolog: Error: Cannot create a record in {label} ({table}). "
                        f"{key}. The record already exists.")  # fmt: skip


def deadlock(label: str, table: str) -> WriteRefused:
    """Two transactions waited for each other, and this one was undone."""
    return WriteRefused(
        f"Write failed for table row of type '{table}'. Infolog: Error: Cannot create a record in {label} ({table}). Deadlock, where "
        "one or more users have simultaneously locked the whole table or part of it."
    )


def conflict(label: str, table: str) -> WriteRefused:
    """Two writers at once."""
    return WriteRefused(
        f"Write failed for table row of type '{table}'. Infolog: Error: Cannot edit a record in {label} ({table}). An update conflict "
        "occurred due to another user process deleting the record or changing one or more fields in the record."
    )
