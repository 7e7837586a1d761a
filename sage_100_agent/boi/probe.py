"""What this site has: asked by the agent itself when it starts and after a session failed, since names, columns and modules differ.

Nothing is asked that would change Sage or use anything up: that the next number of an order or a receipt can be had is seen when the
first one is entered.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from datetime import date

from sage_100_agent.boi.objects import BoiObject
from sage_100_agent.boi.refusals import Refused
from sage_100_agent.boi.session import Session
from sage_100_agent.boi.tables import INVOICE_ENTRY, PURCHASE_ORDER, PURCHASE_ORDER_ENTRY, RECEIPT_ENTRY, TABLES

MODULES = ("P/O", "A/P", "G/L", "I/M")
ENTRIES = (PURCHASE_ORDER_ENTRY, RECEIPT_ENTRY, INVOICE_ENTRY)


@dataclass(frozen=True)
class Found:
    """told: for people. Of it, objects: of each name, empty where it can be made, else what Sage says; missing: of each table, columns
    that we know and it lacks. columns: of each object that tells them, with ` line` behind its name for its lines.
    """

    told: dict[str, object]
    columns: dict[str, frozenset[str]] = field(default_factory=dict)


def probe(session: Session, today: date) -> Found:
    """Errors: HostFailed."""
    modules: dict[str, str] = {}
    for module in MODULES:
        try:
            session.module(module, today)
            modules[module] = ""
        except Refused as refused:
            modules[module] = refused.text or "refused"
    services = dict.fromkeys(name for table in TABLES for name in table.objects if name.endswith("_svc"))
    objects = {name: session.has(name) for name in services}
    columns: dict[str, frozenset[str]] = {}
    for entry in ENTRIES:
        try:
            with session.entry(entry, today, {}) as made:
                objects[entry.name] = ""
                _note(columns, made, entry.name, has_lines=True)
        except Refused as refused:
            objects[entry.name] = refused.text or "refused"
    missing: dict[str, list[str]] = {}
    for table in TABLES:
        with contextlib.suppress(Refused), session.service(table.module, today, *table.objects) as opened:
            _note(columns, opened, opened.name, has_lines=table is PURCHASE_ORDER)
            if there := columns.get(opened.name):
                ours = (*(f"{name}$" for name in table.texts), *table.numbers)
                missing[opened.name] = [name for name in ours if name not in there]
    told: dict[str, object] = {
        "modules": modules,
        "objects": objects,
        "missing": missing,
        "separator": f"{ord(session.encoding.separator):04x}",
        "code_page": session.encoding.code_page,
        "zone": time.strftime("%z"),
    }
    return Found(told, columns)


def _note(columns: dict[str, frozenset[str]], made: BoiObject, name: str, has_lines: bool) -> None:
    """Columns of an object and of its lines, as far as it tells them."""
    with contextlib.suppress(Refused):
        if there := made.columns():
            columns[name] = there
        if has_lines and (of_lines := made.lines().columns()):
            columns[f"{name} line"] = of_lines
