"""Reads a query string's OData options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_plus


class OptionUnreadable(ValueError):
    """The text names the option and what was wrong with it."""


@dataclass(frozen=True)
class Options:
    """order: property and whether it descends. others: options without a dollar sign, names in lower case.

    raw: name and still encoded text of each option, for links to the next page.
    """

    filter: str = ""
    select: tuple[str, ...] = ()
    expand: tuple[Expansion, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    skip_token: str = ""
    schema_version: str = ""
    others: dict[str, str] = field(default_factory=dict)
    raw: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Expansion:
    name: str
    options: Options


_KNOWN = ("$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count", "$skiptoken", "$schemaversion")


def read_options(query_string: str) -> Options:
    """Errors: OptionUnreadable.

    >>> read_options("$top=5&$expand=lines($select=id;$expand=item),customer").expand[0].options.expand[0].name
    'item'
    """
    raw = []
    for part in filter(None, query_string.split("&")):
        name, _, text = part.partition("=")
        raw.append((unquote_plus(name), text))
    return _options({name: unquote_plus(text) for name, text in raw}, tuple(raw))


def _options(given: dict[str, str], raw: tuple[tuple[str, str], ...] = ()) -> Options:
    for name in given:
        if name.startswith("$") and name not in _KNOWN:
            raise OptionUnreadable(f"The query parameter '{name}' is not supported.")
    select = tuple(name.strip() for name in given.get("$select", "").split(",") if name.strip())
    return Options(
        filter=given.get("$filter", "").strip(),
        select=() if select == ("*",) else select,
        expand=tuple(_expansion(part) for part in _split(given.get("$expand", ""), ",")),
        order=tuple(_order(part) for part in given.get("$orderby", "").split(",") if part.strip()),
        top=_whole(given, "$top"),
        skip=_whole(given, "$skip") or 0,
        count=given.get("$count", "").lower() == "true",
        skip_token=given.get("$skiptoken", ""),
        schema_version=given.get("$schemaversion", ""),
        others={name.lower(): text for name, text in given.items() if not name.startswith("$")},
        raw=raw,
    )


def _expansion(part: str) -> Expansion:
    name, bracket, inside = part.strip().partition("(")
    if not bracket:
        return Expansion(name.strip(), Options())
    if not inside.endswith(")"):
        raise OptionUnreadable(f"$expand: a bracket is missing in '{part.strip()}'.")
    given = {}
    for option in _split(inside[:-1], ";"):
        option_name, _, text = option.partition("=")
        given[option_name.strip()] = text
    return Expansion(name.strip(), _options(given))


def _split(text: str, mark: str) -> Iterator[str]:
    """Parts between marks that stand outside brackets and quotes."""
    depth, start, quoted = 0, 0, False
    for place, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif not quoted:
            depth += (sign == "(") - (sign == ")")
            if sign == mark and depth == 0:
                yield text[start:place]
                start = place + 1
    if text[start:].strip():
        yield text[start:]


def _order(part: str) -> tuple[str, bool]:
    words = part.split()
    if len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
        raise OptionUnreadable(f"$orderby: '{part.strip()}' cannot be read.")
    return words[0], words[1:] == ["desc"]


def _whole(given: dict[str, str], name: str) -> int | None:
    if name not in given:
        return None
    if not given[name].isdecimal():
        raise OptionUnreadable(f"Invalid value '{given[name]}' for {name} query option found. It must be a whole number.")
    return int(given[name])
