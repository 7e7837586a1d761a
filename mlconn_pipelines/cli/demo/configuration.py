"""The demo's configuration, written as files like anybody's, from what the sandbox says of itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

INTEGRATION = "acme"
ERP_CREDENTIAL, CLEO_CREDENTIAL, PROVIDER_CREDENTIAL = "acme-erp", "acme-cleo", "acme-provider"
API_PARTNER = "bluepeak"
"""The one partner who is reached through an API Provider endpoint instead of a folder."""

DUE_DAYS = 28
"""The sandbox's documents reach 30 days back; the oldest two days are before the demo's go-live."""


def write_configuration(
    folder: Path,
    sandbox: Mapping[str, Any],
    *,
    requests_per_second: float | None,
    acknowledgment_within_h: float = 1.0,
    **changes: Any,
) -> None:
    """`folder/acme.yaml` and `folder/partners/*.yaml`. changes: further keys of the integration, such as flows."""
    (folder / "partners").mkdir(parents=True, exist_ok=True)
    world = sandbox["world"]
    partners = world["partners"]
    today = dt.date.fromisoformat(world["today"])
    send_from = today - dt.timedelta(days=DUE_DAYS)
    integration = {
        "integration": INTEGRATION,
        "mode": "live",
        "time_zone": "UTC",
        "owner": "team:edi",
        "erp": {
            "kind": "sap_business_one",
            "url": sandbox["sap_business_one"]["url"],
            "company_db": sandbox["sap_business_one"]["company_db"],
            "credential": ERP_CREDENTIAL,
            "order_target": "Orders",
        },
        "cleo": {
            "url": sandbox["cleo"]["url"],
            "credential": CLEO_CREDENTIAL,
            "requests_per_second": requests_per_second,
        },
        "partners": [partner["name"] for partner in partners],
        "reference_every_s": 900,
        "flows": {
            "x12_810": {"send_from": send_from},
            "x12_850": {"send_from": send_from},
            "x12_856": {"send_from": send_from},
            "inbound": {"send_from": send_from, "folders": sorted({partner["outlet"] for partner in partners})},
        },
    }
    integration.update(changes)
    _write(folder / f"{INTEGRATION}.yaml", integration)
    provider = sandbox["cleo"].get("provider_url")
    for partner in partners:
        written = partner_file(partner, world, acknowledgment_within_h)
        if provider and partner["name"] == API_PARTNER:
            del written["folder"]
            written["api_provider"] = {
                "url": f"{provider}/{partner['name']}",
                "credential": PROVIDER_CREDENTIAL,
                "body": {"file_name": "{file_name}", "set": "{document.set}", "number": "{document.number}", "x12": "{x12}"},
            }
        _write(folder / "partners" / f"{partner['name']}.yaml", written)


def partner_file(partner: Mapping[str, Any], world: Mapping[str, Any], acknowledgment_within_h: float) -> dict[str, Any]:
    """One trading partner as their file says it."""
    element, component, repetition, segment = partner["separators"]
    return {
        "partner": partner["name"],
        "name": partner["title"],
        **({"customer_codes": [partner["customer_code"]]} if partner["customer_code"] else {}),
        **({"supplier_codes": [partner["supplier_code"]]} if partner["supplier_code"] else {}),
        "folder": partner["inbox"],
        "units": dict(world["unit_codes"]),
        "ship_to": {address["location_number"]: address["name"] for address in partner["addresses"]},
        "x12": {
            "ours": {"qualifier": world["company"]["qualifier"], "id": world["company"]["id"]},
            "theirs": {"qualifier": partner["qualifier"], "id": partner["id"]},
            "group_theirs": partner["group_id"],
            "version": partner["version"],
            "separators": {
                "element": element,
                "component": component,
                # Before 004020 there is no repetition separator; ISA11 says U there.
                **({"repetition": repetition} if not repetition.isalnum() else {}),
                "segment": segment,
                "line_break": partner["line_break"],
            },
            "acknowledgment_within_h": acknowledgment_within_h,
            "product_id_qualifiers": list(dict.fromkeys([partner["product_qualifier"], "VP", "BP", "UP", "EN"])),
        },
    }


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True), encoding="utf-8")
