"""What the sandbox tells about itself: what it holds, what clients created and changed, and what came twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mlconn_simulators.sap_business_one.company import ISO_OF, LOCAL_CURRENCY, Company
from mlconn_simulators.sap_business_one.schema import Values
from mlconn_simulators.sap_business_one.store import Record

SOURCES = ("Invoices", "PurchaseOrders", "DeliveryNotes")
"""The sets whose documents a pipeline is expected to read."""


class Journal:
    """Everything that came over the API, in order."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._created: list[dict[str, Any]] = []
        self.updated: list[dict[str, Any]] = []
        self.partners: list[dict[str, Any]] = []

    def created(self, set_name: str, record: Record, draft: bool, body: Values) -> None:
        """set_name: where the document belongs, also when it was stored as a draft. body: as it came."""
        values = record.values
        self._created.append(
            {
                "set": set_name,
                "DocEntry": values["DocEntry"],
                "DocNum": values["DocNum"],
                "CardCode": values["CardCode"],
                "NumAtCard": values.get("NumAtCard"),
                "reference": values.get(self._company.reference_field),
                **amounts(values),
                "date": values["DocDate"][:10],
                "ship_to": values.get("ShipToCode"),
                "lines": [line_facts(line) for line in values["DocumentLines"]],
                "draft": draft,
                "removed": False,
                "at": self._now(),
                "body": body,
            }
        )

    def made_partner(self, record: Record, body: Values) -> None:
        """body: as it came."""
        values = record.values
        told = {name: values.get(name) for name in ("CardCode", "CardName", "CardType", "FederalTaxID")}
        self.partners.append({**told, "reference": values.get(self._company.reference_field), "at": self._now(), "body": body})

    def removed(self, set_name: str, record: Record) -> None:
        for entry in self._created:
            if entry["draft"] and entry["DocEntry"] == record.values["DocEntry"]:
                entry["removed"] = True
        self.changed(set_name, record, "delete", {})

    def changed(self, set_name: str, record: Record, action: str, body: Values) -> None:
        """action: patch, Cancel, Close, Reopen, delete. body: as it came."""
        key = record.key[0] if len(record.key) == 1 else list(record.key)
        self.updated.append({"set": set_name, "key": key, "action": action, "body": body, "at": self._now()})

    def created_entries(self, bodies: bool) -> list[dict[str, Any]]:
        """What was created, with whether it is cancelled by now, and the quantity that nothing was copied from.

        bodies: with what the client sent, field by field.
        """
        entries = []
        for entry in self._created:
            record = self._company.sets["Drafts" if entry["draft"] else entry["set"]].find((entry["DocEntry"],))
            if not bodies:
                entry = {name: value for name, value in entry.items() if name != "body"}
            cancelled = record is not None and record.values["Cancelled"] == "tYES"
            lines = record.values["DocumentLines"] if record else []
            entries.append(entry | {"cancelled": cancelled, "open": sum(line["RemainingOpenQuantity"] for line in lines)})
        return entries

    def business_duplicates(self) -> list[dict[str, Any]]:
        """Documents (drafts too, removed ones not) stored more than once with one customer order number.

        Documents copied from a base are left out: several deliveries of one order share its number rightly.
        """
        seen: Counter[tuple[str, str, str]] = Counter()
        for entry in self._created:
            copied = any(line["base"] for line in entry["lines"])
            if entry["NumAtCard"] and not entry["removed"] and not copied:
                seen[entry["set"], entry["CardCode"], entry["NumAtCard"]] += 1
        return [
            {"set": set_name, "CardCode": code, "NumAtCard": number, "times": times}
            for (set_name, code, number), times in seen.items()
            if times > 1
        ]

    def _now(self) -> str:
        return self._company.clock.now().isoformat(timespec="seconds")


def amounts(values: Values) -> dict[str, Any]:
    """total (gross), vat and net in the document's currency; currency: the company's code, iso: ISO 4217."""
    foreign = values["DocCurrency"] != LOCAL_CURRENCY
    total, vat = (values["DocTotalFc"], values["VatSumFc"]) if foreign else (values["DocTotal"], values["VatSum"])
    code = values["DocCurrency"]
    return {"total": total, "vat": vat, "net": round(total - vat, 2), "currency": code, "iso": ISO_OF[code]}


def line_facts(line: Values) -> dict[str, Any]:
    return {
        "line": line["LineNum"],
        "item": line["ItemCode"],
        "quantity": line["Quantity"],
        "unit": line["UoMCode"] if line["UoMEntry"] != -1 else line.get("MeasureUnit"),
        "price": line["Price"],
        "ship_date": (line.get("ShipDate") or "")[:10],
        "base": None if line["BaseType"] == -1 else [line["BaseType"], line["BaseEntry"], line["BaseLine"]],
    }


def source(company: Company) -> dict[str, list[dict[str, Any]]]:
    """Every document of the sets that a pipeline reads, the ones created over the API among them."""
    return {name: [_source_entry(record, company) for record in company.sets[name]] for name in SOURCES}


def _source_entry(record: Record, company: Company) -> dict[str, Any]:
    values = record.values
    return {
        "DocEntry": values["DocEntry"],
        "DocNum": values["DocNum"],
        "CardCode": values["CardCode"],
        "NumAtCard": values.get("NumAtCard"),
        "date": values["DocDate"][:10],
        "updated": f"{values['UpdateDate'][:10]}T{values['UpdateTime']}",
        **amounts(values),
        "cancelled": values["CancelStatus"] != "csNo",
        "reversal": values["CancelStatus"] == "csCancellation",
        "status": values["DocumentStatus"],
        "paid": values["PaidToDate"],
        "reference": values.get(company.reference_field),
        "over_api": record.over_api,
        "lines": len(values["DocumentLines"]),
    }
