"""The demo's configuration, written as files like anybody's, from what the sandbox says of itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mlconn_simulators.demo.description import DemoSystem, Described
from mlconn_simulators.demo.sap_business_one import SAP_BUSINESS_ONE

INTEGRATION = SAP_BUSINESS_ONE.integration
ERP_CREDENTIAL, CLEO_CREDENTIAL = SAP_BUSINESS_ONE.erp_credential, SAP_BUSINESS_ONE.cleo_credential
"""Of the integration that tests and benchmarks work with."""

API_PARTNER = "bluepeak"
"""The one partner who is reached through an API Provider endpoint instead of a folder."""

DUE_DAYS = 28
"""The sandbox's documents reach 30 days back; the oldest two days are before the demo's go-live."""

ABSENCE_PROVES_AFTER_S = 8.0
"""Longer than simulated servers may take over a request (`sandbox.faults.COMMITS_WITHIN_S`), and not half an hour as real ones."""

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def send_from(sandbox: Described) -> dt.date:
    """The demo's go-live."""
    return dt.date.fromisoformat(sandbox["world"]["today"]) - dt.timedelta(days=DUE_DAYS)


def write_configuration(
    folder: Path,
    sandbox: Described,
    system: DemoSystem = SAP_BUSINESS_ONE,
    *,
    requests_per_second: float | None,
    gateway: str = "",
    acknowledgment_within_h: float = 1.0,
    **changes: Any,
) -> None:
    """The integration's file and those of its partners.

    gateway: its address, where ERP and Cleo tell of events. changes: further keys of the integration, such as flows. Where
    they name `partners`, the others get no file and their folders are not watched.
    """
    (folder / "partners").mkdir(parents=True, exist_ok=True)
    world, cleo = sandbox["world"], sandbox[system.kind]["cleo"]
    partners = system.partners(sandbox)
    if chosen := changes.get("partners"):
        partners = [partner for partner in partners if system.name_of(partner["name"]) in chosen]
    begin = send_from(sandbox)
    integration = {
        "integration": system.integration,
        "mode": "live",
        "time_zone": "UTC",
        "owner": "team:edi",
        "erp": system.erp(sandbox)
        | ({} if system.agent else {"credential": system.erp_credential, "absence_proves_after_s": ABSENCE_PROVES_AFTER_S}),
        "cleo": {
            "url": cleo["url"],
            "credential": system.cleo_credential,
            "requests_per_second": requests_per_second,
        },
        "partners": [system.name_of(partner["name"]) for partner in partners],
        "reference_every_s": 900,
        "flows": {
            **{flow: {"send_from": begin} for flow in system.sends},
            "inbound": {"send_from": begin, "folders": sorted({partner["outlet"] for partner in partners})},
        },
    }
    if gateway:
        senders = {"cleo": {"credential": system.cleo_tells}}
        if not system.agent:
            senders["erp"] = {"credential": system.erp_tells}
        integration["events"] = {"public_url": gateway, **senders}
    integration.update(changes)
    _write(folder / f"{system.integration}.yaml", integration)
    provider = cleo.get("provider_url")
    for partner in partners:
        name = system.name_of(partner["name"])
        written = {**partner_file(partner, world, acknowledgment_within_h), "partner": name, **system.partner(partner, sandbox)}
        if provider and partner["name"] == API_PARTNER:
            del written["folder"]
            written["api_provider"] = {
                "url": f"{provider}/{partner['name']}",
                "credential": system.provider_credential,
                "body": {"file_name": "{file_name}", "set": "{document.set}", "number": "{document.number}", "x12": "{x12}"},
                "answer_names_file": True,
            }
        _write(folder / "partners" / f"{name}.yaml", written)


def partner_file(partner: Mapping[str, Any], world: Mapping[str, Any], acknowledgment_within_h: float) -> dict[str, Any]:
    """One trading partner as their file says it where the ERP is SAP."""
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
    path.write_text(yaml_text(value), encoding="utf-8")


def yaml_text(value: Mapping[str, Any]) -> str:
    """By libyaml where PyYAML was built with it, which is ten times as fast."""
    return str(yaml.dump(dict(value), Dumper=_DUMPER, sort_keys=False, allow_unicode=True))
