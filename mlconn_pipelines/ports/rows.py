"""Values of records that are no documents, kept in step a collection at a time: where they are read, and where they are written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mlconn_pipelines.errors import DocumentRejected, Retryable

if TYPE_CHECKING:  # a Connector there has the parts of here
    from mlconn_pipelines.ports.records import ConnectionReport, Record


@dataclass(frozen=True, slots=True)
class Moved:
    """keys: of records whose values something moved. marks: how far that was read, by the name of what was looked at."""

    keys: Collection[str]
    marks: Mapping[str, str]


class RowSource(Protocol):
    """Records whose values move with no stamp of their own. Every method may raise the errors of `errors.py`."""

    def marks(self) -> Mapping[str, str]:
        """How far everything stands now: where `moved` goes on after all rows were read."""
        ...

    def moved(self, marks: Mapping[str, str], at_a_glance: bool = False) -> Moved:
        """Whatever moved since these marks, and maybe some that did not. Keys of others than `rows` gives out may be among them.

        at_a_glance: some of it will do, and the marks count for nothing then.
        """
        ...

    def check(self) -> Sequence[ConnectionReport]:
        """Whether all that is read for the rows may be read; for `mlconn check`."""
        ...

    def rows(self, keys: Collection[str] | None = None) -> Iterator[Sequence[Record]]:
        """The values of these records as they are now, or of all that there are, some at a time; a key that is gone is left out."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """A record that rows are written to. name: what people call it. currency: of its amounts, ISO 4217; empty where they have none."""

    key: str
    name: str
    currency: str = ""


class Targets(Protocol):
    def found(self, entity: str, by: str, codes: Collection[str]) -> Mapping[str, Sequence[Target]]:
        """Records of an entity by the code that they have in the field `by`; a code that no record has is left out."""
        ...

    def held(self, entity: str, by: str, fields: Sequence[str], keys: Collection[str] = ()) -> Iterator[Mapping[str, Any]]:
        """Every record that has a code in the field `by`, or those of them with these keys: its key as `Id`, and these fields as
        they are now."""
        ...

    def codes(self, entity: str, by: str, keys: Collection[str]) -> Sequence[str]:
        """What these records have in the field `by`."""
        ...


class RowResult(Protocol):
    """What became of one row. error: why it was not stored; Retryable where nothing is wrong with it."""

    @property
    def error(self) -> DocumentRejected | Retryable | None: ...


class CollectionTarget(Protocol):
    """Rows of one entity in one request. Safe to repeat."""

    def collections(self, entity: str, rows: Sequence[Record], by: str = "") -> Iterator[Sequence[Record]]:
        """The rows in parts that one request takes."""
        ...

    def upsert(self, entity: str, rows: Sequence[Record], by: str = "") -> Sequence[RowResult]:
        """One part, with a result for each row in their order. by: the field that tells records apart.

        Errors: OutcomeUnknown when no answer came; Retryable when nothing was stored; DocumentRejected of the whole request.
        """
        ...
