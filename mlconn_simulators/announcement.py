"""What `mlconn sandbox up` prints for people: where each system listens and how to get in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TITLES = {
    "entra": "Microsoft Entra",
    "sap_business_one": "SAP Business One",
    "business_central": "Business Central",
    "finance_operations": "Finance & Operations",
    "sage_100": "Sage 100",
    "salesforce": "Salesforce",
}


def announcement(said: Mapping[str, Any]) -> str:
    """One line for each system. said: as the program describes what runs."""
    lines = []
    for name in (name for name in _TITLES if name in said):
        system = said[name]
        at = system.get("token_url") or system.get("api") or system.get("data") or system["url"]
        lines.append(f"{_TITLES[name]:20}  {at}  {_way_in(name, system)}")
        if "cleo" in system:
            cleo = system["cleo"]
            lines.append(f"  its Cleo            {cleo['url']}  user {cleo['user']}, password {cleo['password']}")
            lines.append(f"  its partners        {system['partner']['url']}")
        if "erp" in system:
            erp = system["erp"]
            lines.append(f"  its SAP             {erp['url']}  {_way_in('sap_business_one', erp)}")
    lines.append("Each shows what it holds at /_sandbox/state of its port. Ctrl-C ends.")
    return "\n".join(lines)


def _way_in(name: str, system: Mapping[str, Any]) -> str:
    match name:
        case "entra" | "salesforce":
            return f"client {system['client_id']}, secret {system['client_secret']}"
        case "sap_business_one":
            return f"company {system['company_db']}, user {system['user']}, password {system['password']}"
        case "sage_100":
            way = f"company {system['company']}, user {system['user']}, password {system['password']}"
            return f"{way}; objects on port {system['port']}"
        case "business_central":
            return f"company {system['company']} ({system['company_id']})"
    return f"companies {', '.join(system['companies'])}"
