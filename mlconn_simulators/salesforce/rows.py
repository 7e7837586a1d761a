"""sObject Collections: up to 200 records in one request, each with a result of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from mlconn_simulators.faults import Fault
from mlconn_simulators.salesforce.errors import ApiError
from mlconn_simulators.salesforce.profiles import Access
from mlconn_simulators.salesforce.schema import SObject, Values
from mlconn_simulators.salesforce.store import Record, Store
from mlconn_simulators.salesforce.writing import Matches, Writer

ROWS_MAX, RUNS_MAX = 200, 10
Struck = Callable[[int], ApiError | None]


class Collections:
    """struck: what a fault does to the row of this place."""

    def __init__(self, store: Store, access: Access, writer: Writer) -> None:
        self._store, self._access, self._writer = store, access, writer

    def create(self, body: Values, struck: Struck, allow_duplicate: bool) -> list[Values]:
        """Errors: ApiError 400 for a body that is not one."""

        def one(row: Values) -> Values:
            record = self._writer.create(self._typed(row), row, allow_duplicate)
            return {"id": record.id, "success": True, "errors": []}

        return self._each(_rows(body), one, struck, body)

    def update(self, body: Values, struck: Struck) -> list[Values]:
        def one(row: Values) -> Values:
            of = self._typed(row)
            key = next((name for name in row if name.lower() == "id"), None)
            if key is None:
                raise ApiError(400, "MISSING_ARGUMENT", "Id not specified in an update call")
            record = self._store.get(of.name, str(row[key]))
            self._writer.update(of, record, {name: value for name, value in row.items() if name != key})
            return {"id": record.id, "success": True, "errors": []}

        return self._each(_rows(body), one, struck, body)

    def upsert(self, of: SObject, name: str, body: Values, struck: Struck, allow_duplicate: bool) -> list[Values]:
        field = self._writer.external_id(of, name)
        rows = _rows(body)
        given = Counter(str(row.get(field.name, "")).lower() for row in rows)

        def one(row: Values) -> Values:
            if self._typed(row) is not of:
                raise ApiError(400, "INVALID_TYPE", f"The type of the record is not {of.name}")
            value = row.get(field.name)
            if value in (None, ""):
                raise ApiError(400, "MISSING_ARGUMENT", f"{field.name} not specified")
            if given[str(value).lower()] > 1:
                raise ApiError(400, "DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [field.name])
            rest = {key: other for key, other in row.items() if key != field.name}
            record, created = self._writer.upsert(of, field, str(value), rest, allow_duplicate)
            return {"id": record.id, "success": True, "errors": [], "created": created}

        return self._each(rows, one, struck, body)

    def delete(self, ids: Sequence[str], all_or_none: bool, struck: Struck) -> list[Values]:
        _check_count(len(ids))

        def one(row: Values) -> Values:
            record = self._record(row["id"])
            self._writer.delete(self._access.object(record.entity), record)
            return {"id": record.id, "success": True, "errors": []}

        return self._each([{"id": each} for each in ids], one, struck, {"allOrNone": all_or_none})

    def _record(self, record_id: str) -> Record:
        of = next((each for each in self._access.objects() if record_id.startswith(each.prefix)), None)
        if of is None:
            raise ApiError(400, "MALFORMED_ID", f"malformed id {record_id}")
        return self._store.get(of.name, record_id)

    def _typed(self, row: Values) -> SObject:
        attributes = row.get("attributes")
        if not isinstance(attributes, dict) or not attributes.get("type"):
            raise ApiError(400, "INVALID_TYPE", "An object type has to be specified in attributes.type of every record")
        return self._access.object(str(attributes["type"]))

    def _each(self, rows: list[Values], one: Callable[[Values], Values], struck: Struck, body: Values) -> list[Values]:
        """Every row by itself; with allOrNone a row that fails takes all others with it."""
        results: list[Values] = []
        if body.get("allOrNone") is not True:
            return [self._row(row, one, struck(place)) for place, row in enumerate(rows)]
        try:
            with self._store.together():
                results = [self._row(row, one, struck(place)) for place, row in enumerate(rows)]
                if not all(result["success"] for result in results):
                    raise _RolledBack
        except _RolledBack:
            undone = ApiError(
                400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid."
            )
            return [_failed(undone) if result["success"] else result for result in results]
        return results

    def _row(self, row: Values, one: Callable[[Values], Values], fault: ApiError | None) -> Values:
        if fault is not None:
            return _failed(fault)
        try:
            return one(row)
        except Matches as several:
            return _failed(ApiError(400, "DUPLICATE_EXTERNAL_ID", f"external id matches {len(several.records)} records"))
        except ApiError as error:
            return _failed(error)


class _RolledBack(Exception):
    """Some row failed, and all or none was asked for."""


def struck_rows(fault: Fault | None, error: ApiError) -> Struck:
    """Rows that a fault strikes: option `rows`, places from 0; only the first where it is not given."""
    places = set(fault.options.get("rows", [0])) if fault else set()
    return lambda place: error if place in places else None


def _failed(error: ApiError) -> Values:
    return {"success": False, "errors": [error.as_result()]}


def _rows(body: Values) -> list[Values]:
    rows: Any = body.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ApiError(400, "JSON_PARSER_ERROR", "records must be an array of objects")
    _check_count(len(rows))
    if sum(1 for _ in groupby(str(row.get("attributes")) for row in rows)) > RUNS_MAX:
        raise ApiError(400, "LIMIT_EXCEEDED", f"Cannot have more than {RUNS_MAX} chunks in a single operation.")
    return rows


def _check_count(count: int) -> None:
    if count > ROWS_MAX:
        message = f"record limit reached. cannot submit more than {ROWS_MAX} records in this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)
