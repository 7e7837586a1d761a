"""Cancel, Close and Reopen, and the payment that closes an invoice."""

from __future__ import annotations

import copy

from mlconn_simulators.sap_business_one.clock import date_text, time_text
from mlconn_simulators.sap_business_one.company import Company
from mlconn_simulators.sap_business_one.errors import refused
from mlconn_simulators.sap_business_one.schema import DocumentKind
from mlconn_simulators.sap_business_one.store import Record


def cancel(company: Company, kind: DocumentKind, record: Record) -> Record | None:
    """Cancel a document. Posted ones get a second document that reverses them and is returned; orders only change their state."""
    if record.values["Cancelled"] == "tYES" or record.values["CancelStatus"] == "csCancellation":
        raise refused("Document is already cancelled")
    if record.values["DocumentStatus"] == "bost_Close":
        raise refused("Document is already closed")
    reversal = None
    if kind.reverses:
        now = company.clock.now()
        values = copy.deepcopy(record.values)
        for line in values["DocumentLines"]:
            line |= {"BaseType": kind.code, "BaseEntry": record.values["DocEntry"], "BaseLine": line["LineNum"]}
            line["LineStatus"] = "bost_Close"
        values |= {
            "CancelStatus": "csCancellation",
            "DocumentStatus": "bost_Close",
            "DocDate": date_text(now),
            "CreationDate": date_text(now),
            "UpdateDate": date_text(now),
            "UpdateTime": time_text(now),
        }
        del values["DocEntry"], values["DocNum"]
        reversal = company.add_document(kind, values)
    company.write(
        company.sets[kind.set_name], record, {"Cancelled": "tYES", "CancelStatus": "csYes", "DocumentStatus": "bost_Close"}
    )
    return reversal


def close(company: Company, kind: DocumentKind, record: Record) -> None:
    """Close a document by hand."""
    if record.values["DocumentStatus"] == "bost_Close":
        raise refused("Document is already closed")
    company.write(company.sets[kind.set_name], record, {"DocumentStatus": "bost_Close", **_line_states(record, "bost_Close")})


def reopen(company: Company, kind: DocumentKind, record: Record) -> None:
    """Open a document again that was closed by hand."""
    if record.values["DocumentStatus"] != "bost_Close" or record.values["CancelStatus"] != "csNo":
        raise refused("Only a closed document that is not cancelled can be reopened")
    company.write(company.sets[kind.set_name], record, {"DocumentStatus": "bost_Open", **_line_states(record, "bost_Open")})


def pay(company: Company, kind: DocumentKind, record: Record, stamped: bool = True) -> None:
    """Pay a document in full, which closes it. stamped False: the payment leaves UpdateDate alone, as some do."""
    paid = {"PaidToDate": record.values["DocTotal"], "DocumentStatus": "bost_Close", **_line_states(record, "bost_Close")}
    company.write(company.sets[kind.set_name], record, paid, stamped)


def _line_states(record: Record, status: str) -> dict[str, object]:
    return {"DocumentLines": [{**line, "LineStatus": status} for line in record.values["DocumentLines"]]}
