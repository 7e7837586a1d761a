"""Reference data as whole lists, and orders by their numbers."""

from __future__ import annotations

from sage_100_agent.boi.refusals import Category, Refused
from sage_100_agent.boi.tables import (
    COMPANY,
    GL_ACCOUNT,
    ITEM,
    MAIN_ACCOUNT,
    PURCHASE_ORDER,
    TAX_SCHEDULE,
    TERMS,
    VENDOR,
    WAREHOUSE,
    Table,
)
from sage_100_agent.verbs import changed
from sage_100_agent.verbs.changed import add_lines, content_of, pages
from sage_100_agent.verbs.job import Job, Row, Site, Steps
from sage_100_agent.verbs.rows import Key, batches, fetch, keys_of

REFERENCE_LISTS = {"warehouses": WAREHOUSE, "terms": TERMS, "tax_schedules": TAX_SCHEDULE, "main_accounts": MAIN_ACCOUNT}


def gl_accounts(job: Job, site: Site, steps: Steps) -> Row:
    return _list(GL_ACCOUNT, job, site, steps)


def purchase_orders(job: Job, site: Site, steps: Steps) -> Row:
    """Those that are named, else those that changed."""
    return _list(PURCHASE_ORDER, job, site, steps) if "keys" in job.params else changed.purchase_orders(job, site, steps)


def vendors(job: Job, site: Site, steps: Steps) -> Row:
    """Those that are named, else those that changed."""
    return _list(VENDOR, job, site, steps) if "keys" in job.params else changed.vendors(job, site, steps)


def items(job: Job, site: Site, steps: Steps) -> Row:
    return _list(ITEM, job, site, steps)


def reference_list(job: Job, site: Site, steps: Steps) -> Row:
    return _list(REFERENCE_LISTS[job.params["list"]], job, site, steps)


def companies(job: Job, site: Site, steps: Steps) -> Row:
    """Those that the agent may work in, with names where this site tells them."""
    names: dict[str, str] = {}
    try:
        with site.session.service(COMPANY.module, site.today(), *COMPANY.objects) as opened:
            names = {
                row["CompanyCode"]: row["CompanyName"]
                for row in fetch(opened, COMPANY, [(code,) for code in site.companies]).values()
            }
    except Refused:
        pass
    steps.page([{"CompanyCode": code, "CompanyName": names.get(code, "")} for code in site.companies], [])
    return {"rows": len(site.companies)}


def purchase_order(job: Job, site: Site, steps: Steps) -> Row:
    """One order of the open table. A completed one has left it sooner or later, which is told as not found."""
    number = job.params["number"]
    with site.session.service(PURCHASE_ORDER.module, site.today(), *PURCHASE_ORDER.objects) as opened:
        found = fetch(opened, PURCHASE_ORDER, [(number,)])
        if not found:
            raise Refused(Category.NOT_FOUND, f"there is no open purchase order {number}", "po.get")
        add_lines(opened, found)
    row = found[(number,)]
    return {"order": row | {"content": content_of(row)}}


def wanted_keys(table: Table, job: Job) -> list[Key]:
    """Those that the job names, in their order. Errors: Refused for one that has not the parts of this table's keys."""
    named = sorted({tuple(key) for key in job.params.get("keys", ())})
    if odd := next((key for key in named if len(key) != len(table.key)), None):
        raise Refused(Category.OTHER, f"a key is {' and '.join(table.key)}, not {odd}", f"{job.verb} keys")
    return named


def _list(table: Table, job: Job, site: Site, steps: Steps) -> Row:
    """By pages in the order of the keys; cursor: the last key of the page before. keys: only these records, as far as there are any."""
    count = 0
    with site.session.service(table.module, site.today(), *table.objects) as opened:
        keys = wanted_keys(table, job) or keys_of(opened, table)
        keys = [key for key in keys if key > tuple(job.params.get("cursor", ()))]
        for batch in batches(keys):
            found = fetch(opened, table, batch)
            if table is PURCHASE_ORDER:
                add_lines(opened, found)
            for page in pages([(key, found[key]) for key in batch if key in found]):
                told = [row | {"content": content_of(row)} if table in (PURCHASE_ORDER, VENDOR) else row for _, row in page]
                steps.page(told, list(page[-1][0]))
                count += len(page)
    return {"rows": count}
