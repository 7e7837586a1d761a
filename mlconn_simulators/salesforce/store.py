"""The org's records in memory: by id, stamped in whole seconds, deleted ones kept in the bin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mlconn_simulators.salesforce.errors import ApiError
from mlconn_simulators.salesforce.schema import OBJECTS, Values
from mlconn_simulators.utc_clock import UtcClock

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
DAYS_IN_BIN = 15


def long_id(short: str) -> str:
    """The 18 characters of an id that are told apart without regard to case.

    >>> long_id("0015g00000ABcdE")
    '0015g00000ABcdEAAT'
    """
    groups = (short[start : start + 5] for start in (0, 5, 10))
    return short[:15] + "".join(_CHECKS[sum(sign.isupper() << place for place, sign in enumerate(group))] for group in groups)


@dataclass(eq=False)
class Record:
    """One record. seen_from: its last change is committed then; until then queries do not find it, as in a slow transaction."""

    entity: str
    values: Values
    seen_from: dt.datetime
    deleted_at: dt.datetime | None = None

    @property
    def id(self) -> str:
        return str(self.values["Id"])


_Before = dict[Record, tuple[Values, dt.datetime | None] | None]
"""What records were before a block began to write, None for those that it made."""


class Store:
    def __init__(self, clock: UtcClock, user_id: str = "") -> None:
        self.clock, self.user_id = clock, user_id
        """By whom records are made and changed."""
        self.person_id = ""
        """Somebody who works in the org."""
        self.commit_delay_s = 0.0
        """From now on changes are committed so much later than they are stamped."""
        self.records: dict[str, dict[str, Record]] = {name: {} for name in OBJECTS}
        self._numbers = 0
        self._by_value: dict[tuple[str, str], dict[str, dict[str, Record]]] = {
            (name, each.name): {}
            for name, of in OBJECTS.items()
            for each in of.fields.values()
            if each.external or each.children
        }
        """External ids and references to parents, as they are looked for: value to records by id, deleted ones too."""
        self._before: _Before | None = None
        self.watch: Callable[[Record, tuple[Values, dt.datetime | None] | None], None] = lambda record, held: None
        """Told of every record before it is written, and what it was; None of a new one."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that the block writes, or nothing of it where it raises."""
        outer = self._before
        before: _Before = {}
        self._before = before
        try:
            yield
        except BaseException:
            for record, held in before.items():
                if held is None:
                    self.purge(record)
                else:
                    self._take_out(record)
                    record.values, record.deleted_at = held
                    self._put_in(record)
            raise
        else:
            if outer is not None:
                outer.update(before | outer)
        finally:
            self._before = outer

    def new_id(self, entity: str) -> str:
        self._numbers += 1
        number, digits = self._numbers, ""
        for _ in range(8):
            number, rest = divmod(number, 62)
            digits = _DIGITS[rest] + digits
        return long_id(f"{OBJECTS[entity].prefix}gR00{digits}")

    def add(self, entity: str, values: Values) -> Record:
        """A new record; fields that are not given are null, booleans False."""
        stamp = self._stamp()
        empty: Values = {name: False if each.type == "boolean" else None for name, each in OBJECTS[entity].fields.items()}
        system: Values = {"Id": self.new_id(entity), "CreatedDate": stamp, "CreatedById": self.user_id}
        record = Record(entity, empty | values | system, self._commits_at())
        self.records[entity][record.id] = record
        self._put_in(record)
        if self._before is not None:
            self._before[record] = None
        self.watch(record, None)
        self.touch(record)
        return record

    def write(self, record: Record, values: Values) -> None:
        self._remember(record)
        self.set(record, values)
        record.seen_from = self._commits_at()
        self.touch(record)

    def set(self, record: Record, values: Values) -> None:
        """Change values without a stamp, as the org does with what hung on a merged account."""
        self._take_out(record)
        record.values.update(values)
        self._put_in(record)

    def touch(self, record: Record, by_system: bool = False) -> None:
        """by_system: an automated change, which moves SystemModstamp alone."""
        self.watch(record, (dict(record.values), record.deleted_at))
        record.values["SystemModstamp"] = self._stamp()
        if not by_system:
            record.values |= {"LastModifiedDate": self._stamp(), "LastModifiedById": self.user_id}

    def delete(self, record: Record) -> None:
        self._remember(record)
        self.touch(record)
        record.values["IsDeleted"], record.deleted_at = True, self.clock.now()

    def purge(self, record: Record) -> None:
        """A hard delete: nothing tells of it any more."""
        self._take_out(record)
        del self.records[record.entity][record.id]

    def all(self, entity: str, deleted: bool = False) -> Iterator[Record]:
        """What can be seen now. deleted: those in the bin too."""
        now = self.clock.now()
        for record in list(self.records[entity].values()):
            if record.seen_from <= now and (deleted or record.deleted_at is None):
                yield record

    def find(self, entity: str, record_id: object) -> Record | None:
        """Also a deleted one; an id of 15 characters does as well."""
        known = str(record_id or "")
        return self.records[entity].get(long_id(known) if len(known) == 15 else known)

    def get(self, entity: str, record_id: str) -> Record:
        """Errors: 404 NOT_FOUND, MALFORMED_ID for no id at all, ENTITY_IS_DELETED for one in the bin."""
        record = self.find(entity, record_id)
        if record is None:
            if len(record_id) not in (15, 18) or not record_id.isalnum():
                raise ApiError(400, "MALFORMED_ID", f"{entity} ID: id value of incorrect type: {record_id}", ["Id"])
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        if record.deleted_at is not None:
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted")
        return record

    def having(self, entity: str, name: str, value: object) -> list[Record]:
        """Living records with this value in a field; case does not count, as with external ids."""
        wanted = str(value).lower()
        if (index := self._by_value.get((entity, name))) is not None:
            return [record for record in index.get(wanted, {}).values() if record.deleted_at is None]
        return [
            each
            for each in self.records[entity].values()
            if each.deleted_at is None and str(each.values[name]).lower() == wanted
        ]

    def _put_in(self, record: Record) -> None:
        for name, of in OBJECTS[record.entity].fields.items():
            if (of.external or of.children) and (value := record.values[name]) is not None:
                self._by_value[record.entity, name].setdefault(str(value).lower(), {})[record.id] = record

    def _take_out(self, record: Record) -> None:
        for name, of in OBJECTS[record.entity].fields.items():
            if (of.external or of.children) and (value := record.values[name]) is not None:
                self._by_value[record.entity, name].get(str(value).lower(), {}).pop(record.id, None)

    def _remember(self, record: Record) -> None:
        self.watch(record, (dict(record.values), record.deleted_at))
        if self._before is not None:
            self._before.setdefault(record, (dict(record.values), record.deleted_at))

    def _stamp(self) -> dt.datetime:
        return self.clock.now().replace(microsecond=0)

    def _commits_at(self) -> dt.datetime:
        return self.clock.now() + dt.timedelta(seconds=self.commit_delay_s)
