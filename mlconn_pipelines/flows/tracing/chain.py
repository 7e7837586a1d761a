"""Two steps of a document's way put together: what the mapping made of which inputs, and rendering or reading of which others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from mlconn_pipelines.flows.tracing.influences import How, Influences
from mlconn_pipelines.flows.tracing.places import Key, Path, column_of, leaf_at, leaves


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something came from.

    kind: `record` (of the ERP), `element` (of X12), `partner file`, `reference data`, `control number`, `time`, `count`,
    `our reference` or `constant`. place: in words, `DocumentLines[2].UnitPrice`. how: see `influences.How`.
    """

    kind: str
    place: str
    how: How = "value"

    def __str__(self) -> str:
        kind = "" if self.kind in ("record", "element") else f"{self.kind} of" if self.kind == "count" else self.kind
        said = f"{kind} {self.place}".strip()
        return {"sum": f"sum of {said}", "condition": f"if {said}"}.get(self.how, said)


@dataclass(frozen=True, slots=True)
class Traced:
    """One leaf of the end of the way. name: of its place, for people (`IT104`, `DocumentLines[0].ItemCode`).

    segment: number in the interchange or set, 0 for leaves of a payload. document: fields of the canonical document that it
    came through. origins: at least one.
    """

    name: str
    value: str
    document: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    segment: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """One leaf of the beginning of the way (a record's field, a received element). used_in: names of what came from it, none
    where it goes nowhere. document: fields of the canonical document that it decides."""

    name: str
    value: str
    used_in: tuple[str, ...] = ()
    document: tuple[str, ...] = ()
    segment: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """A document's way in both directions. segments: their texts, with `*` between elements whatever stands in the interchange.

    same_as_stored: what was traced is, byte for byte, what was sent; None where nothing was yet, or there is nothing to compare.
    """

    direction: str
    set_id: str
    traced: tuple[Traced, ...]
    sources: tuple[Source, ...] = ()
    segments: tuple[str, ...] = ()
    same_as_stored: bool | None = field(default=None)


Named = Callable[[Path], Origin]
"""An input leaf, or a column of them, as people call it."""


_SOURCES = ("document", "record")
"""Kinds of input whose conditions are told beside what other kinds of input a leaf is made of."""


def deciding(found: Mapping[Path, How], inputs: Any, value: Any) -> dict[Path, How]:
    """Of all inputs that decide a leaf those worth telling: of each kind what it copies, else what it is made of.

    Where there is neither, what it depends on being there at all.
    """
    text = _as_text(value)
    kinds: dict[Any, dict[Path, How]] = {}
    for path, how in found.items():
        kinds.setdefault(path[0], {})[path] = how
    told: dict[Path, How] = {}
    conditions: dict[Path, How] = {}
    for kind, of_kind in kinds.items():
        made_of = {path: how for path, how in of_kind.items() if how != "condition"}
        copied = [path for path in of_kind if text in (_as_text(leaf_at(inputs, path)), _key_of(path))]
        told |= made_of if "sum" in made_of.values() or not copied else dict.fromkeys(copied, "value")
        if not made_of and not copied and kind in _SOURCES:
            conditions |= of_kind
    return {**told, **conditions} or dict(found)


def _key_of(path: Path) -> str:
    """A partner file's tables are read backwards too: what comes out is then the key."""
    return str(path[-1].of) if isinstance(path[-1], Key) else ""


def origins_of(chosen: Mapping[Path, How], inputs: Any, named: Named) -> tuple[Origin, ...]:
    """As origins; all rows of one column together as `[*]`."""
    told: dict[Origin, None] = {}
    for path, how in gathered(chosen, inputs).items():
        told[replace(named(path), how=how)] = None
    return tuple(told)


def gathered(chosen: Mapping[Path, How], inputs: Any) -> dict[Path, How]:
    """Paths in order; where all rows of a column are among them, the column in their place."""
    columns: dict[Path, list[Path]] = {}
    for path in chosen:
        columns.setdefault(column_of(path), []).append(path)
    sizes: dict[Path, int] = {}
    if any(len(rows) > 1 for rows in columns.values()):
        for path, _ in leaves(inputs):
            sizes[column_of(path)] = sizes.get(column_of(path), 0) + 1
    told: dict[Path, How] = {}
    for column, rows in columns.items():
        whole = len(rows) > 1 and len(rows) == sizes[column]
        told |= {column: chosen[rows[0]]} if whole else {path: chosen[path] for path in rows}
    return told


def chosen_of(influences: Influences, inputs: Any, results: Any) -> dict[Path, dict[Path, How]]:
    """`deciding` for every leaf of the results; an empty one where nothing decides it."""
    return {path: deciding(influences.get(path, {}), inputs, value) for path, value in leaves(results)}


def inverted(links: Mapping[Path, Iterable[Path]]) -> dict[Path, list[Path]]:
    """From end to beginning turned round."""
    back: dict[Path, list[Path]] = {}
    for end, beginnings in links.items():
        for beginning in beginnings:
            back.setdefault(beginning, []).append(end)
    return back


def shown(value: Any) -> str:
    """A leaf as people see it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _as_text(value: Any) -> str:
    """A value as X12 would write it, so that a copy is told from a conversion: dates without dashes, numbers without zeros."""
    text = shown(value).strip()
    if len(text) >= 10 and text[4] == text[7] == "-" and text[:4].isdigit():
        return text[:10].replace("-", "")
    if isinstance(value, (int, float, Decimal)) or text.startswith(tuple("123456789")):
        try:
            return f"{Decimal(text).normalize():f}"
        except ArithmeticError:
            return text
    return text
