"""Why a document would differ: which setting of the partner's file, or the mapping, changed which element. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.backtesting.deliveries import AROUND, delivered_differences
from mlconn_pipelines.flows.backtesting.rerendering import Rerendered, rerender
from mlconn_pipelines.flows.backtesting.settings import ChangedSetting, changed_settings
from mlconn_pipelines.flows.ports.history import SentDocument
from mlconn_pipelines.flows.ports.partner import Partner
from mlconn_pipelines.flows.translation import Translation
from mlconn_pipelines.x12.comparing import Difference

PROGRAM = "mapping"
"""The configuration is the one that the document was checked with, so the program is another."""
SINCE = "mapping, or a setting that changed since it was sent"
INTEGRATION = "settings of the integration"
TOGETHER = "several settings together"
MESSAGE = "api_provider of the partner file"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would differ. place: `BIG07`, `PID` for a whole segment, `file name` or `folder`."""

    kind: str
    place: str
    before: str
    after: str
    cause: str


class Causes:
    """changed: the integration as it is tried. base: of the configuration in force, where that is another one."""

    def __init__(self, changed: Translation, base: Translation | None) -> None:
        self._changed, self._base = changed, base
        self._settings = cache(self._settings_of)

    def of(self, sent: SentDocument, book: ReferenceBook, now: Rerendered) -> list[Change]:
        """What differs between the delivery and what would be delivered now, each with its cause; content must be there."""
        assert now.content is not None
        found = delivered_differences(sent.content, now.content)
        changes = list(self._explained(sent, book, now, found))
        for place, before, after in (
            ("folder", sent.destination, now.destination),
            ("file name", sent.file_name, now.file_name),
        ):
            if before != after:
                changes.append(Change("changed", place, before, after, "partner file"))
        return changes

    def _explained(
        self, sent: SentDocument, book: ReferenceBook, now: Rerendered, found: Sequence[Difference]
    ) -> Iterator[Change]:
        unexplained = dict.fromkeys(map(_key, found))
        causes: dict[tuple[str, ...], str] = {}
        if self._base is not None:
            before = rerender(self._base, sent, book)
            own = {_key(one) for one in delivered_differences(sent.content, before.content or b"")} if before.content else set()
            for setting in self._settings(sent.document.flow, sent.document.partner_code, sent.document.partner):
                if not (left := [key for key in unexplained if key not in causes and key not in own]):
                    break
                without = rerender(self._changed, sent, book, setting.put_back)
                if without.content is None:
                    continue
                still = {_key(one) for one in delivered_differences(sent.content, without.content)}
                causes |= {key: setting.name for key in left if key not in still}
            rest = TOGETHER if self._has_settings(sent) else INTEGRATION
            for key in unexplained:
                causes.setdefault(key, self._program(sent) if key in own or before.content is None else rest)
        for one in found:
            cause = causes.get(_key(one), self._program(sent))
            if one.place == AROUND and cause in (TOGETHER, INTEGRATION):
                cause = MESSAGE
            yield Change(one.kind, one.place, one.before, one.after, cause)

    def of_refusal(self, sent: SentDocument, book: ReferenceBook) -> str:
        """The one setting without which it would not be refused, else the mapping."""
        if self._base is None:
            return self._program(sent)
        if rerender(self._base, sent, book).refusal is not None:
            return SINCE
        for setting in self._settings(sent.document.flow, sent.document.partner_code, sent.document.partner):
            if rerender(self._changed, sent, book, setting.put_back).refusal is None:
                return setting.name
        return TOGETHER if self._has_settings(sent) else INTEGRATION

    def _program(self, sent: SentDocument) -> str:
        in_force = self._base or self._changed
        return PROGRAM if sent.config_hash == in_force.config_hash else SINCE

    def _has_settings(self, sent: SentDocument) -> bool:
        row = sent.document
        return bool(self._settings(row.flow, row.partner_code, row.partner))

    def _settings_of(self, flow: str, code: str, name: str) -> list[ChangedSetting]:
        assert self._base is not None
        before, after = (_partner(translation, flow, code, name) for translation in (self._base, self._changed))
        return changed_settings(before, after) if before and after else []


def _partner(translation: Translation, flow: str, code: str, name: str) -> Partner | None:
    declared = translation.mapping.outbound_sets.get(flow)
    return translation.partners.with_code(declared.partner_kind, code) if declared else translation.partners.named(name)


def _key(one: Difference) -> tuple[str, ...]:
    """The same difference between the same text and another one."""
    return one.kind, str(one.segment_before), one.place, one.before, one.after
