"""How the content of an ERP's records is hashed, over the versions of what is hashed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class ContentHashing(Protocol):
    """Hashes over the declared projection of one entity's records, which says what of them counts as a change.

    A projection may grow from release to release. Hashes of two versions say nothing of each other, so the ledger keeps the version
    beside each hash, and makes one of another version again before it compares.
    """

    @property
    def version(self) -> str:
        """Of the projection today. Empty stands for the projection of the releases that kept no version."""
        ...

    def of(self, record: Mapping[str, Any]) -> str:
        """Today's hash."""
        ...

    def as_of(self, version: str, record: Mapping[str, Any]) -> str | None:
        """The hash by the projection of that version; None where it is not known any more."""
        ...

    def again(self, stored: Mapping[str, Any], now: Mapping[str, Any], version: str) -> str:
        """Today's hash of a stored record whose hash is of that version; what it lacks of newer fields is taken from `now`."""
        ...
