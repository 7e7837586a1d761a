"""The trading partners of an integration, found by whatever a record or an interchange names them by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from mlconn_pipelines.flows.ports.partner import Partner


class Partners:
    """Immutable; look-ups are dictionary look-ups."""

    def __init__(self, partners: Iterable[Partner]) -> None:
        self._by_name = {partner.name: partner for partner in partners}
        self._by_code = {
            (kind, code): partner
            for partner in self._by_name.values()
            for kind in ("customer", "supplier")
            for code in partner.codes(kind)
        }
        self._by_interchange = {
            (guide.their_qualifier, guide.their_id, guide.our_qualifier, guide.our_id): partner
            for partner in self._by_name.values()
            for guide in (partner.guide,)
        }

    def __iter__(self) -> Iterator[Partner]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Partner | None:
        return self._by_name.get(name)

    def with_code(self, kind: Literal["customer", "supplier"], code: str) -> Partner | None:
        """The partner whose code in the ERP this is."""
        return self._by_code.get((kind, code))

    def sending_as(self, qualifier: str, id: str, our_qualifier: str, our_id: str) -> Partner | None:
        """The partner behind an interchange's sender, addressed to us by the receiver ids of that partner's guide."""
        return self._by_interchange.get((qualifier, id, our_qualifier, our_id))
