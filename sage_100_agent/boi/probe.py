"""What this site has: asked once at the start and by the verb `probe`, since names, columns and modules differ from site to site."""

from __future__ import annotations

import contextlib
import time
from datetime import date

from sage_100_agent.boi.refusals import Refused
from sage_100_agent.boi.session import Session
from sage_100_agent.boi.tables import INVOICE_ENTRY, PURCHASE_ORDER_ENTRY, RECEIPT_ENTRY, TABLES

MODULES = ("P/O", "A/P", "G/L", "I/M")
ENTRIES = (PURCHASE_ORDER_ENTRY, RECEIPT_ENTRY, INVOICE_ENTRY)


def probe(session: Session, today: date) -> dict[str, object]:
    """objects: of each name, empty where it can be made, else what Sage says. missing: of each table, columns that we know and it lacks."""
    modules: dict[str, str] = {}
    for module in MODULES:
        try:
            session.module(module, today)
            modules[module] = ""
        except Refused as refused:
            modules[module] = refused.text or "refused"
    services = dict.fromkeys(name for table in TABLES for name in table.objects if name.endswith("_svc"))
    objects = {name: session.has(name) for name in services}
    for entry in ENTRIES:
        try:
            with session.entry(entry, today, {}):
                objects[entry.name] = ""
        except Refused as refused:
            objects[entry.name] = refused.text or "refused"
    missing: dict[str, list[str]] = {}
    for table in TABLES:
        with contextlib.suppress(Refused), session.service(table.module, today, *table.objects) as opened:
            if there := opened.columns():
                ours = (*(f"{name}$" for name in table.texts), *table.numbers)
                missing[opened.name] = [name for name in ours if name not in there]
    return {
        "modules": modules,
        "objects": objects,
        "missing": missing,
        "separator": f"{ord(session.encoding.separator):04x}",
        "code_page": session.encoding.code_page,
        "zone": time.strftime("%z"),
    }
