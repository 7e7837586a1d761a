"""What our answer to a received group rests on: each set checked by a grammar, never taken for checked where there is none.

`validation.validate` tells what a grammar says. Here is what follows where we lack the grammar of a release or of a set, and
where a set that its grammar passes holds a value that no document can be made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlconn_pipelines.documents.transaction_sets import READ_SETS
from mlconn_pipelines.x12.envelope import FunctionalGroup, TransactionSet
from mlconn_pipelines.x12.findings import X12Finding, finding, is_refused, with_severities
from mlconn_pipelines.x12.grammar.loading import available, nearest_release
from mlconn_pipelines.x12.guide import FindingSeverity, PartnerGuide
from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.remainder import with_remainder
from mlconn_pipelines.x12.validation import has_grammar, validate

if TYPE_CHECKING:
    from mlconn_pipelines.documents.kinds import Document

_MAY_BE_THE_RELEASE = frozenset(
    (
        *("segment_unknown", "segment_not_in_set", "segment_unexpected", "segment_order", "segment_repeats", "loop_repeats"),
        *("element_extra", "element_short", "element_long", "element_conditional", "element_exclusion", "element_repetitions"),
        "component_extra",
    )
)
"""Findings that the release's own grammar may not have: the nearest one notes them and refuses nothing for them."""


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """findings: of the grammar, of the partner's guide and of reading. document: None where it could not be made."""

    findings: tuple[X12Finding, ...]
    document: Document | None

    @property
    def is_unchecked(self) -> bool:
        """No grammar of ours has spoken."""
        return any(found.code == "no_grammar" for found in self.findings)

    def refused_for(self, group_faults: Sequence[X12Finding]) -> CheckedSet:
        """The same, told what is at fault with its group, where that refuses it and nothing of its own does."""
        return self if is_refused(self.findings) else replace(self, findings=(*self.findings, *group_faults))


def check_received(received: TransactionSet, version: str, guide: PartnerGuide) -> CheckedSet:
    """One set of a group that will be answered. version: GS08.

    A value that cannot be read is a fault of the set like any other, since a document that was accepted and cannot be made
    would be lost; it is left out where the grammar refuses the set already.
    """
    findings = _findings(received, version, guide)
    if received.set_id not in READ_SETS:
        return CheckedSet(findings, None)
    document, unreadable = parse_document(received, version)
    if not is_refused(findings):
        findings = (*findings, *with_severities(unreadable, guide))
    return CheckedSet(findings, None if document is None else with_remainder(received, document, version))


def with_version_checked(group: FunctionalGroup) -> FunctionalGroup:
    """The group, at fault (AK905 2) where no grammar of ours can speak for its release."""
    if nearest_release(group.version):
        return group
    text = f"GS08 is {group.version!r}; sets of {', '.join(available())} and of releases near them can be checked."
    unsupported = finding(
        "group_version_unsupported", text, offset=group.offset, segment_id="GS", element=8, value=group.version
    )
    return replace(group, findings=(*group.findings, unsupported))


def _findings(received: TransactionSet, version: str, guide: PartnerGuide) -> tuple[X12Finding, ...]:
    if has_grammar(received.set_id, version):
        return validate(received, version, guide)
    nearest = nearest_release(version)
    if by := nearest_release(version, received.set_id):
        text = f"There is no grammar for a {received.set_id} of version {version}; the set was checked by that of {by}."
        noted = received.finding("nearest_grammar", text, 1, "ST", 1)
        return (*map(_as_of_another_release, validate(received, by, guide)), noted)
    # Where the release itself is unknown, its group is refused for that; a partner who is taken all the same hears of it.
    severity: FindingSeverity = "reject" if nearest else "accept_with_error"
    unchecked = validate(received, version, guide)
    if "no_grammar" in guide.severities:
        return unchecked
    return tuple(replace(found, severity=severity) if found.code == "no_grammar" else found for found in unchecked)


def _as_of_another_release(found: X12Finding) -> X12Finding:
    if found.severity == "reject" and found.code in _MAY_BE_THE_RELEASE:
        return replace(found, severity="accept_with_error")
    return found
