"""What a partner's file lists under `sends`: what becomes of a set that is not there, and of one that no flow handles."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mlconn_pipelines.config.loading import check_configuration
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.entries import Checked, DocumentRow, ReceivedGroup, Run
from mlconn_pipelines.flows.reading import read_file
from mlconn_pipelines.flows.related_documents import Known
from mlconn_pipelines.flows.resolving import RESOLVERS, resolve_one, resolve_received
from mlconn_pipelines.flows.route import INBOUND, InboundRoute
from mlconn_pipelines.flows.sent_sets import about_sets
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines_tests.cases import case
from mlconn_pipelines_tests.x12.guides import guide_of

DAY = dt.date(2026, 11, 28)
WHOLE_875 = (
    case("answers/flow_s875.edi")
    .replace(b"G68*10*EA*12.5~", b"N1*ST*STORE 7~G68*10*EA*12.5*041520893192~")
    .replace(b"SE*5*", b"SE*6*")
)
ORDER = case("inbound/850_plain.edi")


def partner_of(*sends: str, strict: bool = False, listed: bool = True) -> Partner:
    guide = guide_of(our_id="MERIDIAN", our_group_id="MERIDIAN", their_group_id="123456789")
    return Partner(
        "northwind", "Northwind", ("C1",), (), guide, "to_northwind", sends=sends if listed else None, strict_sends=strict
    )


def group_of(content: bytes, partner: Partner) -> ReceivedGroup:
    ((group,),) = [
        interchange.groups for interchange in read_file(content, Partners([partner]), answer_groups=True).interchanges
    ]
    return group


def answer_to(content: bytes, partner: Partner) -> tuple[str, tuple[str, ...], bool]:
    """AK501, its codes, and whether the set is refused."""
    group = group_of(content, partner)
    (answered,) = cast(Any, group.answer).sets
    return answered.status, answered.codes, group.sets[0].refused


@pytest.mark.parametrize("content", [WHOLE_875, ORDER], ids=["875", "850"])
def test_what_is_not_listed_is_answered_for_its_syntax_unless_the_partner_sends_nothing_else(content: bytes) -> None:
    assert answer_to(content, partner_of("855", "997")) == ("A", (), False)
    assert answer_to(content, partner_of("855", "997", strict=True)) == ("R", ("1",), True)
    assert answer_to(content, partner_of("850", "875", strict=True)) == ("A", (), False)
    assert answer_to(content, partner_of(listed=False)) == ("A", (), False)


def test_a_set_at_fault_that_is_not_listed_is_answered_for_its_faults() -> None:
    status, codes, refused = answer_to(case("answers/flow_s875.edi"), partner_of("850"))
    assert (status, codes, refused) == ("R", ("5",), True)
    status, codes, refused = answer_to(case("answers/flow_s875.edi"), partner_of("850", strict=True))
    assert (status, codes[0], refused) == ("R", "1", True)


def test_what_has_no_grammar_is_not_supported_and_seen_whether_it_is_listed_or_not() -> None:
    schedule = case("answers/flow_s875.edi").replace(b"GS*OG*", b"GS*PS*").replace(b"ST*875*", b"ST*830*")
    for partner in (partner_of("850"), partner_of("830"), partner_of("850", strict=True)):
        status, codes, refused = answer_to(schedule, partner)
        assert (status, codes[0], refused) == ("R", "1", False)


def test_acknowledgments_are_taken_always_and_never_answered() -> None:
    whole = ORDER.decode()
    start, end = whole.index("ST*850"), whole.index("GE*")
    body = "ST*997*0001~AK1*IN*5~AK9*A*1*1*1~SE*4*0001~"
    content = (whole[:start] + body + whole[end:]).replace("GS*PO*", "GS*FA*").encode()
    group = group_of(content, partner_of("850", strict=True))
    assert group.answer is None
    assert [(one.set_id, one.refused) for one in group.sets] == [("997", False)]


class Resolving:
    """What is decided of one received set, with the alerts that it raises."""

    def __init__(self, content: bytes, partner: Partner, **of_row: Any) -> None:
        (received,) = group_of(content, partner).sets
        self.checked: list[Checked] = []
        self.alerts: dict[str, str] = {}
        row = DocumentRow(
            *("D1", "acme", INBOUND, "inbound", received.set_id, received.source_key, 1, State.PENDING_VALIDATION, DAY),
            *(received.business_number, received.document_date, "northwind", "", received.line_count, received.amount, ""),
            *(received.raw, received.canonical, received.findings, "", "", False, False, 0, None, None, ""),
            *(dt.datetime(2026, 11, 28, tzinfo=dt.UTC),) * 2,
        )
        rows = [row]

        def documents(*_: Any, set_ids: Any = (), after: str = "", **__: Any) -> list[DocumentRow]:
            return [] if after or (set_ids and row.set_id not in set_ids) else list(rows)

        def store_checked(_: Run, results: list[Checked]) -> dict[State, int]:
            self.checked += results
            rows.clear()
            return {}

        queue = SimpleNamespace(documents=documents, store_checked=store_checked)
        watch = SimpleNamespace(raise_alert=lambda _, cause, text: self.alerts.update({cause: text}))
        engine = SimpleNamespace(queue=queue, watch=watch)
        route = SimpleNamespace(name="acme", engine=engine, partners=Partners([partner]))
        run = Run("acme", INBOUND, "run-1", DAY)
        if row.set_id in RESOLVERS:
            self.checked.append(resolve_one(cast(InboundRoute, route), run, row, cast(Known, None)))
        else:
            resolve_received(cast(InboundRoute, route), run)


def test_an_order_that_is_not_listed_is_held_and_says_what_to_write() -> None:
    resolving = Resolving(ORDER, partner_of("855", "997"))
    (checked,) = resolving.checked
    assert (checked.outcome, checked.reason_code) == (State.ON_HOLD, "set_not_listed")
    assert "northwind sends 855, 997 by their file" in checked.reason and "Add '850' to sends" in checked.reason
    assert resolving.alerts == {}


def text_message(set_id: str, functional_id: str, *segments: str) -> bytes:
    whole = ORDER.decode()
    start, end = whole.index("ST*850"), whole.index("GE*")
    body = "~".join((f"ST*{set_id}*0001", *segments, f"SE*{len(segments) + 2}*0001")) + "~"
    return (whole[:start] + body + whole[end:]).replace("GS*PO*", f"GS*{functional_id}*").encode()


MESSAGE = text_message("864", "TX", "BMG*00*New address", "MIT*1*From May on", "MSG*Please write to Troy, Michigan.")
ADJUSTMENT = text_message("812", "CD", "BCD*20260301*CM7**1400*C", "CDD*A1*C*RZ*1400")


@pytest.mark.parametrize(
    ("content", "set_id", "words"),
    [
        (MESSAGE, "864", "New address / From May on / Please write to Troy, Michigan."),
        (ADJUSTMENT, "812", "BCD*20260301*CM7**1400*C"),
    ],
    ids=["864", "812"],
)
def test_a_listed_set_without_a_flow_raises_an_alert_that_says_its_text(content: bytes, set_id: str, words: str) -> None:
    resolving = Resolving(content, partner_of("850", set_id))
    (checked,) = resolving.checked
    assert (checked.outcome, checked.reason_code) == (State.ON_HOLD, "set_not_handled")
    assert words in checked.reason
    ((cause, text),) = resolving.alerts.items()
    assert (cause, words in text) == ("set_not_handled:D1", True)
    unlisted = Resolving(content, partner_of("850"))
    assert [(one.outcome, one.reason_code) for one in unlisted.checked] == [(State.ON_HOLD, "set_not_handled")]
    assert unlisted.alerts == {} and "set_not_listed" in {found.code for found in unlisted.checked[0].findings}


def test_a_check_names_what_was_sent_and_is_not_listed_and_what_has_no_grammar() -> None:
    received = {"850": 7, "875": 2, "830": 1, "997": 40, "TA1": 3}
    unlisted, unchecked = about_sets(partner_of("850", "997"), received)
    assert unlisted.startswith("sent 830 (1), 875 (2), which sends does not list: they are answered for their syntax and held")
    assert unchecked.startswith("830 in 004010 is not checked, as there is no grammar for it")
    assert "they are refused (strict_sends)" in next(about_sets(partner_of("850", strict=True), received))
    assert list(about_sets(partner_of(listed=False), {"850": 7, "997": 1})) == []


def test_strict_sends_needs_a_list(tmp_path: Any) -> None:
    write_starter(tmp_path, DAY)
    file = next(tmp_path.rglob("cedarmill.yaml"))
    written = file.read_text(encoding="utf-8")
    file.write_text("\n".join(line for line in written.splitlines() if not line.startswith("sends")) + "\nstrict_sends: true\n")
    with pytest.raises(ConfigurationError, match="has strict_sends and no sends"):
        check_configuration(tmp_path)
