"""The simulated systems in a process of their own, steered line by line: `python -m benchmarks.simulated_systems OPTIONS`.

OPTIONS: a JSON object. It prints what it is, then reads one JSON command a line and answers each with one JSON line, until
its standard input ends.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mlconn_simulators.partner import replies
from mlconn_simulators.partner.habits import PROMPT, plan_for
from mlconn_simulators.partner.outbox import Sending
from mlconn_simulators.program import RunningSandbox, start
from mlconn_simulators.rate_limit import RateLimit

SOUND = 7
"""So many of the first documents of a set have no catch."""

Command = Callable[[RunningSandbox, Mapping[str, Any]], Any]


def send_orders(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Put sound 850s into the partners' outlets; answers the orders' numbers."""
    sent = sandbox.partner.send_orders(asked["count"], orders_per_file=asked.get("orders_per_file", 1))
    return [one.business_number for one in sent]


def wait_for_order(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Seconds until SAP holds an order with that customer's number, null when it does not come in time."""
    began = time.monotonic()
    while time.monotonic() - began < asked["seconds"]:
        with sandbox.sap_business_one.lock:
            created = sandbox.sap_business_one.journal.created_entries(False)
        if any(entry["NumAtCard"] == asked["number"] for entry in created):
            return time.monotonic() - began
        time.sleep(0.05)
    return None


def move_clock(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Put the company's clock forward."""
    sandbox.sap_business_one.move_clock(dt.timedelta(seconds=asked["seconds"]))
    return sandbox.sap_business_one.clock.now().isoformat()


def add_documents(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Add so many documents to a set, each like one of the first that have no catch, stamped now; answers their keys."""
    sap = sandbox.sap_business_one
    with sap.lock:
        sound = list(sap.company.sets[asked["entity"]])[:SOUND]
        return [sap.add_like(asked["entity"], [sound[number % SOUND]]) for number in range(asked["count"])]


def touch_documents(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Save again so many documents of a set, stamped now, with nothing in them changed that a partner would see."""
    sap = sandbox.sap_business_one
    with sap.lock:
        entities = sap.company.sets[asked["entity"]]
        records = list(entities)[-asked["count"] :]
        for record in records:
            sap.company.write(entities, record, {"JournalMemo": f"looked at {time.monotonic()}"})
    return len(records)


def copy_invoices(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Business Central: so many posted invoices more, each a copy of one that there is, with its lines; answers how many there are."""
    central = sandbox.business_central
    company = central.company
    with central.lock:
        posted = [record for record in company.sets["salesInvoices"] if record.posted]
        for number in range(asked["count"]):
            like = posted[number % len(posted)]
            # As if it had been paid: of such a status only posted invoices are, and no ledger has to be asked.
            values = like.values | {"number": company.take_number("PS-INV"), "status": "Paid"}
            made = company.add("salesInvoices", values)
            made.posted = True
            for line in company.lines_of(like):
                company.add("salesInvoiceLines", line.values | {"documentId": made.id})
        return len(company.sets["salesInvoices"])


def requests(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Requests counted so far by method and path template, and 429s given."""
    running = {
        name: getattr(sandbox, name, None) for name in ("sap_business_one", "business_central", "finance_operations", "cleo")
    }
    return {
        name: {"requests": dict(system.faults.requests), "rate_limited": system.faults.rate_limited}
        for name, system in running.items()
        if system is not None
    }


def answer_orders(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """The supplier's 810 to each 850 that arrived, a file each; answers how many."""
    answered = 0
    for got in list(sandbox.partner.inbox.received):
        partner = next(each for each in sandbox.world.partners if each.name == got.partner)
        if got.set_id != "850" or got.facts is None or answered == asked["count"]:
            continue
        plan = replace(plan_for(PROMPT, 1, 0.0, got.partner, "850", got.business_number), change="", wrong_price=False)
        plan = replace(plan, short=False, refuses_order=False)
        order = replies.take_order(partner, sandbox.world, got.facts, plan, f"SO-{got.business_number}")
        number = f"IN{got.business_number}"
        sandbox.partner.outbox.send(partner, [Sending("810", replies.invoice(order, number)[0], number)])
        answered += 1
    return answered


def wait_for_acknowledgments(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Until partners have sent so many 997s; answers how many there are when the time is up at the latest."""
    began = time.monotonic()
    while True:
        there = sum(one.set_id == "997" for one in list(sandbox.partner.outbox.sent))
        if there >= asked["count"] or time.monotonic() - began > asked["seconds"]:
            return there
        time.sleep(0.1)


def uploads(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Every file that Cleo took in: its name and when, in seconds since the epoch."""
    return [(file.name, file.at.timestamp()) for file in list(sandbox.cleo.received)]


def processor_s(sandbox: RunningSandbox, asked: Mapping[str, Any]) -> Any:
    """Seconds of processor time that this process has used so far."""
    return sum(os.times()[:2])


COMMANDS: Mapping[str, Command] = {
    command.__name__: command
    for command in (
        send_orders,
        answer_orders,
        wait_for_acknowledgments,
        wait_for_order,
        move_clock,
        add_documents,
        copy_invoices,
        touch_documents,
        requests,
        uploads,
        processor_s,
    )
}


def main() -> None:
    """Start, say what there is, obey until the input ends.

    Options: system (SAP Business One where none is named), documents, seed, late_max_s; sap_requests_per_second and
    cleo_requests_per_second, null for no limit; remembers_pages, of Business Central; partners_answer false leaves uploaded files
    where they are, so that what is measured shares the machine with fewer bystanders.
    """
    options = json.loads(sys.argv[1])
    system = options.get("system", "sap_business_one")
    sandbox = start(
        systems=[system],
        documents=options.get("documents", 500),
        seed=options.get("seed", 1),
        habits=PROMPT,
        initial_orders=options.get("initial_orders", 0),
        late_max_s=options.get("late_max_s", 0.0),
        taken_after_s=1.0 if options.get("partners_answer") else None,
    )
    if system == "sap_business_one":
        sandbox.sap_business_one.faults.limit = RateLimit(options.get("sap_requests_per_second"))
    elif system == "business_central":
        sandbox.business_central.window_requests = None
        sandbox.business_central.remembers_pages = options.get("remembers_pages", False)
    sandbox.cleo.faults.limit = RateLimit(options.get("cleo_requests_per_second"))
    with sandbox:
        print(json.dumps(sandbox.describe()), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(COMMANDS[asked["do"]](sandbox, asked)), flush=True)


if __name__ == "__main__":
    main()
