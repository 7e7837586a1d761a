"""Pending vendor invoices: looked for before they are made, header first, then the lines; what stays half is finished or removed.

Our reference is the HeaderReference, part of the key: a second POST of the same document can make no second invoice. F&O need not
refuse a second pending invoice under the same vendor and number, whatever the company's parameter says, so we look ourselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mlconn_pipelines.errors import (
    ConfigurationError,
    ConnectionStopped,
    ConnectorError,
    CredentialRefused,
    DocumentRejected,
    PartiallyDone,
    Retryable,
)
from mlconn_pipelines.ports.records import Record, Stored
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.finance_operations.api.service import DataService, Refusal
from mlconn_pipelines.systems.finance_operations.records.naming import INVOICE_LINES, INVOICES
from mlconn_pipelines.transport.odata import all_of

_LINE = ("dataAreaId", "HeaderReference", "InvoiceLineNumber", "NetAmount")
_CENT = Decimal("0.01")
_HEADER = ("dataAreaId", "HeaderReference", "InvoiceNumber", "InvoiceAccount")


class VendorInvoiceWriter:
    """in_one_batch: header and lines in one `$batch` changeset, which is stored whole or not at all, instead of request by request."""

    def __init__(self, service: DataService, in_one_batch: bool) -> None:
        self._service, self._in_one_batch = service, in_one_batch

    def find(self, reference: str) -> Stored | None:
        """The pending invoice under our reference, with as many lines as it has by now."""
        compare = self._service.dialect.compare
        where = compare("HeaderReference", "eq", reference)
        rows = self._service.rows(INVOICES, where, select=_HEADER, asked_for={"HeaderReference": [reference]})
        header = next((row for row in rows if row["HeaderReference"] == reference), None)
        return None if header is None else self._stored(header, self._lines(reference))

    def create(self, payload: Record) -> Stored:
        """One invoice. payload: the header's fields, and under VendorInvoiceLines the lines with their InvoiceLineNumber.

        Errors: DocumentRejected when refused, with nothing left of it; PartiallyDone when something is left of it;
        OutcomeUnknown; Retryable when surely nothing was stored.
        """
        header, lines = _parts(payload)
        if (twin := self._twin(header)) is not None:
            return self._taken_up(twin, header, lines)
        try:
            if self._in_one_batch:
                self._service.create_together([(INVOICES, header), *((INVOICE_LINES, line) for line in lines)])
            else:
                self._service.create(INVOICES, header)
        except Refusal as refusal:
            if not refusal.fault.exists or (twin := self._twin(header)) is None:
                raise
            return self._taken_up(twin, header, lines)  # a request of ours that was given up for lost arrived after all
        if not self._in_one_batch:
            self._add_or_remove(header, lines)
        return self._stored(header, lines)

    def finish_or_remove(self, partial: Stored, payload: Record) -> Stored | None:
        """The invoice with the lines that it lacked, or None when one is refused: then lines and header are gone again."""
        header, lines = _parts(payload)
        try:
            for line in _missing(lines, self._lines(partial.key)):
                self._add(line)
        except Refusal:
            self._remove(partial.key)
            return None
        return self._stored(header, lines)

    def _twin(self, header: Record) -> Record | None:
        """A pending invoice of this vendor under this number, ours from an earlier try first. One try: nothing waits here."""
        compare = self._service.dialect.compare
        where = all_of(
            compare("InvoiceAccount", "eq", str(header["InvoiceAccount"])),
            compare("InvoiceNumber", "eq", str(header["InvoiceNumber"])),
        )
        try:
            asked_for = {name: [str(header[name])] for name in ("InvoiceAccount", "InvoiceNumber")}
            rows = self._service.rows(INVOICES, where, select=_HEADER, at_once=True, asked_for=asked_for)
        except (Retryable, CredentialRefused, ConnectionStopped):
            raise
        except ConnectorError as trouble:  # nothing was written yet, and nothing will be until this can be seen
            raise Retryable(
                f"{trouble.what}; whether the invoice is there already could not be seen", trouble.hint
            ) from trouble
        same = [row for row in rows if _same(row, header, "InvoiceAccount") and _same(row, header, "InvoiceNumber")]
        return next((row for row in same if row["HeaderReference"] == header["HeaderReference"]), next(iter(same), None))

    def _taken_up(self, twin: Record, header: Record, lines: list[dict[str, Any]]) -> Stored:
        if twin["HeaderReference"] == header["HeaderReference"]:
            there = self._lines(str(header["HeaderReference"]), lines)
            if (other := _differing(lines, there)) is not None:
                raise DocumentRejected(
                    f"{self._service.system} has invoice {header['InvoiceNumber']} under our reference already, and its line "
                    f"{other} is another than this document's",
                    hint="If somebody changed it in F&O, dismiss this document; else delete it there, then reprocess this.",
                    code=Reason.INVOICE_EXISTS,
                )
            self._add_or_remove(header, list(_missing(lines, there)))
            return self._stored(header, lines)
        raise DocumentRejected(
            f"{self._service.system} has a pending invoice {header['InvoiceNumber']} of vendor {header['InvoiceAccount']} already "
            f"(header reference {twin['HeaderReference']!r})",
            hint="If it is the same invoice, dismiss this document; if that one is wrong, delete it in F&O, then reprocess this.",
            code=Reason.INVOICE_EXISTS,
        )

    def _add_or_remove(self, header: Record, lines: list[dict[str, Any]]) -> None:
        """Lines one after another (those of one header collide at the same time). A refused one takes the whole invoice back."""
        for line in lines:
            try:
                self._add(line)
            except Refusal as refusal:
                self._take_back(header, line, refusal)
                raise
            except ConnectorError as lost:
                raise PartiallyDone(
                    f"{self._service.system}: invoice {header['InvoiceNumber']} has its header, and line "
                    f"{line['InvoiceLineNumber']} of {len(lines)} got no good answer ({lost.what})",
                    hint="It is finished, or removed, as soon as the system answers.",
                    answered=getattr(lost, "answered", ""),
                ) from lost

    def _add(self, line: dict[str, Any]) -> None:
        """One line. That its number is taken is fine where the line that has it is equal: a request given up for lost arrived."""
        try:
            self._service.create(INVOICE_LINES, line)
        except Refusal as refusal:
            if not refusal.fault.exists:
                raise
            there = self._lines(str(line["HeaderReference"]), [line])
            if next(_missing([line], there), None) is not None or _differing([line], there) is not None:
                raise

    def _take_back(self, header: Record, line: Record, refusal: Refusal) -> None:
        try:
            self._remove(str(header["HeaderReference"]))
        except ConnectorError as lost:
            raise PartiallyDone(
                f"{refusal.what} (line {line['InvoiceLineNumber']}); what was stored before it could not be removed ({lost.what})",
                hint="It is looked at again; the invoice is pending in F&O without all its lines until then.",
                answered=getattr(lost, "answered", ""),
            ) from lost

    def _remove(self, reference: str) -> None:
        """Lines first: a header that has some cannot be deleted."""
        for line in self._lines(reference):
            self._service.delete(
                INVOICE_LINES,
                {"HeaderReference": reference, "InvoiceLineNumber": Decimal(str(line["InvoiceLineNumber"]))},
            )
        self._service.delete(INVOICES, {"HeaderReference": reference})

    def _lines(self, reference: str, wanted: Sequence[Record] = ()) -> list[Record]:
        """The stored lines of an invoice, with the fields that the wanted ones have."""
        where = self._service.dialect.compare("HeaderReference", "eq", reference)
        fields = tuple(dict.fromkeys((*_LINE, *(name for line in wanted for name in line))))
        rows = self._service.rows(
            INVOICE_LINES,
            where,
            select=fields,
            order="InvoiceLineNumber",
            asked_for={"HeaderReference": [reference]},
        )
        return [row for row in rows if row["HeaderReference"] == reference]

    def _stored(self, header: Record, lines: list[Any]) -> Stored:
        return Stored(
            key=str(header["HeaderReference"]),
            number=str(header.get("InvoiceNumber") or ""),
            entity=INVOICES,
            line_count=len(lines),
            total=sum((Decimal(str(line.get("NetAmount") or 0)) for line in lines), Decimal()),
        )


def _parts(payload: Record) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    header = {name: value for name, value in payload.items() if name != INVOICE_LINES}
    lines = payload.get(INVOICE_LINES)
    if not header.get("HeaderReference") or not lines:
        raise ConfigurationError("An invoice without our reference or without lines cannot be created safely")
    key = {"dataAreaId": header["dataAreaId"], "HeaderReference": header["HeaderReference"]}
    return header, [{**key, **line} for line in lines]


def _missing(lines: Sequence[dict[str, Any]], there: Sequence[Record]) -> Iterator[dict[str, Any]]:
    """The lines whose numbers are not there."""
    numbers = _by_number(there)
    yield from (line for line in lines if _number(line) not in numbers)


def _differing(lines: Sequence[Record], there: Sequence[Record]) -> Decimal | None:
    """The number of the first stored line that is another than ours of that number, in any field that ours has."""
    stored = _by_number(there)
    for line in lines:
        held = stored.get(_number(line))
        if held is not None and not all(_equal(held.get(name), value) for name, value in line.items()):
            return _number(line)
    return None


def _by_number(lines: Sequence[Record]) -> Mapping[Decimal, Record]:
    return {_number(line): line for line in lines}


def _number(line: Record) -> Decimal:
    return Decimal(str(line["InvoiceLineNumber"]))


def _equal(held: Any, sent: Any) -> bool:
    """Texts as F&O compares them; numbers as far as F&O keeps their decimals, to the cent at least."""
    if isinstance(sent, (int, float, Decimal)) and isinstance(held, (int, float, Decimal)):
        ours, theirs = Decimal(str(sent)), Decimal(str(held))
        kept = min(_CENT, Decimal(1).scaleb(int(theirs.as_tuple().exponent)))
        return abs(theirs - ours) <= kept / 2
    return str("" if held is None else held).casefold() == str(sent).casefold()


def _same(row: Record, header: Record, name: str) -> bool:
    """Equal as F&O compares texts; a wildcard in a number may have found others."""
    return str(row.get(name) or "").casefold() == str(header[name]).casefold()
