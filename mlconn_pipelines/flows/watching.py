"""What an integration needs looking after without any document: overdue acknowledgments, alerts, the seal on the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mlconn_pipelines.flows.ahead import forget_reached
from mlconn_pipelines.flows.engine import Engine
from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.flows.route import RecordRoute

ONE_BY_ONE = 5
"""More alerts of one kind than this in one look are told in one message: nobody reads fifty thousand of them."""

NAMED = 3


def watch(engine: Engine, routes: Iterable[RecordRoute], overdue: bool) -> str:
    """One look; overdue: also work out which acknowledgments are late. Returns what happened, in words."""
    said = []
    if overdue and (late := engine.watch.mark_overdue(engine.name)):
        said.append(f"{late} acknowledgments became overdue")
    if silent := engine.watch.mark_silent_agents(engine.name):
        said.append(f"{silent} agents became silent")
    for route in routes if overdue else ():
        forget_reached(route)
    engine.watch.seal_audit()
    for message, alerts in in_messages(engine.watch.alerts_to_deliver(engine.name)):
        if engine.alert(message):
            for alert in alerts:
                engine.watch.alert_delivered(alert.id)
            said.append(f"alert delivered: {message.text}")
    return "; ".join(said)


def in_messages(alerts: Sequence[Alert]) -> list[tuple[Alert, list[Alert]]]:
    """What people are sent, each with the alerts that it tells of: many of one kind at once are one message.

    A kind is what the cause begins with, such as `file_set_aside`; the message's cause is the kind, and its id that of the first.
    """
    kinds: defaultdict[tuple[str, bool], list[Alert]] = defaultdict(list)
    for alert in alerts:
        kinds[alert.cause.partition(":")[0], alert.resolved].append(alert)
    messages = []
    for (kind, resolved), same in kinds.items():
        if len(same) <= ONE_BY_ONE:
            messages += [(alert, [alert]) for alert in same]
            continue
        state = "are over" if resolved else "at once"
        named = "\n".join(alert.text for alert in same[:NAMED])
        text = f"{len(same)} alerts of one kind {state}, the first of them:\n{named}\n`mlconn alerts` lists all that are open."
        messages.append((replace(same[0], cause=kind, text=text), same))
    return messages
