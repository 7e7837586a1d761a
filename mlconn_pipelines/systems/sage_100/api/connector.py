"""The Connector of Sage 100: one company of one server, by way of the agent beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from mlconn_pipelines.errors import ConfigurationError, OutcomeUnknown, PartiallyDone, Retryable
from mlconn_pipelines.ports.agents import AgentDesk, Reply
from mlconn_pipelines.ports.records import ConnectionReport, Connector, OurRecord, Record, Stored, reports_of
from mlconn_pipelines.systems.sage_100.api.record_reader import RecordReader
from mlconn_pipelines.systems.sage_100.api.reference_data import ReferenceReader
from mlconn_pipelines.systems.sage_100.api.replies import refuse, wait_of, written
from mlconn_pipelines.systems.sage_100.connection import Sage100Connection
from mlconn_pipelines.systems.sage_100.records.our_reference import comment_of
from mlconn_pipelines.systems.sage_100.records.purchase_order import ORDERS

SYSTEM = "Sage 100"
RECEIPTS = "receipts"


@dataclass(frozen=True, slots=True)
class Written:
    """What becomes of a payload. kind: as doc.find names it. names: of the parameters that tell one document from others."""

    verb: str
    kind: str
    names: tuple[str, ...] = ()


ENTERED: Mapping[str, Written] = {
    RECEIPTS: Written("receipt.enter", "receipt"),
    "ap_invoices": Written("ap_invoice.enter", "ap_invoice", ("division", "vendor")),
}

PASSING = frozenset({"in_use", "batch_in_use", "licence_full", "period_end"})
"""Categories of refusals that go away by themselves."""


def open_connector(connection: Sage100Connection, desk: AgentDesk) -> Connector:
    """Nothing is asked yet."""
    zone = ZoneInfo(connection.time_zone) if connection.time_zone else None
    split = frozenset(vendor for vendor, way in connection.several_warehouses.items() if way == "order_each")
    records = RecordReader(desk, connection.company, split, zone)
    target = Target(desk, connection.company, records, connection.post_receipts)
    return Connector(
        source=records,
        totals=records,
        reference=ReferenceReader(desk, connection.company),
        target=target,
        stepwise=target,
        check=ConnectionCheck(desk, connection.company),
        count=lambda: desk.count,
        close=lambda: None,
    )


class Target:
    """Receipts and invoices are entered, dates of orders changed; implements RecordTarget and StepwiseTarget.

    posts: a receipt is posted once it was entered.
    """

    def __init__(self, desk: AgentDesk, company: str, records: RecordReader, posts: bool = False) -> None:
        self._desk, self._company, self._records, self._posts = desk, company, records, posts

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        """By the job that was to enter it, which settles what it left open; in Sage itself where no job is known.

        Errors: OutcomeUnknown while the job is out, and where the agent itself does not know.
        """
        if entity == ORDERS or payload is None:
            return None
        form, params = _params(entity, payload)
        found = self._desk.standing(self._company, form.verb, params, comment_of(reference))
        if found is None:
            there = self.under_reference(entity, reference, payload)
            return self._entered(Stored(there[0].key, there[0].number, entity)) if there else None
        if found.reply is None:
            raise OutcomeUnknown(f"job {found.job_id} {found.words}", "The next run looks again.")
        if found.reply.outcome == "unknown":
            raise OutcomeUnknown(
                f"job {found.job_id}: {found.reply.text}",
                "Look in Sage for what it was to enter, then run `mlconn release` with --delivered or --not-delivered.",
            )
        return self._entered(_stored(entity, params, found.reply.number)) if found.reply.outcome == "ok" else None

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> Sequence[OurRecord]:
        """Entered, posted and in the history alike."""
        if entity == ORDERS:
            return ()
        form, comment = _form(entity), comment_of(reference)
        params = {name: payload[name] for name in form.names} if payload else {}
        reply = self._desk.answer(self._company, "doc.find", {"kind": form.kind, "reference": comment, **params})
        if reply.outcome != "ok":
            raise wait_of(reply, f"{entity} with our reference {comment} were not looked for")
        found = (reply.value or {}).get("found")
        if not isinstance(found, list):
            raise wait_of(Reply("retry", text="the agent told nothing of what it found"), f"{entity} of {comment}")
        numbers = {str(row["number"]): _key(row) for row in found if str(row.get("reference") or "") == comment}
        return [OurRecord(reference, key, number) for number, key in numbers.items()]

    def create(self, entity: str, payload: Record) -> Stored:
        """One job, given once under the reference, and waited for a minute."""
        form, params = _params(entity, payload)
        reply = self._desk.write(self._company, form.verb, params, str(payload["reference"]))
        number = written(reply, f"{entity} for our reference {payload['reference']} were not entered")
        stored = _stored(entity, params, number)
        return self._posted(stored, str(payload["reference"])) if self._is_posted_too(entity) else stored

    def _is_posted_too(self, entity: str) -> bool:
        return self._posts and entity == RECEIPTS

    def _entered(self, stored: Stored) -> Stored:
        """A part of what is to be, where it is to be posted too: `finish_or_remove` looks how far that came."""
        return replace(stored, line_count=0) if self._is_posted_too(stored.entity) else stored

    def finish_or_remove(self, entity: str, partial: Stored, payload: Record) -> Stored | None:
        return self._posted(replace(partial, line_count=None), str(payload["reference"]))

    def _posted(self, stored: Stored, reference: str) -> Stored:
        """What is entered stays entered: why it is not posted is told with it.

        Errors: PartiallyDone while it may still be posted; the next run goes on with that, and enters nothing.
        """
        job = (self._company, "receipt.post", {"number": stored.number}, comment_of(reference))
        said = f"Receipt {stored.number} is entered"
        standing = self._desk.standing(*job)
        if standing is None or (standing.reply is not None and _passes(standing.reply)):
            try:
                self._desk.write(*job)
            except Retryable as later:
                raise PartiallyDone(f"{said} and not posted yet: {later.what}", later.hint) from later
            except OutcomeUnknown:
                pass  # what is known of it is asked for just now
            standing = self._desk.standing(*job)
        assert standing is not None
        if (reply := standing.reply) is None:
            raise PartiallyDone(
                f"{said} and not posted yet: job {standing.job_id} {standing.words}", "The next run looks again."
            )
        if _passes(reply):
            raise PartiallyDone(f"{said} and not posted yet: {reply.text or reply.category}", "The next run tries it again.")
        if reply.outcome == "ok":
            return stored
        if reply.outcome == "unknown":
            return replace(stored, unposted=f"{said}, and nobody knows whether it is posted whole: {reply.text}")
        return replace(
            stored, unposted=f"{said}, and not posted: {reply.text or reply.category}. Post it in Sage, then dismiss this."
        )

    def update(self, entity: str, key: str, changes: Record) -> Record:
        if entity != ORDERS:
            raise ConfigurationError(f"Records of {entity!r} are not changed in Sage, only {ORDERS}")
        reply = self._desk.write(self._company, "po.update_dates", changes, "")
        if reply.outcome != "ok":
            refuse(reply, f"dates of order {key} were not written")
        return self._records.order(key) or changes

    def reserve(self) -> None:
        self._desk.attend()


class ConnectionCheck:
    """What `mlconn check` looks at."""

    def __init__(self, desk: AgentDesk, company: str) -> None:
        self._desk, self._company = desk, company

    def __call__(self) -> Sequence[ConnectionReport]:
        """The agent is there, it works for the company, Sage lets it in and has what is needed; nothing is tried after a failure."""
        return reports_of(SYSTEM, (self._check_agent, self._check_companies, self._check_sage))

    def _check_agent(self) -> ConnectionReport:
        about = self._desk.about()
        self._desk.attend()
        return ConnectionReport(SYSTEM, True, f"agent {about['agent']} {about['version']} was heard at {about['heard']}")

    def _check_companies(self) -> ConnectionReport:
        codes = [row for page in self._desk.pages(self._company, "company.list", {}) for row in page]
        names = {str(row.get("CompanyCode")): str(row.get("CompanyName")) for row in codes}
        if self._company not in names:
            return ConnectionReport(
                SYSTEM, False, f"the agent works for {', '.join(names) or 'no company'}, and `company` is {self._company!r}"
            )
        return ConnectionReport(SYSTEM, True, f"company {self._company} {names[self._company]}".rstrip())

    def _check_sage(self) -> ConnectionReport:
        reply = self._desk.answer(self._company, "probe", {})
        if reply.outcome != "ok" or reply.value is None:
            raise wait_of(reply, "Sage was not looked at")
        value = reply.value
        unable = value.get("unable")
        if isinstance(unable, Mapping) and unable:
            words = "; ".join(f"{verb}: {said}" for verb, said in unable.items())
            return ConnectionReport(SYSTEM, False, f"Sage lacks columns, so that the agent refuses some jobs. {words}")
        refused = {name: said for part in ("modules", "objects") for name, said in dict(value.get(part) or {}).items() if said}
        needed = {name: said for name, said in refused.items() if "_bus" in name or name in ("P/O", "A/P")}
        told = "; ".join(f"{name}: {said}" for name, said in (needed or refused).items())
        if needed:
            return ConnectionReport(SYSTEM, False, f"Sage does not give the agent what it needs. {told}")
        lacking = f"; not there: {told}" if told else ""
        return ConnectionReport(SYSTEM, True, f"Sage opens its modules and entries to the agent{lacking}")


def _passes(reply: Reply) -> bool:
    """Nothing was posted, and by itself a later try may succeed."""
    return reply.outcome in ("retry", "expired") or (reply.outcome == "refused" and reply.category in PASSING)


def _form(entity: str) -> Written:
    if entity not in ENTERED:
        raise ConfigurationError(f"Records of {entity!r} are not entered in Sage, only {' and '.join(ENTERED)}")
    return ENTERED[entity]


def _params(entity: str, payload: Record) -> tuple[Written, Record]:
    """The verb's parameters: the payload without our reference, which goes beside them."""
    return _form(entity), {name: value for name, value in payload.items() if name != "reference"}


def _stored(entity: str, params: Record, number: str) -> Stored:
    form = ENTERED[entity]
    return Stored("-".join((*(str(params[name]) for name in form.names), number)), number, entity)


def _key(row: Record) -> str:
    return "-".join(str(part) for part in row.get("key") or (row["number"],))
