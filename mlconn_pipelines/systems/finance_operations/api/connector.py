"""The Connector of Dynamics 365 Finance & Operations: one company of one environment."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from mlconn_pipelines.errors import ConfigurationError, OutcomeUnknown
from mlconn_pipelines.ports.connections import Credentials, Limiter, SessionStore
from mlconn_pipelines.ports.records import ConnectionReport, Connector, OurRecord, Record, Stored, reports_of
from mlconn_pipelines.systems.finance_operations.api.faults import own_form
from mlconn_pipelines.systems.finance_operations.api.journals import JournalReader, key_when_posted
from mlconn_pipelines.systems.finance_operations.api.orders import OrderReader
from mlconn_pipelines.systems.finance_operations.api.reference_data import ReferenceReader
from mlconn_pipelines.systems.finance_operations.api.service import SYSTEM, DataService
from mlconn_pipelines.systems.finance_operations.api.vendor_invoices import VendorInvoiceWriter
from mlconn_pipelines.systems.finance_operations.connection import FinanceOperationsConnection
from mlconn_pipelines.systems.finance_operations.records.naming import CONFIRMATIONS, INVOICES, ORDERS
from mlconn_pipelines.transport.entra.session import EntraApplication, EntraSignIn
from mlconn_pipelines.transport.http import Http
from mlconn_pipelines.transport.proxies import Proxies
from mlconn_pipelines.transport.retry import RetryPolicy
from mlconn_pipelines.transport.throttle import Throttle

PENDING_FOR_SURE_S = 3600.0
"""How long an invoice of ours stays pending, so that its absence proves that it was never stored: nobody posts it sooner."""

_NOT_LET_IN = (
    "Map the application to a user in F&O (System administration > Microsoft Entra applications), and look whether `url` is the "
    "address of the environment that the token is for."
)
_MEANING = {
    "NoDuplicate": "refuses a vendor's invoice number that is used",
    "NoDuplicateInYear": "refuses a vendor's invoice number that is used in the same fiscal year",
    "AcceptDuplicate": "accepts a vendor's invoice number twice",
    "WarnDuplicate": "only warns of a vendor's invoice number that is used",
}


def open_connector(
    connection: FinanceOperationsConnection,
    credentials: Credentials,
    sessions: SessionStore,
    limiter: Limiter | None,
    *,
    retry: RetryPolicy | None = None,
) -> Connector:
    """Reads and writes records of one company; does not sign in. retry: of reads."""
    host = f"{connection.url.host}:{connection.url.port}"
    proxies = Proxies(connection, credentials)
    http = Http(
        SYSTEM,
        str(connection.url),
        timeout_s=connection.timeout_s,
        ca_file=connection.ca_file,
        proxies=proxies,
        throttle=Throttle(limiter, host, host, connection.requests_per_second, connection.calls_in_flight),
        own_form=own_form,
    )
    application = EntraApplication(
        tenant=connection.tenant,
        scope=f"{http.origin}/.default",
        credential=connection.credential,
        authority=str(connection.authority),
    )
    sign_in = EntraSignIn(application, credentials, http, ca_file=connection.ca_file, proxies=proxies)
    service = DataService(http, sign_in.auth(sessions, _NOT_LET_IN), connection.company, retry)
    zone = ZoneInfo(connection.time_zone) if connection.time_zone else None
    orders = OrderReader(service, connection.reread_days, connection.calls_in_flight, zone)
    target = Target(service, orders, VendorInvoiceWriter(service, connection.invoice_in_one_batch))

    def close() -> None:
        """Connections only; the token stays, other runs use it."""
        service.close()
        sign_in.close()

    return Connector(
        source=orders,
        totals=orders,
        reference=ReferenceReader(service),
        target=target,
        stepwise=target,
        check=ConnectionCheck(connection, service),
        count=lambda: service.calls,
        close=close,
        journals=JournalReader(service),
        key_when_posted=key_when_posted,
    )


class Target:
    """Pending vendor invoices are created, lines of orders changed; implements RecordTarget and StepwiseTarget."""

    def __init__(self, service: DataService, orders: OrderReader, invoices: VendorInvoiceWriter) -> None:
        self._service, self._orders, self._invoices = service, orders, invoices

    def find(self, entity: str, reference: str, payload: Record | None = None, older_than_s: float = 0.0) -> Stored | None:
        """Among pending invoices, by the reference alone. A committed record is readable at once.

        None for changes of an order's lines, which create nothing and are safe to repeat.
        OutcomeUnknown when none is there and the act lies so far back that somebody may have posted it: it is pending no more then.
        """
        if entity == ORDERS:
            return None
        _only_invoices(entity)
        stored = self._invoices.find(reference)
        if stored is None and older_than_s > PENDING_FOR_SURE_S:
            raise OutcomeUnknown(
                f"{SYSTEM} has no pending invoice under our reference {reference}, and in the hours since it may have been posted",
                hint="Look among the vendor's posted invoices, then run `mlconn release` with --delivered or --not-delivered.",
            )
        return stored

    def under_reference(self, entity: str, reference: str, payload: Record | None = None) -> Sequence[OurRecord]:
        """At most one: the reference is the key."""
        stored = None if entity == ORDERS else self._invoices.find(reference)
        return [] if stored is None else [OurRecord(reference, stored.key, stored.number)]

    def create(self, entity: str, payload: Record) -> Stored:
        """One `$batch` after a look for a twin, or request after request where the setting says so."""
        _only_invoices(entity)
        return self._invoices.create(payload)

    def finish_or_remove(self, entity: str, partial: Stored, payload: Record) -> Stored | None:
        _only_invoices(entity)
        return self._invoices.finish_or_remove(partial, payload)

    def update(self, entity: str, key: str, changes: Record) -> Record:
        return self._orders.update(entity, key, changes)

    def reserve(self) -> None:
        """Make sure that there is a token, and take the next turn."""
        self._service.reserve("")


class ConnectionCheck:
    """What `mlconn check` looks at."""

    def __init__(self, connection: FinanceOperationsConnection, service: DataService) -> None:
        self._connection, self._service = connection, service

    def __call__(self) -> Sequence[ConnectionReport]:
        """Sign in, read confirmations, find the company, look where our reference goes; nothing is tried after a failure."""
        looks = (self._check_sign_in, self._check_confirmations, self._check_company, self._check_invoices)
        return reports_of(SYSTEM, looks)

    def _check_sign_in(self) -> ConnectionReport:
        self._service.sign_in()
        return ConnectionReport(SYSTEM, True, f"signed in to tenant {self._connection.tenant} for {self._connection.url.host}")

    def _check_confirmations(self) -> ConnectionReport:
        select = ("PurchaseOrderNumber", "ConfirmationNumber")
        rows = next(self._service.pages(CONFIRMATIONS, select=select, top=1))
        shown = f"{rows[0].get('ConfirmationNumber')}" if rows else "none there yet"
        return ConnectionReport(SYSTEM, True, f"read {CONFIRMATIONS} of company {self._service.company}: {shown}")

    def _check_company(self) -> ConnectionReport:
        """An unknown company looks like an empty one, so its parameters are asked for."""
        rows = self._service.rows("VendorParameters", select=("dataAreaId", "IsCheckInvoiceNumberUsed"))
        if not rows:
            return ConnectionReport(
                SYSTEM,
                False,
                f"company {self._service.company!r} has no vendor parameters. Correct `company` (the legal entity's id in F&O), or "
                "give the application's user access to it.",
            )
        rule = str(rows[0].get("IsCheckInvoiceNumberUsed"))
        return ConnectionReport(
            SYSTEM, True, f"company {self._service.company} {_MEANING.get(rule, rule)}; we look for it ourselves all the same"
        )

    def _check_invoices(self) -> ConnectionReport:
        next(self._service.pages(INVOICES, select=("HeaderReference",), top=1))
        return ConnectionReport(SYSTEM, True, f"HeaderReference of {INVOICES} takes our reference")


def _only_invoices(entity: str) -> None:
    if entity != INVOICES:
        raise ConfigurationError(f"Records of {entity!r} are not created in F&O, only {INVOICES}")
