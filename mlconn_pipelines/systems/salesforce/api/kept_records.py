"""Records of an org that are kept up to date: searched by their fields, created by their external id, changed by their id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from mlconn_pipelines.ports.records import Condition, ConnectionReport, OurRecord, Record, RecordSource, Stored
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.reading import RecordReader
from mlconn_pipelines.systems.salesforce.api.soql import one_of, split_values
from mlconn_pipelines.systems.salesforce.api.writing import RecordWriter
from mlconn_pipelines.systems.salesforce.records.stamps import key_of

OF_ACCOUNT = "Account."
"""Before a field of the account that a record hangs on."""


class KeptRecords:
    """Implements MasterRecords."""

    def __init__(self, reader: RecordReader, writer: RecordWriter, descriptions: Descriptions) -> None:
        self._reader, self._writer, self._descriptions = reader, writer, descriptions

    def ours(self, entity: str, begins: str = "") -> RecordSource:
        """Salesforce keeps no reference of ours: all of them."""
        return self._reader

    def search(self, entity: str, conditions: Sequence[Condition], fields: Sequence[str] = ()) -> Iterator[Sequence[Record]]:
        """Only equality is asked for, in as few requests as it takes; deleted records are left out.

        An account that is asked for by a field of it (`Account.AccountNumber`) comes as a row of its own too, which has no `Id`:
        nothing may hang on it yet.
        """
        asked, seen = tuple(fields) or tuple(self._descriptions.selected(entity)), set[str]()
        if not conditions:
            yield from self._reader.query(entity, asked)
            return
        by_field: dict[str, list[str]] = defaultdict(list)
        for condition in dict.fromkeys(conditions):
            by_field[condition.field].append(condition.value)
        for field, values in by_field.items():
            for part in split_values(values):
                for rows in self._reader.query(entity, asked, one_of(field, part)):
                    yield [row for row in rows if key_of(row) not in seen]
                    seen.update(key_of(row) for row in rows)
                if field.startswith(OF_ACCOUNT):
                    own = field.removeprefix(OF_ACCOUNT)
                    for rows in self._reader.query("Account", ("Id", own), one_of(own, part)):
                        yield [{"AccountId": key_of(row), "Account": row} for row in rows]

    def check(self, fields: Sequence[str]) -> Sequence[ConnectionReport]:
        """What is mapped of an object is looked at with the connection."""
        return ()

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        return self._writer.find(entity, reference, payload, older_than_s)

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> Sequence[OurRecord]:
        return self._writer.under_reference(entity, reference, payload)

    def create(self, entity: str, payload: Record) -> Stored:
        return self._writer.create(entity, payload)

    def update(self, entity: str, key: str, changes: Record) -> Record:
        return self._writer.update(entity, key, changes)

    def reserve(self) -> None:
        self._writer.reserve()
