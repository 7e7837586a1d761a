"""Why a document would differ: which setting of the partner's file, or the mapping, changed which element. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.backtesting.deliveries import AROUND, delivered_differences
from mlconn_pipelines.flows.backtesting.rerendering import Rerendered, rerender
from mlconn_pipelines.flows.backtesting.settings import ChangedSetting, changed_settings
from mlconn_pipelines.flows.ports.history import SentDocument
from mlconn_pipelines.flows.translation import Translation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.comparing import Difference

PROGRAM = "mapping"
"""The configuration is the one that the document was checked with, so the program is another."""
SINCE = "mapping, or a setting that changed since it was sent"
INTEGRATION = "settings of the integration"
TOGETHER = "several settings together"
MESSAGE = "api_provider of the partner file"
CODES = "partners of the integration, or codes of a partner file"

ALIKE_MAX = 12
"""So many documents of one partner that differ in the same places are looked into; if all had the same causes, so have the others."""

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would differ. place: `BIG07`, `PID` for a whole segment, `file name` or `folder`."""

    kind: str
    place: str
    before: str
    after: str
    cause: str


@dataclass(slots=True)
class _Alike:
    """Documents of one partner that differ in the same places. causes: by kind and place; steady: the same in all of them."""

    seen: int = 0
    steady: bool = True
    causes: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        return self.steady and self.seen >= ALIKE_MAX

    def learn(self, found: Sequence[Difference], causes: Mapping[_Key, str]) -> None:
        self.seen += 1
        for one in found:
            self._learn((one.kind, one.place), causes[_key(one)])

    def learn_one(self, place: tuple[str, str], cause: str) -> None:
        self.seen += 1
        self._learn(place, cause)

    def _learn(self, place: tuple[str, str], cause: str) -> None:
        self.steady &= self.causes.setdefault(place, cause) == cause


class Causes:
    """changed: the integration as it is tried. base: of the configuration in force, where that is another one."""

    def __init__(self, changed: Translation, base: Translation | None) -> None:
        self._changed, self._base = changed, base
        self._settings = cache(self._settings_of)
        self._alike: dict[Any, _Alike] = {}

    def of(self, sent: SentDocument, book: ReferenceBook, now: Rerendered) -> list[Change]:
        """What differs between the delivery and what would be delivered now, each with its cause; content must be there."""
        assert now.content is not None
        found = delivered_differences(sent.content, now.content)
        changes = list(self._explained(sent, book, found))
        for place, before, after in (
            ("folder", sent.destination, now.destination),
            ("file name", sent.file_name, now.file_name),
        ):
            if before != after:
                changes.append(Change("changed", place, before, after, "partner file"))
        return changes

    def _explained(self, sent: SentDocument, book: ReferenceBook, found: Sequence[Difference]) -> Iterator[Change]:
        row = sent.document
        shape = (
            row.flow,
            row.partner_code,
            row.partner,
            self._program(sent),
            frozenset((one.kind, one.place) for one in found),
        )
        alike = self._alike.setdefault(shape, _Alike())
        if alike.is_known:
            yield from (_change(one, alike.causes[one.kind, one.place]) for one in found)
            return
        causes = self._causes(sent, book, found)
        alike.learn(found, causes)
        yield from (_change(one, causes[_key(one)]) for one in found)

    def _causes(self, sent: SentDocument, book: ReferenceBook, found: Sequence[Difference]) -> dict[_Key, str]:
        """Of each difference, found out by putting back one changed setting after the other."""
        unexplained = dict.fromkeys(map(_key, found))
        before = rerender(self._base, sent, book) if self._base is not None else None
        if before is None or before.content is None:
            return dict.fromkeys(unexplained, self._program(sent))
        own = set(map(_key, delivered_differences(sent.content, before.content)))
        causes = {key: self._program(sent) for key in unexplained if key in own}
        for setting in self._settings_for(sent):
            if len(causes) == len(unexplained):
                break
            without = rerender(self._changed, sent, book, setting.put_back)
            if without.content is not None:
                still = set(map(_key, delivered_differences(sent.content, without.content)))
                causes |= {key: setting.name for key in unexplained if key not in causes and key not in still}
        rest = TOGETHER if self._settings_for(sent) else INTEGRATION
        return {key: causes.get(key, MESSAGE if AROUND in key else rest) for key in unexplained}

    def of_refusal(self, sent: SentDocument, book: ReferenceBook, now: Rerendered) -> str:
        """The one setting without which it would not be refused, else the mapping."""
        if now.partner is None:
            return CODES
        row = sent.document
        code = now.refusal.code if now.refusal else ""
        alike = self._alike.setdefault((row.flow, row.partner_code, row.partner, self._program(sent), code), _Alike())
        if alike.is_known:
            return alike.causes["refused", code]
        cause = self._cause_of_refusal(sent, book)
        alike.learn_one(("refused", code), cause)
        return cause

    def _cause_of_refusal(self, sent: SentDocument, book: ReferenceBook) -> str:
        if self._base is None or rerender(self._base, sent, book).refusal is not None:
            return self._program(sent)
        for setting in self._settings_for(sent):
            if rerender(self._changed, sent, book, setting.put_back).refusal is None:
                return setting.name
        return TOGETHER if self._settings_for(sent) else INTEGRATION

    def _program(self, sent: SentDocument) -> str:
        in_force = self._base or self._changed
        return PROGRAM if sent.config_hash == in_force.config_hash else SINCE

    def _settings_for(self, sent: SentDocument) -> list[ChangedSetting]:
        row = sent.document
        return self._settings(row.flow, row.partner_code, row.partner)

    def _settings_of(self, flow: str, code: str, name: str) -> list[ChangedSetting]:
        """Between the two configurations; none where there is only one, or where the partner is in one of them only."""
        if self._base is None:
            return []
        before, after = (_partner(translation, flow, code, name) for translation in (self._base, self._changed))
        return changed_settings(before, after) if before and after else []


def _partner(translation: Translation, flow: str, code: str, name: str) -> Partner | None:
    declared = translation.mapping.outbound.sets.get(flow)
    return translation.partners.receiving(declared, code) if declared else translation.partners.named(name)


def _change(one: Difference, cause: str) -> Change:
    return Change(one.kind, one.place, one.before, one.after, cause)


def _key(one: Difference) -> _Key:
    """The same difference between the same text and another one."""
    return one.kind, str(one.segment_before), one.place, one.before, one.after
