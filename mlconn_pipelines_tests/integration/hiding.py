"""A source that lists records and does not give them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.ports.records import Record


@dataclass
class Hiding:
    """A source that lists some records and does not give them out. hidden: by key what it answers, None for an empty list.

    Everything else is the connector's, before its simulated system.
    """

    source: Any
    key_of: Callable[[Record], str]
    hidden: dict[str, ConnectorError | None] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        self.asked.append(list(keys))
        for key in keys:
            if (trouble := self.hidden.get(key)) is not None:
                raise trouble
        for record in self.source.records(entity, keys):
            if self.key_of(record) not in self.hidden:
                yield record

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)
