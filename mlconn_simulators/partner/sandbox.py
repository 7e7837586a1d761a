"""The simulated trading partners of a world: what they take in, what they answer, what they order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette

from mlconn_simulators.cleo import CleoSandbox, ReceivedFile
from mlconn_simulators.partner.acknowledgment import answers_of, habitual_fault
from mlconn_simulators.partner.answering import Answering
from mlconn_simulators.partner.document_facts import DocumentFacts, facts_of
from mlconn_simulators.partner.envelope_check import check_group, check_interchange
from mlconn_simulators.partner.findings import STATUS_OF, Fault, verdict_of
from mlconn_simulators.partner.habits import Habits, Plan, plan_for
from mlconn_simulators.partner.inbox import Inbox, Received
from mlconn_simulators.partner.orders import DraftFile, Oddity, OrderBook
from mlconn_simulators.partner.outbox import Outbox, Sending, Sent
from mlconn_simulators.partner.pages import routes_of
from mlconn_simulators.partner.set_check import check_set
from mlconn_simulators.partner.x12_text import Group, Interchange, TransactionSet, Unreadable, element, read
from mlconn_simulators.world.making import shares
from mlconn_simulators.world.model import World, WorldPartner

_UNANSWERED = ("997", "824")


class PartnerSandbox:
    """All trading partners of one world behind one Cleo tenant.

    late_max_s: no answer comes later than this after the document it answers. initial_orders: how many 850s `start` sends;
    the world's share where None. Checking and answering happen on a thread of their own, in the order of arrival.
    """

    def __init__(
        self,
        world: World,
        cleo: CleoSandbox,
        *,
        late_max_s: float = 10.0,
        habits: Habits | None = None,
        initial_orders: int | None = None,
    ) -> None:
        self.world, self.cleo = world, cleo
        self.late_max_s, self.habits = late_max_s, habits or Habits()
        self.initial_orders = shares(world.documents).inbound_orders if initial_orders is None else initial_orders
        self.inbox, self.outbox, self.orders = Inbox(), Outbox(world, cleo.put), OrderBook(world)
        self._by_id = {(partner.qualifier, partner.id): partner for partner in world.partners}
        self._by_inbox = {partner.inbox: partner for partner in world.partners}
        self._by_name = {partner.name: partner for partner in world.partners}
        self._answering = Answering(world, self.outbox)
        cleo.on_taken = self.receive

    # What tests, benches and the program do directly.

    def start(self) -> list[Sent]:
        """Send the orders that are there from the start."""
        return self._send_files(self.orders.at_the_start(self.initial_orders))

    def send_orders(self, count: int, *, partner: str | None = None, orders_per_file: int = 1) -> list[Sent]:
        """Sound orders, now. partner: a name, else all customers in turn."""
        return self._send_files(self.orders.clean(count, partner=partner, orders_per_file=orders_per_file))

    def send_odd_order(self, oddity: Oddity) -> list[Sent]:
        """An order, or the file or files around it, with one oddity."""
        return self._send_files(self.orders.odd(oddity))

    def send_file(self, partner: str, content: bytes, name: str) -> None:
        """Any bytes, from one partner."""
        self.outbox.send_as_is(self._by_name[partner], content, name)

    def receive(self, file: ReceivedFile) -> None:
        """Take a file from Cleo's flow; it is checked and answered on the partners' own thread."""
        self._answering.do("check", file.name, 0.0, lambda: self._take_in(file))

    @property
    def announced(self) -> int:
        """Answers promised but not yet put, counting one for each document that is uploaded and not yet checked."""
        promised = len(self._answering.owed())
        if self.cleo.taken_after_s is None:
            return promised
        return promised + sum(self._waiting(partner.inbox) for partner in self.world.partners)

    def close(self) -> None:
        """Stop answering; what was promised is not kept."""
        self._answering.work.close()

    def app(self) -> Starlette:
        """The ASGI application with `/_sandbox/state`, `/_sandbox/orders` and `/_sandbox/habits`."""
        return Starlette(routes=routes_of(self))

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """What `GET /_sandbox/state` answers; `?detail=1` adds every document's lines, parties and dates."""
        detail = query.get("detail", "") not in ("", "0")
        return {
            "received": [received.as_json(detail=detail) for received in list(self.inbox.received)],
            "duplicates_by_control_number": list(self.inbox.duplicates_by_control_number),
            "business_duplicates": list(self.inbox.business_duplicates),
            "sent": [sent.as_json() for sent in list(self.outbox.sent)],
            "redelivered": list(self.inbox.redelivered),
            "announced": self.announced,
            "late": self._answering.owed(),
            "failures": list(self._answering.work.failures),
        }

    # What came in.

    def _take_in(self, file: ReceivedFile) -> None:
        owner = self._by_inbox.get(file.folder) or self._by_name.get(file.folder.removeprefix("api:"))
        if file.fields is not None and not isinstance(file.fields.get("x12"), str):
            self._note_unread(file, owner, "fields", [])
            return
        try:
            interchanges = read(file.content)
        except Unreadable as unreadable:
            self._note_unread(file, owner, "unreadable", [Fault("file", "024", str(unreadable))])
            return
        for interchange in interchanges:
            isa = interchange.header
            partner = self._by_id.get((element(isa, 7), element(isa, 8).strip()))
            faults = []
            if partner is None or (owner is not None and partner is not owner):
                text = f"The file for {element(isa, 8).strip()!r} is in {file.folder}"
                faults.append(Fault("interchange", "009", text, "ISA", element=8, bad=element(isa, 8)))
                partner = owner or partner
            if partner is None:
                self._note_unread(file, None, "rejected", faults)
            else:
                self._check(file, partner, interchange, faults)

    def _check(self, file: ReceivedFile, partner: WorldPartner, interchange: Interchange, faults: list[Fault]) -> None:
        faults += check_interchange(interchange, partner, self.world)
        isa = interchange.header
        key = (*(element(isa, number).strip() for number in (5, 6, 7, 8)), interchange.control, interchange.usage)
        set_ids = [document.id for group in interchange.groups for document in group.sets]
        seen_before = self.inbox.interchange_seen(key, partner.name, set_ids, file.name, file.sha256)
        for group in interchange.groups:
            self._check_group(file, partner, interchange, group, faults, seen_before)
        if not set_ids:
            self._note_unread(file, partner, "rejected", [*faults, Fault("interchange", "024", "No transaction set")])

    def _check_group(
        self,
        file: ReceivedFile,
        partner: WorldPartner,
        interchange: Interchange,
        group: Group,
        outer: list[Fault],
        seen_before: bool,
    ) -> None:
        around = [*outer, *check_group(group, partner, self.world)]
        refused = any(fault.rejects for fault in around)
        fresh: list[tuple[TransactionSet, DocumentFacts, Plan]] = []
        plans: list[tuple[Plan, str]] = []
        found: list[list[Fault]] = []
        for document in group.sets:
            own = check_set(document, group.version)
            facts = facts_of(document, partner.product_qualifier)
            number = facts.business_number
            plan = plan_for(self.habits, self.world.seed, self.late_max_s, partner.name, document.id, number)
            received = Received(
                partner.name, document.id, number, interchange.control, group.control, document.control, interchange.usage,
                file.name, file.folder, file.sha256, file.at, STATUS_OF[verdict_of([*around, *own])], [*around, *own], facts,
            )  # fmt: skip
            answers = document.id not in _UNANSWERED
            if answers and plan.syntax != "as_found" and not self.inbox.refused_before(received):
                own = [*own, habitual_fault(document, plan.line, rejects=plan.syntax == "reject")]
            verdict = "R" if refused else verdict_of(own)
            received.answered = verdict if answers and plan.acknowledged_after_s is not None else ""
            repeated = self.inbox.add(received, accepted=verdict != "R")
            self._read_answer(received, document)
            if not (repeated or seen_before) and verdict != "R" and received.usage == "P":
                fresh.append((document, facts, plan))
            if answers:
                plans.append((plan, number))
            found.append(own)
        if plans:
            plan, about = plans[0]
            self._answering.acknowledge(partner, group, around, found, plan, about)
        for document, facts, plan in fresh:
            self._answering.reply(partner, group, document, facts, plan)

    def _read_answer(self, received: Received, document: TransactionSet) -> None:
        """A 997 or 824 of the company's: match it with what was sent."""
        unmatched = ""
        if received.set_id == "997":
            for answer in answers_of(document):
                if not self.outbox.acknowledge(received.partner, answer):
                    unmatched = f"AK1 {answer.functional_id} {answer.group_control}, AK2 {answer.set_id} {answer.set_control}"
        elif received.set_id == "824":
            for segment in document.segments:
                if segment[0] == "OTI" and not self.outbox.advise(
                    received.partner, element(segment, 10) or "810", element(segment, 3), element(segment, 1)
                ):
                    unmatched = f"OTI {element(segment, 2)} {element(segment, 3)}"
        if unmatched:
            fault = Fault("set", "7", f"Answers nothing that {received.partner} sent: {unmatched}", rejects=False)
            received.faults = [*received.faults, fault]

    def _send_files(self, files: Sequence[DraftFile]) -> list[Sent]:
        sent = []
        for file in files:
            sendings = [
                Sending("850", order.segments, order.number, order.meant, [line.as_json() for line in order.lines], order.total)
                for order in file.orders
            ]
            sent += self.outbox.send(file.partner, sendings, usage=file.usage, twice=file.twice)
        return sent

    def _note_unread(self, file: ReceivedFile, owner: WorldPartner | None, status: str, faults: list[Fault]) -> None:
        name = owner.name if owner else ""
        fields = file.fields if status == "fields" else None
        self.inbox.add(
            Received(name, "", "", "", "", "", "", file.name, file.folder, file.sha256, file.at, status, faults, fields=fields)
        )

    def _waiting(self, inbox: str) -> int:
        try:
            return len(self.cleo.files(inbox))
        except KeyError:  # the folder was dropped
            return 0
