"""Reference data from the ERP into the ledger, versioned: whole sets by comparison, others by what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from mlconn_pipelines.documents.reference import ReferenceBook, ReferenceItem
from mlconn_pipelines.documents.storable import is_identity
from mlconn_pipelines.errors import NotStorable
from mlconn_pipelines.flows.horizon import Horizon, horizon
from mlconn_pipelines.flows.internal_errors import ends_the_run, internal_error
from mlconn_pipelines.flows.ports.entries import Run
from mlconn_pipelines.flows.route import System
from mlconn_pipelines.flows.tally import Tally
from mlconn_pipelines.ports.mapping import Change, Creation, ReferenceSet
from mlconn_pipelines.ports.records import Record

DROPPED_MAX = 10
"""So many rows may be missing from a set that is read whole without a second look."""

DROPPED_SHARE = 0.1
"""And so many of it."""


def refresh_reference(system: System, run: Run, names: Collection[str] = ()) -> Mapping[str, Tally]:
    """Read the named reference sets (all of them when none is named) and store what differs; a tally each."""
    wanted = [declared for declared in system.mapping.reference.sets if not names or declared.name in names]
    return {declared.name: _refresh(system, run, declared) for declared in wanted}


def _refresh(system: System, run: Run, declared: ReferenceSet) -> Tally:
    """No stamp moves the watermark beyond the clock; what is stamped ahead of it is read each time until the clock is there."""
    newest_of = partial(system.connector.reference.newest, declared.name)
    look = horizon(system.engine, system.connector.source, declared.name, newest_of)
    tally, odd = Tally(), Odd(declared)
    items = _read(system, declared, look, tally, odd)
    whole = declared.whole and not odd.rows  # a row that could not be read may be one that is known: nothing is dropped for it
    if whole:
        items = _read_once_more(system, declared, look, tally, items, odd)
        whole = not odd.rows
    watermark = look.watermark if look.has_moved and not declared.whole else None
    if items or whole or watermark:
        version = _store(system, run, declared, items, whole, watermark, odd)
        tally.add("items", len(items))
        tally.counts["version"] = version
    _tell_ahead(system, declared, tally.counts["ahead_of_the_clock"])
    _tell_odd(system, odd, tally)
    return tally


def _read(system: System, declared: ReferenceSet, look: Horizon, tally: Tally, odd: Odd) -> dict[str, ReferenceItem]:
    items: dict[str, ReferenceItem] = {}
    for page in system.connector.reference.items(declared.name, None if declared.whole else look.start):
        tally.add("read", len(page))
        sound = []
        for record in page:
            with odd.apart():
                found = _items_of(system, declared, record)
                look.is_ahead(record)
                items.update(found)
                sound.append(record)
        if look.passed(sound):
            tally.add("ahead_of_the_clock", sum(map(look.is_ahead, sound)))
    return items


def _store(
    system: System,
    run: Run,
    declared: ReferenceSet,
    items: Mapping[str, ReferenceItem],
    whole: bool,
    watermark: str | None,
    odd: Odd,
) -> int:
    """The newest version. Where the database refuses one row, each by itself; what is missing then is not dropped."""
    store = partial(system.engine.intake.store_reference, run, declared.name, declared.kind)
    try:
        return store(items, whole, watermark)
    except NotStorable:
        pass
    for key, item in items.items():
        with odd.apart():
            store({key: item}, False, None)
    return store({}, False, watermark)


@dataclass(slots=True)
class Odd:
    """Rows of a set that the code falls over, one after another. first: what is said of the first of them."""

    declared: ReferenceSet
    rows: int = 0
    first: str = ""

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What goes wrong in the block is this row's, unless it is about what all of them need."""
        try:
            yield
        except Exception as trouble:
            if ends_the_run(trouble):
                raise
            self.rows += 1
            if self.rows == 1:  # thousands of them would say the same
                what = f"a row of {self.declared.name}"
                self.first = internal_error(trouble, what.capitalize(), what, LEFT_AS_IT_WAS).message


LEFT_AS_IT_WAS = "What the ledger had of it stays; documents that need it may be held."


def _tell_odd(system: System, odd: Odd, tally: Tally) -> None:
    cause = f"reference_unreadable:{system.name}/{odd.declared.name}"
    if not odd.rows:
        system.engine.watch.resolve_alert(cause)
        return
    words = f"{odd.declared.name}: {odd.rows} rows could not be read, and none was dropped. {odd.first}"
    tally.add("unreadable", odd.rows)
    tally.problem(words)
    system.engine.watch.raise_alert(system.name, cause, words)


def _read_once_more(
    system: System,
    declared: ReferenceSet,
    look: Horizon,
    tally: Tally,
    items: dict[str, ReferenceItem],
    odd: Odd,
) -> dict[str, ReferenceItem]:
    """What a whole set counts as: the second read where the first one lacks so many rows that it may be no answer at all.

    An alert tells of rows that are gone indeed, until the set gives up no more of them.
    """
    known = system.engine.intake.reference_keys(system.name, declared.name)
    cause = f"reference_dropped:{system.name}/{declared.name}"
    first = len(known - items.keys())
    if not _too_many(first, len(known)):
        system.engine.watch.resolve_alert(cause)
        return items
    items = _read(system, declared, look, tally, odd)
    dropped = len(known - items.keys())
    tally.problem(
        f"{declared.name}: the ERP left out {first} of {len(known)} known rows, so the set was read once more; then it left out "
        f"{dropped}, which is what counts."
    )
    if _too_many(dropped, len(known)):
        system.engine.watch.raise_alert(
            system.name,
            cause,
            f"{declared.name}: {dropped} of {len(known)} rows are not in the ERP any more, by two reads. Documents that need them "
            "are put on hold. If nobody removed them, look at the account's rights and at what answers for the ERP.",
        )
    return items


def _too_many(dropped: int, known: int) -> bool:
    return dropped > DROPPED_MAX and dropped > known * DROPPED_SHARE


def _tell_ahead(system: System, declared: ReferenceSet, count: int) -> None:
    cause = f"ahead_of_the_clock:{system.name}/{declared.name}"
    if count:
        words = (
            f"{declared.name}: {count} records stamped ahead of the clock; they are read all the same, and so is what is newer"
        )
        system.engine.watch.raise_alert(
            system.name, cause, f"{words}. Look at the clock of the server and at its zone (erp.time_zone)."
        )
    elif not declared.whole:
        system.engine.watch.resolve_alert(cause)


Made = TypeVar("Made", Creation | None, Creation | Change)


def with_look_ups(system: System, run: Run, make: Callable[[ReferenceBook], Made]) -> tuple[Made, int]:
    """What `make` gives, and the reference version it was made with; what is missing is looked up in the ERP, and made again.

    What a look-up finds may lead to something else that is missing: a partner's new number to a new item.
    """
    book = system.engine.intake.reference_book(system.name)
    creation = make(book)
    asked: set[tuple[str, str]] = set()
    while creation is not None and (missing := set(creation.missing) - asked):
        asked |= missing
        if not look_up_missing(system, run, missing):
            break
        book = system.engine.intake.reference_book(system.name)
        creation = make(book)
    return creation, book.version


def look_up_missing(system: System, run: Run, missing: Iterable[tuple[str, str]]) -> bool:
    """Ask the ERP for the (kind, key) pairs that the book lacks, in one batch a set; True when any was found and stored."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    for kind, key in missing:
        by_kind[kind].add(key)
    found = False
    for declared in system.mapping.reference.sets:
        if not (keys := by_kind.get(declared.kind)):
            continue
        odd, items = Odd(declared), dict[str, ReferenceItem]()
        with odd.apart():
            for record in system.connector.reference.records(declared.name, sorted(filter(is_identity, keys))):
                with odd.apart():
                    items.update(_items_of(system, declared, record))
        if items:
            _store(system, run, declared, items, False, None, odd)
            found = True
    return found


def _items_of(system: System, declared: ReferenceSet, record: Record) -> dict[str, ReferenceItem]:
    """What the record says. ValueError where it has no key, or one that cannot be kept: cut or changed it would be another's."""
    if not record:
        raise ValueError("a row without any field")
    items = dict(system.mapping.reference.item(declared.name, record))
    if not all(key.strip("| ") and is_identity(key) for key in items):
        raise ValueError("no key, or one that cannot be kept")
    return items
