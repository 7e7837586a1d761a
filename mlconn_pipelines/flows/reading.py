"""A received file's bytes as interchanges, groups and documents, each with our answer to it. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from mlconn_pipelines.documents.interchange_acknowledgment import InterchangeAcknowledgment
from mlconn_pipelines.documents.kinds import Summary, summary_of
from mlconn_pipelines.documents.serialization import to_json
from mlconn_pipelines.documents.transaction_sets import READ_SETS
from mlconn_pipelines.flows.partners import Partners, file_wrong
from mlconn_pipelines.flows.ports.entries import ReceivedGroup, ReceivedInterchange, ReceivedSet
from mlconn_pipelines.ports.mapping import Finding
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.acknowledgments import acknowledge, acknowledgment_set, is_answered
from mlconn_pipelines.x12.findings import X12Finding, with_severities
from mlconn_pipelines.x12.interchange_acknowledgment import (
    acknowledge_interchange,
    envelope_findings,
    lost_sets,
    parse_interchange_acknowledgment,
    wants_interchange_acknowledgment,
)
from mlconn_pipelines.x12.reader import FunctionalGroup, Interchange, TransactionSet, read
from mlconn_pipelines.x12.receipt_checks import CheckedSet, check_received, with_version_checked
from mlconn_pipelines.x12.sets import number_in


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file holds. complete: every interchange ends with its own IEA. problem: why nothing of it can be taken in.

    refusals: our TA1s to interchanges that cannot be used, for when the file is on hold.
    """

    interchanges: tuple[ReceivedInterchange, ...]
    complete: bool
    problem: Finding | None = None
    refusals: tuple[ReceivedGroup, ...] = ()


def read_file(content: bytes, partners: Partners, answer_groups: bool) -> ReadFile:
    """Read, validate and parse everything in the file; partners' guides decide severities.

    A file whose interchanges are not all ours to take (unknown partner, test data on a production route, an envelope at
    fault) is a problem as a whole: it is put on hold with its bytes, since nobody may half-answer an interchange.
    """
    reading = read(content)
    if not reading.interchanges:
        return ReadFile(
            (), False, Finding(Reason.NO_INTERCHANGE, "The file holds no X12 interchange (no ISA segment was found).")
        )
    complete = all(interchange.complete for interchange in reading.interchanges)
    received, refusals, refused = [], [], None
    for interchange in reading.interchanges:
        partner, problem = _partner_of(interchange, partners)
        if partner is None:
            return ReadFile((), complete, problem)
        if problem is not None:
            return ReadFile((), complete, problem, tuple(_usage_ta1(interchange, partner) if answer_groups else ()))
        problem = _envelope_problem(interchange, partner) if interchange.complete else None
        if answer_groups and (problem is not None or not interchange.complete):
            refusals += _our_ta1(interchange, f"{_key(interchange)}|refused", partner)
        refused = refused or problem
        received.append(_interchange(interchange, partner, answer_groups))
    return ReadFile(() if refused else tuple(received), complete, refused, tuple(refusals))


def what_holds(file: ReadFile, name: str) -> Finding | None:
    """Why nothing of a file can be taken in, None where something can. name: of the file, which has ended growing."""
    if file.problem is not None or file.complete:
        return file.problem
    return Finding(
        Reason.INTERCHANGE_INCOMPLETE,
        f"{name} does not end with an IEA that matches its ISA, and has not grown since the last look. "
        "Ask the partner to send it again; nothing of it was taken in.",
    )


def _partner_of(interchange: Interchange, partners: Partners) -> tuple[Partner | None, Finding | None]:
    if any(found.code == "interchange_header_missing" for found in interchange.findings):
        told = " ".join(found.message for found in interchange.findings[1:3])
        return None, Finding(
            Reason.NO_INTERCHANGE,
            f"The file holds X12 without an ISA, so that nobody knows who sent it{f': {told}' if told else '.'} "
            "Ask the sender for the whole file.",
        )
    sender = f"{interchange.sender_qualifier}:{interchange.sender_id}"
    receiver = f"{interchange.receiver_qualifier}:{interchange.receiver_id}"
    ids = (interchange.sender_qualifier, interchange.sender_id, interchange.receiver_qualifier, interchange.receiver_id)
    partner = partners.sending_as(*ids)
    if partner is None and (stopped := partners.stopped_sending_as(*ids)) is not None:
        return None, file_wrong(stopped)
    if partner is None:
        return None, Finding(
            Reason.PARTNER_UNKNOWN,
            f"No trading partner sends as {sender} to {receiver} (ISA05-08). Add a partner file with x12.theirs and x12.ours "
            "of these ids: the next run takes the file up from its kept bytes.",
        )
    if interchange.usage != partner.guide.usage:
        return partner, Finding(
            Reason.USAGE_DIFFERS,
            f"The interchange is marked {interchange.usage!r} (ISA15) but {partner.name} trades as {partner.guide.usage!r}: "
            f"{_USAGES.get(interchange.usage, 'X12 has P for production and T for test')}. "
            "Nothing of it was taken in; ask the partner, or change x12.usage.",
        )
    return partner, None


_USAGES = {"T": "test data on a production route", "P": "production data on a test route"}


def _usage_ta1(interchange: Interchange, partner: Partner) -> list[ReceivedGroup]:
    """The TA1 where ISA15 is no code of X12. That test data came on a live route is for people to settle."""
    if interchange.usage in ("P", "T", "I"):
        return []
    ta1 = replace(acknowledge_interchange(interchange, partner.guide), status="R", note="020")
    return _our_ta1(interchange, f"{_key(interchange)}|refused", partner, ta1)


def _envelope_problem(interchange: Interchange, partner: Partner) -> Finding | None:
    """What refuses a whole interchange, such as segments that belong to no set and would be lost without a word."""
    refusal = next((found for found in envelope_findings(interchange, partner.guide) if found.severity == "reject"), None)
    if refusal is None:
        return None
    may_be_taken = f", or set {refusal.code}: accept_with_error under x12.severities"
    what_to_ask = may_be_taken if refusal.level == "interchange" else _IN_GROUPS
    if refusal.code == "set_header_missing":
        what_to_ask = ""
    return Finding(
        Reason.INTERCHANGE_REFUSED,
        f"Interchange {interchange.control_number} of {partner.name} cannot be used: {refusal.message} Nothing of it was taken "
        f"in; ask the partner to send it again{what_to_ask}.",
    )


_IN_GROUPS = (
    " with each set in a group, GS to GE, whose GS says what it holds (GS01, such as PO), its control number (GS06) and its release "
    "(GS08)"
)


def _interchange(interchange: Interchange, partner: Partner, answer_groups: bool) -> ReceivedInterchange:
    key = _key(interchange)
    envelope = {
        "sender": f"{interchange.sender_qualifier}:{interchange.sender_id}",
        "receiver": f"{interchange.receiver_qualifier}:{interchange.receiver_id}",
        "usage": interchange.usage,
        "interchange": interchange.control_number,
    }
    content_hash = sha256(interchange.content).hexdigest()
    of_sets = {**envelope, "interchange_sha256": content_hash}
    numbers = _told_apart([group.control_number for group in interchange.groups])
    lost = lost_sets(interchange)
    groups = [
        _group(interchange, group, f"{key}|{number}", of_sets, partner, answer_groups, lost)
        for group, number in zip(interchange.groups, numbers, strict=True)
    ]
    if interchange.interchange_acknowledgments:
        groups.append(_received_answers(interchange, key, of_sets, partner))
    if answer_groups:
        groups += _our_ta1(interchange, key, partner)
    return ReceivedInterchange(
        key=key,
        sha256=content_hash,
        content=interchange.content,
        envelope=envelope,
        groups=tuple(groups),
        findings=tuple(map(finding_from_x12, (*interchange.findings, *lost))),
    )


def _key(interchange: Interchange) -> str:
    return "|".join(
        (
            interchange.sender_qualifier,
            interchange.sender_id,
            interchange.receiver_qualifier,
            interchange.receiver_id,
            interchange.control_number,
            interchange.usage,
        )
    )


def _our_ta1(
    interchange: Interchange, key: str, partner: Partner, ta1: InterchangeAcknowledgment | None = None
) -> list[ReceivedGroup]:
    """Our TA1 to an interchange as the answer of a group without sets; none where its sender gets none. ta1: another verdict."""
    if not wants_interchange_acknowledgment(interchange, partner.guide):
        return []
    ta1 = ta1 or acknowledge_interchange(interchange, partner.guide)
    version = interchange.groups[0].version if interchange.groups else ""
    return [ReceivedGroup(f"{key}|TA1", (), ta1, partner.name, {"version": version}, "TA1", partner.reuse_after_days)]


def _group(
    interchange: Interchange,
    group: FunctionalGroup,
    key: str,
    envelope: Mapping[str, str],
    partner: Partner,
    answer_groups: bool,
    lost: Sequence[X12Finding],
) -> ReceivedGroup:
    """lost: what is said of sets of the interchange that could not be read: those that could be tell of them."""
    answered = is_answered(group)
    group = with_version_checked(group) if answered else group
    checked = [_if_listed(check_received(one, group.version, partner.guide), one, partner) for one in group.sets]
    answer = acknowledge(interchange, group, [one.findings for one in checked], partner.guide) if answered else None
    # By its place: a control number may stand in a group twice, and what is said of the one is not said of the other.
    statuses = [noted.status for noted in answer.sets] if answer is not None else [""] * len(checked)
    of_group = [found for found in with_severities(group.findings, partner.guide) if found.severity == "reject"]
    about = {**envelope, "functional_id": group.functional_id, "group": group.control_number, "version": group.version}
    about["group_receiver"] = group.receiver_id
    numbers = _told_apart([one.control_number for one in group.sets])
    beside = tuple(replace(found, severity="ignore") for found in lost)
    checked = [replace(one, findings=(*one.findings, *beside)) for one in checked]
    made = zip(group.sets, checked, numbers, statuses, strict=True)
    return ReceivedGroup(
        group_key=key,
        sets=tuple(
            _set(one, found.refused_for(of_group) if status == "R" else found, f"{key}|{number}", about, partner, status == "R")
            for one, found, number, status in made
        ),
        answer=answer if answer_groups else None,
        partner=partner.name,
        envelope={"sender": group.sender_id, "receiver": group.receiver_id, "version": group.version},
        answer_set=acknowledgment_set(group, partner.guide),
        reuse_after_days=partner.reuse_after_days,
    )


def _if_listed(checked: CheckedSet, one: TransactionSet, partner: Partner) -> CheckedSet:
    """The set as it was checked; refused where the partner's file takes only what it lists, and does not list it."""
    if partner.lists(one.set_id) or not partner.strict_sends:
        return checked
    listed = ", ".join(partner.sends or ()) or "nothing"
    text = f"{partner.name} sends {listed} by their file (sends, strict_sends), and this is {one.set_id or 'no set'}."
    unlisted = one.finding("set_not_expected", text, 1, "ST", 1, value=one.set_id)
    return replace(checked, findings=(unlisted, *with_severities(checked.findings, partner.guide)))


def _told_apart(numbers: Sequence[str]) -> list[str]:
    """Control numbers as parts of a key: from the second one of a number on with its place among them.

    >>> _told_apart(["0001", "0002", "0001"])
    ['0001', '0002', '0001/2']
    """
    so_far: Counter[str] = Counter()
    told = []
    for number in numbers:
        so_far[number] += 1
        told.append(f"{number}/{so_far[number]}" if so_far[number] > 1 else number)
    return told


def _received_answers(interchange: Interchange, key: str, envelope: Mapping[str, str], partner: Partner) -> ReceivedGroup:
    """The TA1s that a partner sent, each a document of its own; never answered."""
    made = []
    for place, segment in enumerate(interchange.interchange_acknowledgments, start=1):
        answer, findings = parse_interchange_acknowledgment(segment)
        said = "|".join(segment)
        made.append(
            ReceivedSet(
                source_key=f"{key}|TA1|{place}",
                set_id="TA1",
                raw={"segments": [list(segment)], "envelope": dict(envelope)},
                canonical=to_json(answer) if answer else None,
                content_hash=sha256(said.encode()).hexdigest(),
                refused=False,
                findings=tuple(map(finding_from_x12, findings)),
                partner=partner.name,
                business_number=answer.control_number if answer else said[:40],
                document_date=None,
                line_count=0,
                amount=None,
                currency="",
            )
        )
    return ReceivedGroup(f"{key}|TA1s", tuple(made), None, partner.name, reuse_after_days=partner.reuse_after_days)


def _set(
    one: TransactionSet, checked: CheckedSet, source_key: str, about: Mapping[str, str], partner: Partner, refused: bool
) -> ReceivedSet:
    """refused: by our answer. A kind of set that nothing of ours reads is held all the same, so that somebody sees it."""
    document = checked.document
    facts = summary_of(document) if document else Summary("", 0)
    day = getattr(document, "date", None)
    envelope = {**about, "set_id": one.set_id, "set": one.control_number}
    return ReceivedSet(
        source_key=source_key,
        set_id=one.set_id,
        raw={"segments": [list(segment) for segment in one.segments], "envelope": envelope},
        canonical=to_json(document) if document else None,
        content_hash=sha256(one.content).hexdigest(),
        refused=refused and (one.set_id in READ_SETS or not checked.is_unchecked),
        findings=tuple(map(finding_from_x12, dict.fromkeys(checked.findings))),
        partner=partner.name,
        business_number=facts.business_number or number_in(one) or one.control_number,
        document_date=day if isinstance(day, dt.date) else None,
        line_count=facts.line_count,
        amount=facts.amount,
        currency=facts.currency,
    )


def finding_from_x12(finding: X12Finding) -> Finding:
    """An X12 finding as the ledger keeps it: its place in words."""
    where = f"{finding.segment_id}{finding.element:02d}" if finding.segment_id and finding.element else finding.segment_id
    place = f"segment {finding.segment} {where}".strip() if finding.segment else where or f"byte {finding.offset}"
    return Finding(finding.code, finding.message, finding.severity, place)
