"""Calls as the four systems make them."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from mlconn_pipelines_tests.gateway.conftest import SECRETS

COMPANY = "11111111-2222-3333-4444-555555555555"
RECORD = "99999999-2222-3333-4444-555555555555"
STAMP = "2026-11-20T12:00:00Z"


def entry(
    entity: str = "salesInvoices", record: str = RECORD, at: str = STAMP, state: str = SECRETS["bc_tells"], **other: Any
) -> dict[str, Any]:
    """One change in a notification of Business Central."""
    return {
        "subscriptionId": "webhook-1",
        "clientState": state,
        "expirationDateTime": "2026-11-23T12:00:00Z",
        "resource": f"api/v2.0/companies({COMPANY})/{entity}({record})",
        "changeType": "updated",
        "lastModifiedDateTime": at,
        **other,
    }


def notification(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"value": entries or (entry(),)}).encode()


def confirmed(number: int = 5637144576, company: str = "usmf", **other: Any) -> bytes:
    """A business event of Finance & Operations."""
    return json.dumps(
        {
            "BusinessEventId": "PurchaseOrderConfirmedBusinessEvent",
            "ControlNumber": number,
            "EventId": "55A81094-A14E-46A6-A12C-07ED5C5990C6",
            "EventTime": "/Date(1637246655000)/",
            "LegalEntity": company,
            "PurchaseOrderNumber": "PO-1",
            **other,
        }
    ).encode()


def signature(body: bytes, secret: str = SECRETS["signed_tells"]) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
