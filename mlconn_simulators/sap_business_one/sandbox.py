"""A simulated SAP Business One company that tests and the demo hold in their hands."""

from __future__ import annotations

import copy
import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from mlconn_simulators.faults import FaultMenu
from mlconn_simulators.sap_business_one import actions, receivables, state
from mlconn_simulators.sap_business_one.bodies import writable
from mlconn_simulators.sap_business_one.clock import CompanyClock, date_text
from mlconn_simulators.sap_business_one.company import Company
from mlconn_simulators.sap_business_one.documents import change_document, close_bases, make_document
from mlconn_simulators.sap_business_one.errors import fault_body
from mlconn_simulators.sap_business_one.landscape import Landscape
from mlconn_simulators.sap_business_one.partners import make_partner, numbered_people
from mlconn_simulators.sap_business_one.schema import DOCUMENT_KINDS, DocumentKind, Values
from mlconn_simulators.sap_business_one.seed import seed_company
from mlconn_simulators.sap_business_one.service import ROOT, Service
from mlconn_simulators.sap_business_one.sessions import Sessions
from mlconn_simulators.sap_business_one.store import EntitySet, Record
from mlconn_simulators.sap_business_one.totals import exact
from mlconn_simulators.sap_business_one.webhooks import Webhooks
from mlconn_simulators.sap_business_one.writing import Writing
from mlconn_simulators.world.model import World

FAULT_NAMES = (
    "expired_session", "broken_node", "slow_login", "login_299", "login_refused", "row_added", "row_changed", "approval_draft", "stale_etag"
)  # fmt: skip
"""Faults of this system beside the menu's own.

expired_session: the session of the struck request ends. broken_node (option node): reads of that node's sessions answer 500 with
code 407. slow_login (option seconds). login_299: as for logins at the same moment. login_refused (options status, code, message):
a login that fails for the server's own reasons, such as its landscape directory. row_added, row_changed: after a page was read, a row
comes or moves. approval_draft: a POST stores a draft and answers -2028. stale_etag: somebody else changed the record.
"""

_SETS_SENT = ("Invoices", "PurchaseOrders", "DeliveryNotes")
_SOUND = 7
"""So many of the first documents of each set have no catch."""


class SapBusinessOneSandbox:
    """One company behind a Service Layer of several nodes.

    zone_clock: gives the zoneless local time at the start; the world's day at the present time of day when left out.
    session_timeout_min: idle minutes after which a session ends. landscape: signs clients in by tokens, which are taken
    instead of sessions.
    reference_field: the user field of marketing documents and business partners for a client's own reference. partner_fields: further
    user fields of business partners.
    rate_limit: requests a second for each method and path template. login_s: how long a login takes. branches: names by BPLID, in a
    company with several. folded_cookies: a proxy in front joins both Set-Cookie headers into one.
    approval_sets: document sets under an approval procedure (see `approval_draft`); may be changed while it runs.
    webhooks: see `Webhooks`.
    """

    def __init__(
        self,
        world: World,
        *,
        user: str,
        password: str,
        company_db: str,
        zone_clock: Callable[[], dt.datetime] | None = None,
        session_timeout_min: float = 30,
        landscape: Landscape | None = None,
        nodes: int = 4,
        reference_field: str = "U_MLConnRef",
        partner_fields: Sequence[str] = (),
        rate_limit: float | None = None,
        retry_after: bool = True,
        login_s: float = 0.05,
        branches: Mapping[int, str] | None = None,
        folded_cookies: bool = False,
    ) -> None:
        self.user, self.password, self.company_db, self.landscape = user, password, company_db, landscape
        self.world, self.login_s, self.folded_cookies = world, login_s, folded_cookies
        self.approval_sets: set[str] = set()
        self.reference_is_unique = False
        """Whether the company laid a unique key over the field that takes clients' references."""
        self.link_root = ""
        """Scheme and host of next links, which are relative otherwise: a server behind a proxy may know only a name of its own."""
        time_of_day = dt.datetime.now(dt.UTC).time().replace(microsecond=0)
        start = zone_clock() if zone_clock else dt.datetime.combine(world.today, time_of_day)
        self.clock = CompanyClock(start)
        self.company = Company(self.clock, reference_field, partner_fields)
        seed_company(self.company, world)
        self.clock.set(start)
        for number, name in (branches or {}).items():
            self.company.branches[number] = name
            self.company.sets["BusinessPlaces"].add({"BPLID": number, "BPLName": name, "Disabled": "tNO"})
        self.sessions = Sessions(session_timeout_min, nodes)
        self.faults = FaultMenu(names=FAULT_NAMES, rate_limit=rate_limit, retry_after=retry_after, error_body=fault_body)
        self.journal = state.Journal(self.company)
        self.webhooks = Webhooks(company_db)
        self.company.listeners.append(self._tell)
        self._made = 0
        self.lock = threading.RLock()
        """Held while a request or a helper below touches the records."""
        self.writing = Writing(self)

    def app(self) -> Starlette:
        """The ASGI app. Beside `/_sandbox/state` and `/_sandbox/faults`: activity, copy, pay."""
        service = Service(self)
        methods = ["GET", "POST", "PATCH", "DELETE", "PUT"]
        acts: dict[str, Callable[..., Any]] = {
            "activity": self.activity,
            "copy": self.copy,
            "pay": self.pay,
        }
        return Starlette(
            routes=[
                Route(f"{ROOT}{{path:path}}", service.answer, methods=methods),
                Route("/ping/{who:path}", service.ping),
                *(self.landscape.routes() if self.landscape else ()),
            ],
            middleware=[self.faults.middleware(self._asked_state, acts)],
        )

    def state(self, source: bool = True, bodies: bool = False) -> dict[str, Any]:
        """What the company holds, what came over the API and what came twice; see `/_sandbox/state`.

        source False (`?source=0`) leaves out the list of all documents, for companies with many. bodies True (`?bodies=1`) adds
        what clients sent for each document created.
        """
        with self.lock:
            told: dict[str, Any] = {
                "records": {name: len(entities) for name, entities in self.company.sets.items()},
                "created": self.journal.created_entries(bodies),
                "updated": list(self.journal.updated),
                "partners": list(self.journal.partners),
                "logins": self.sessions.logins,
                "failed_logins": self.sessions.failed_logins,
                "sessions": len(self.sessions),
                "webhooks": list(self.webhooks.sent),
                "failures": list(self.webhooks.work.failures),
                "business_duplicates": self.journal.business_duplicates(),
                "clock": self.clock.now().isoformat(timespec="seconds"),
            }
            if source:
                told["source"] = state.source(self.company)
            return told | self.faults.counts()

    def _asked_state(self, query: Mapping[str, str]) -> dict[str, Any]:
        return self.state(source=query.get("source", "1") != "0", bodies=query.get("bodies") == "1")

    def record(self, set_name: str, *key: int | str) -> Values:
        """A copy of a record's values. Errors: ServiceLayerError -2028 if there is none."""
        with self.lock:
            record = self._find(set_name, *key)[1]
            if set_name == "BusinessPartners":
                receivables.with_balances(self.company, [record])
            return copy.deepcopy(record.values)

    def add_document(self, set_name: str, **fields: Any) -> int:
        """Add a document as a clerk would, checked; gives its DocEntry. DocDueDate is the company's day where it is left out."""
        with self.lock:
            kind = DOCUMENT_KINDS[set_name]
            values = make_document(self.company, kind, {"DocDueDate": f"{self.clock.now():%Y-%m-%d}"} | fields)
            record = self.company.add_document(kind, values)
            close_bases(self.company, values)
            receivables.settle_itself(record)
            return int(record.values["DocEntry"])

    def add_partner(self, **fields: Any) -> str:
        """Add a business partner as a clerk would, checked; gives its CardCode."""
        with self.lock:
            return str(self.company.sets["BusinessPartners"].add(make_partner(self.company, fields)).values["CardCode"])

    def activity(self, count: int = 1, sound: bool = False) -> list[dict[str, Any]]:
        """New invoices, purchase orders and delivery notes of today, in turn, like those of the start. sound: none has a catch."""
        made = []
        with self.lock:
            today = date_text(self.clock.now())
            for _ in range(count):
                set_name = _SETS_SENT[self._made % len(_SETS_SENT)]
                models = list(self.company.sets[set_name])[: _SOUND if sound else None]
                turn, self._made = self._made // len(_SETS_SENT), self._made + 1
                if models:
                    entry = self.add_like(set_name, [models[turn % len(models)]], DocDate=today, TaxDate=today)
                    made.append({"set": set_name, "DocEntry": entry})
        return made

    def add_like(self, set_name: str, records: Sequence[Record], **fields: Any) -> int | None:
        """Add a copy of the last of some documents as a new one, with other fields; None for sets that are no documents."""
        with self.lock:
            kind = DOCUMENT_KINDS.get(set_name)
            if kind is None or not records:
                return None
            values = copy.deepcopy(records[-1].values)
            del values["DocEntry"], values["DocNum"]
            values[self.company.reference_field] = None
            values["NumAtCard"] = f"{(values.get('NumAtCard') or 'NEW')[:15]}-ADD"
            values |= self.company.stamp() | {"DocumentStatus": "bost_Open", "Cancelled": "tNO", "CancelStatus": "csNo"}
            values["PaidToDate"] = 0.0
            values |= fields
            return int(self.company.add_document(kind, values).values["DocEntry"])

    def change(self, set_name: str, *key: int | str, **fields: Any) -> None:
        """Change a record as a clerk would: documents are checked and priced again, other records take the values as they are."""
        with self.lock:
            entities, record = self._find(set_name, *key)
            kind = DOCUMENT_KINDS.get(set_name)
            if kind is not None:
                change_document(self.company, entities, kind, record, fields, replace=False)
            else:
                if people := fields.get("ContactEmployees"):
                    fields["ContactEmployees"] = numbered_people(self.company, people)
                self.company.write(entities, record, writable(fields, entities.type))

    def pay(self, set_name: str, entry: int, stamped: bool = True, amount: float | None = None) -> int | None:
        """Pay an invoice, what is left of it where no amount is named; gives the incoming payment's DocEntry, if any.

        stamped False: without a new UpdateDate.
        """
        with self.lock:
            part = None if amount is None else exact(amount)
            payment = actions.pay(self.company, DOCUMENT_KINDS[set_name], self._find(set_name, entry)[1], stamped, part)
            return int(payment.values["DocEntry"]) if payment else None

    def receive_payment(self, code: str, amount: float) -> int:
        """Money of a customer on account; gives the incoming payment's DocEntry."""
        with self.lock:
            return int(receivables.receive_payment(self.company, code, exact(amount)).values["DocEntry"])

    def cancel_payment(self, entry: int) -> None:
        """Cancel an incoming payment, which opens its invoices again."""
        with self.lock:
            actions.cancel_payment(self.company, self._find("IncomingPayments", entry)[1])

    def reconcile(self, set_name: str, entry: int, credit_set: str, credit_entry: int, amount: float | None = None) -> int:
        """Match a credit note or a payment on account with an open invoice or down payment, by hand; gives its ReconNum."""
        with self.lock:
            debit, credit = self._find(set_name, entry)[1], self._find(credit_set, credit_entry)[1]
            part = None if amount is None else exact(amount)
            return int(receivables.reconcile(self.company, debit, credit, part).values["ReconNum"])

    def cancel_reconciliation(self, number: int) -> None:
        """Take a reconciliation back, which opens both sides again."""
        with self.lock:
            receivables.cancel_reconciliation(self.company, self._find("InternalReconciliations", number)[1])

    def copy(
        self, base_set: str, entry: int, to: str, quantities: Mapping[int | str, float] | None = None, **fields: Any
    ) -> int:
        """What is open of a document copied into one of another set (an order delivered, a delivery invoiced); its DocEntry.

        quantities: by LineNum, of those lines only; all that is open where left out.
        """
        with self.lock:
            of_lines = None if quantities is None else {int(line): quantity for line, quantity in quantities.items()}
            base = self._find(base_set, entry)[1]
            lines = actions.copied(DOCUMENT_KINDS[base_set], base, of_lines)
            return self.add_document(to, **{"CardCode": base.values["CardCode"], "DocumentLines": lines} | fields)

    def close(self, set_name: str, entry: int) -> None:
        with self.lock:
            actions.close(self.company, DOCUMENT_KINDS[set_name], self._find(set_name, entry)[1])

    def cancel(self, set_name: str, entry: int) -> int | None:
        """Cancel a document; gives the DocEntry of the document that reverses it, None where there is none."""
        with self.lock:
            reversal = actions.cancel(self.company, DOCUMENT_KINDS[set_name], self._find(set_name, entry)[1])
            return int(reversal.values["DocEntry"]) if reversal else None

    def set_clock(self, moment: dt.datetime) -> None:
        """Set the company's zoneless local clock, which runs on from there."""
        self.clock.set(moment)

    def move_clock(self, step: dt.timedelta) -> None:
        """Put the company's clock forward or, by a negative step, back."""
        self.clock.move(step)

    def _tell(self, kind: DocumentKind, record: Record, change: str) -> None:
        self.webhooks.tell(kind.set_name, {"DocEntry": record.key[0]}, change)

    def _find(self, set_name: str, *key: int | str) -> tuple[EntitySet, Record]:
        entities = self.company.sets[set_name]
        return entities, entities.get(key)
