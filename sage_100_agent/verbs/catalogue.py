"""The closed list of verbs. A job names one of them and fills in its form; nothing else that it says reaches Sage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sage_100_agent.boi.probe import probe as probe_site
from sage_100_agent.verbs import find, invoices, lists, posting, purchase_orders, receipts
from sage_100_agent.verbs.forms import DATE, HOURS, Form, decimal, fields, items, one_of, text
from sage_100_agent.verbs.job import Job, Row, Site, Steps
from sage_100_agent.verbs.needs import unable

VERSION = 1
LINES_MAX = 999


class Effect(StrEnum):
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class Verb:
    """kind: of the document that it writes, by which it is looked for after a crash. own_number: what it writes has a number of its own
    that Sage gives out. repeatable: doing it twice leaves the same. posts: only where the site has it in its allow-file, and once it has
    told its number it is neither ended nor done again, since Sage would be left with half a posting."""

    form: Form
    run: Callable[[Job, Site, Steps], Row]
    effect: Effect = Effect.READ
    kind: str = ""
    repeatable: bool = False
    posts: bool = False


def _probe(job: Job, site: Site, steps: Steps) -> Row:
    """unable: by verb, why this site cannot have it done."""
    found = probe_site(site.session, site.today())
    return {**found.told, "unable": unable(found.columns, site.reference_columns)}


_DIVISION = text(2, "[0-9A-Z]{2}")
_VENDOR = text(7)
_ORDER_NO = text(7)
_SINCE = fields({"date": DATE, "time": HOURS})
_CURSOR = items(text(40), 5)
_KEYS = items(items(text(40), 5), 250)

VERBS: dict[str, Verb] = {
    "probe": Verb(fields(), _probe),
    "company.list": Verb(fields(), lists.companies),
    "po.changed": Verb(fields(since=_SINCE, cursor=_CURSOR, keys=_KEYS), lists.purchase_orders),
    "po.get": Verb(fields({"number": _ORDER_NO}), lists.purchase_order),
    "vendor.changed": Verb(fields(since=_SINCE, cursor=_CURSOR, keys=_KEYS), lists.vendors),
    "gl_account.list": Verb(fields(cursor=_CURSOR, keys=_KEYS), lists.gl_accounts),
    "item.list": Verb(fields(cursor=_CURSOR, keys=_KEYS), lists.items),
    "ref.list": Verb(fields({"list": one_of(*lists.REFERENCE_LISTS)}, cursor=_CURSOR, keys=_KEYS), lists.reference_list),
    "doc.find": Verb(
        fields({"kind": one_of(*find.PLACES)}, number=text(20), reference=text(30), division=_DIVISION, vendor=_VENDOR),
        find.find,
    ),
    "po.create": Verb(
        fields(
            {
                "division": _DIVISION,
                "vendor": _VENDOR,
                "date": DATE,
                "lines": items(
                    fields(
                        {"item": text(30), "quantity": decimal(9, 6)},
                        unit=text(4),
                        unit_cost=decimal(9, 6),
                        warehouse=text(3),
                        required_date=DATE,
                    ),
                    LINES_MAX,
                ),
            },
            required_date=DATE,
            warehouse=text(3),
            ship_via=text(15),
        ),
        purchase_orders.create,
        Effect.WRITE,
        "purchase_order",
    ),
    "po.update_dates": Verb(
        fields(
            {"number": _ORDER_NO},
            required_date=DATE,
            lines=items(fields({"line_key": text(6, "[0-9]{1,6}"), "required_date": DATE}), LINES_MAX),
        ),
        purchase_orders.update_dates,
        Effect.WRITE,
        "purchase_order",
        repeatable=True,
    ),
    "receipt.enter": Verb(
        fields(
            {
                "purchase_order": _ORDER_NO,
                "date": DATE,
                "lines": items(
                    fields({"line_key": text(6, "[0-9]{1,6}"), "quantity": decimal(9, 6)}, warehouse=text(3)), LINES_MAX
                ),
            }
        ),
        receipts.enter,
        Effect.WRITE,
        "receipt",
    ),
    "receipt.post": Verb(
        fields({"number": text(6, "[0-9A-Z]{1,6}")}),
        posting.post_receipt,
        Effect.WRITE,
        "receipt",
        posts=True,
    ),
    "ap_invoice.enter": Verb(
        fields(
            {
                "division": _DIVISION,
                "vendor": _VENDOR,
                "invoice": text(20),
                "date": DATE,
                "amount": decimal(9, 2),
                "lines": items(
                    fields({"account_key": text(9, "[0-9]{9}"), "amount": decimal(9, 2)}, comment=text(2048)), LINES_MAX
                ),
            },
            due_date=DATE,
            posting_date=DATE,
            purchase_order=_ORDER_NO,
            freight=decimal(9, 2),
            tax=decimal(9, 2),
        ),
        invoices.enter,
        Effect.WRITE,
        "ap_invoice",
    ),
}
