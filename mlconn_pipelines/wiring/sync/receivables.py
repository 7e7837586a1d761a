"""What customers owe in SAP Business One, on their accounts in Salesforce."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mlconn_pipelines.config.integration import SyncIntegration
from mlconn_pipelines.config.sync import ReceivablesFlow
from mlconn_pipelines.flows.ports.field_states import WantedFields
from mlconn_pipelines.flows.sync.collecting import hash_of_fields
from mlconn_pipelines.flows.sync.route import Collects, Edited, NoRecords, SyncRoute
from mlconn_pipelines.flows.sync.waiting import Waits
from mlconn_pipelines.ports.mapping import Finding, RecordHeader, Severity
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.ports.rows import Target
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.mapping import account_balances
from mlconn_pipelines.systems.salesforce.mapping.account_balances import BalanceFields, account_of, fields_of
from mlconn_pipelines.systems.salesforce.records.stamps import instant_text
from mlconn_pipelines.systems.sap_business_one.mapping.receivables import NO_HASHING, RECEIVABLES, account_balance_of
from mlconn_pipelines.wiring.sync.flow import TO_SALESFORCE, Parts, Reading, SyncFlow, outbound

WAITING_MAX = 200
"""Customers on hold whose accounts are asked for between the daily reads, by one request."""

PAYMENTS_WITHIN = dt.timedelta(days=365)
"""How far back last payments are looked for: they have no stamp, and there are many."""


def _mapped(integration: SyncIntegration) -> Mapping[str, MappedObject]:
    flow = _settings(integration)
    return {account_balances.ENTITY: MappedObject(reads=(flow.customer_code,), writes=_fields(flow).names)}


def _route(parts: Parts) -> SyncRoute:
    flow, engine, sap, org = _settings(parts.integration), parts.engine, parts.system.connector, parts.org
    names = _fields(flow)
    without_account: Severity = "reject" if flow.without_account == "on_hold" else "ignore"
    assert sap.receivables is not None and org.targets is not None and org.collections is not None
    targets = org.targets
    rows = sap.receivables((lambda: engine.today() - PAYMENTS_WITHIN) if names.last_payment_date else None)

    def wanted(record: Record, at: dt.datetime) -> WantedFields:
        balance = account_balance_of(record, engine.local(at).date(), flow.currency)
        fields = fields_of(balance, names)
        return WantedFields(balance.customer_code, fields, hash_of_fields(fields), balance.currency, at)

    def match(row: WantedFields, found: Sequence[Target]) -> Target | Finding:
        return account_of(row.key, row.currency, found, flow.customer_code, without_account)

    def with_account(codes: Sequence[str]) -> Collection[str]:
        return targets.found(account_balances.ENTITY, flow.customer_code, set(codes[:WAITING_MAX])).keys()

    def record(account: str, fields: Mapping[str, Any], as_of: dt.datetime) -> Record:
        return {"Id": account, **fields, **({names.as_of: instant_text(as_of)} if names.as_of else {})}

    return SyncRoute(
        engine=engine,
        source=NoRecords(),
        outbound=outbound(RECEIVABLES, _no_header, NO_HASHING),
        declared=RECEIVABLES,
        settings=Reading(dt.date.min, 0),
        erp=parts.system,
        target=org,
        act=Collects(
            entity=account_balances.ENTITY,
            by=flow.customer_code,
            states=parts.states,
            rows=rows,
            targets=targets,
            collections=org.collections,
            key=lambda row: str(row["CardCode"]),
            wanted=wanted,
            match=match,
            record=record,
            layout=hashlib.sha256(repr((names, flow.customer_code, flow.currency)).encode()).hexdigest()[:12],
        ),
        between=TO_SALESFORCE,
        at_once=parts.integration.salesforce.writes_in_flight,
        edited=[Edited(account_balances.ENTITY, parts.edits)],
        waits=Waits(
            Reason.CUSTOMER_WITHOUT_ACCOUNT,
            lambda held: str(held.get("row") or ""),
            with_account,
            parts.integration.schedules.held_look_every_s,
        ),
        check=rows.check,
    )


def _no_header(record: Record) -> RecordHeader:
    raise ValueError("rows of receivables are no documents")


def _settings(integration: SyncIntegration) -> ReceivablesFlow:
    assert integration.flows.receivables is not None, "asked only where the flow is on"
    return integration.flows.receivables


def _fields(flow: ReceivablesFlow) -> BalanceFields:
    return BalanceFields(**flow.fields.model_dump())


FLOW = SyncFlow(RECEIVABLES, TO_SALESFORCE, "account_balances", _mapped, _route, of_rows=True)
