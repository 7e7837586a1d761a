"""One loop over the pages of a set. A pager knows where the next page is, and which page cannot follow those before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, unquote

from mlconn_pipelines.errors import ConnectorError, Retryable
from mlconn_pipelines.transport.http import query
from mlconn_pipelines.transport.odata import Dialect, Page, Value, all_of

PAGES_MAX = 100_000


class Rows(Protocol):
    """A page of any form."""

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]: ...


P = TypeVar("P", bound=Rows)
OneOf = TypeVar("OneOf", bound=Rows, contravariant=True)

ReadPage = Callable[[str, Callable[[P], None]], P]
"""The page at a path or link, read again until the check is content: it raises Retryable for one that cannot be right."""

Join = Callable[[str, str], str]
"""What was asked for, and a link in the answer to it, to the path that the link leads to."""


class Pager(Protocol[OneOf]):
    """path: of the page to read now."""

    path: str
    asks_again: bool
    """A page that was announced and holds nothing is asked for once more; rows may have gone meanwhile."""

    def check(self, page: OneOf) -> None:
        """Raises Retryable for a page that cannot follow those before it."""
        ...

    def advance(self, page: OneOf) -> bool:
        """Go on behind this page; False after the last one."""
        ...


def pages(read: ReadPage[P], pager: Pager[P], system: str, entity: str, first: P | None = None) -> Iterator[P]:
    """All pages. first: the first one, where it was read before. entity: for people. Errors: as `read`; ConnectorError."""
    for number in range(PAGES_MAX):
        page = first if first is not None and number == 0 else read(pager.path, pager.check)
        if number and pager.asks_again and not page.rows:
            page = read(pager.path, pager.check)
        yield page
        if not pager.advance(page):
            return
    raise ConnectorError(f"{system}: {entity} has over {PAGES_MAX} pages", hint="Read it in smaller parts, or raise page_size.")


class LinkPager:
    """By the server's own links. join: as of `Http.joined`.

    A page that leads back to one that was read is that one once more, or a link that turns in a circle: what lies behind it
    would be lost.
    """

    asks_again = True

    def __init__(self, path: str, join: Join, system: str, entity: str) -> None:
        self.path, self._join, self._named = path, join, f"{system}: the pages of {entity}"
        self._seen = {_address(path)}

    def check(self, page: Page) -> None:
        if page.link is not None and _address(self._join(self.path, page.link)) in self._seen:
            raise Retryable(f"{self._named} lead back to one that was read")

    def advance(self, page: Page) -> bool:
        if page.link is None:
            return False
        self.path = self._join(self.path, page.link)
        self._seen.add(_address(self.path))
        return True


class KeyPager:
    """By the key of the last row, so that rows that come or go meanwhile move no others. No link is followed.

    newest_first: from the highest key down. The first answer then is a fixed upper bound: what is added later is not read, and
    reading ends however fast rows are added.
    """

    asks_again = True

    def __init__(
        self,
        system: str,
        entity: str,
        key: str,
        dialect: Dialect,
        where: str = "",
        select: Sequence[str] = (),
        newest_first: bool = False,
    ) -> None:
        self._system, self._entity, self._key, self._dialect = system, entity, key, dialect
        self._where, self._select = where, ",".join(select)
        self._order, self._beyond = (f"{key} desc", "lt") if newest_first else (key, "gt")
        self._seen = set[Value]()
        self.path = self._path(None)

    def check(self, page: Page) -> None:
        if not self._seen.isdisjoint(self._keys(page)):
            raise Retryable(f"{self._system}: a page of {self._entity} holds rows that were read before")

    def advance(self, page: Page) -> bool:
        if page.link is None or not page.rows:
            return False
        keys = self._keys(page)
        if not keys:
            raise Retryable(f"{self._system}: no row of a page of {self._entity} has a {self._key}, and more pages are to come")
        self._seen.update(keys)
        self.path = self._path(keys[-1])
        return True

    def _path(self, last: Value) -> str:
        where = self._where if last is None else all_of(self._where, self._dialect.compare(self._key, self._beyond, last))
        parameters = {"$select": self._select, "$filter": where, "$orderby": self._order}
        return self._entity + query({name: value for name, value in parameters.items() if value})

    def _keys(self, page: Page) -> list[str | int]:
        """Those that can be asked beyond; a row without one is told of by whoever reads it."""
        return [row[self._key] for row in page.rows if isinstance(row.get(self._key), (str, int))]


def _address(link: str) -> tuple[str, ...]:
    """What tells pages apart, however a link is written.

    >>> _address("Orders?$skip=20&$filter=a%20eq%201") == _address("https://host/v2/Orders?$filter=a+eq+1&$skip=20")
    True
    """
    path, _, query = link.partition("?")
    return (unquote(path).rpartition("/")[2], *(f"{name}={value}" for name, value in sorted(parse_qsl(query))))
