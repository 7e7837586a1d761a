"""All pages of a set by the server's links, each asked for until it is one that can follow those before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

from mlconn_pipelines.errors import ConnectorError, Retryable
from mlconn_pipelines.transport.odata import Page

PAGES_MAX = 100_000

Check = Callable[[Page], None]
"""Raises Retryable for a page that cannot be right, so that it is asked for again."""

ReadPage = Callable[[str, Check], Page]
"""The page at a path or link, read again until the check is content. The link of the page is one that can be read so."""


Join = Callable[[str, str], str]
"""What was asked for, and a link in the answer to it, to the path that the link leads to."""


def by_links(
    read: ReadPage, path: str, system: str, entity: str, join: Join, first: Page | None = None
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Pages from `path` on. first: the page there, where it was read before. entity: for people.

    A page that leads back to one that was read is that one once more, or a link that turns in a circle: what lies behind it
    would be lost. One that was announced and holds nothing is asked for once more; rows may have gone meanwhile.
    Errors: Retryable when the server goes on answering so.
    """
    seen = {_address(path)}

    def leads_on(page: Page) -> None:
        if page.link is not None and _address(join(path, page.link)) in seen:
            raise Retryable(f"{system}: the pages of {entity} lead back to one that was read")

    for number in range(PAGES_MAX):
        page = first if first is not None and number == 0 else read(path, leads_on)
        if number and not page.rows:
            page = read(path, leads_on)
        yield page.rows
        if page.link is None:
            return
        path = join(path, page.link)
        seen.add(_address(path))
    raise ConnectorError(f"{system}: {entity} has over {PAGES_MAX} pages", hint="Read it in smaller parts, or raise page_size.")


def _address(link: str) -> tuple[str, ...]:
    """What tells pages apart, however a link is written.

    >>> _address("Orders?$skip=20&$filter=a%20eq%201") == _address("https://host/v2/Orders?$filter=a+eq+1&$skip=20")
    True
    """
    path, _, query = link.partition("?")
    return (unquote(path).rpartition("/")[2], *(f"{name}={value}" for name, value in sorted(parse_qsl(query))))
