"""What the agent's replies mean: what goes away by itself, what ends the run, and what is said of one document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from mlconn_pipelines.errors import ConnectorError, DocumentRejected, Retryable, TryLater
from mlconn_pipelines.ports.agents import Reply
from mlconn_pipelines.reasons import Reason

OF_THE_SITE: Mapping[str, str] = {
    "batch_in_use": "Somebody has the batch open in Sage.",
    "period_end": "Sage is being closed for the period, or backed up.",
    "licence_full": "All users that the licence allows are signed in to Sage.",
    "lapsed_subscription": "The Sage subscription has lapsed, and Sage takes nothing any more. Renew it; reading goes on.",
    "sign_in": "Sage does not let the agent's user in. Correct its password beside the Sage server.",
    "no_right": "The agent's user has not the right for this in Sage. Compare its role with docs/connect-sage-100.md.",
    "unlicensed": "The module is not licensed or not registered in Sage.",
    "rate": "The site allows no more writes in this hour.",
    "journal_full": "The agent's journal is full of results that the platform did not take.",
    "columns_missing": "The agent looks again by itself once a document waits, five minutes after its last look at the earliest.",
    "not_allowed": "The site allows the agent less than this: its allow-file beside the Sage server says what.",
}
"""By category: what is no fault of the document, and of all that come after it as well."""
REASONS: Mapping[str, Reason] = {
    "duplicate": Reason.RECORD_EXISTS,
    "not_found": Reason.REFERENCE_UNKNOWN,
    "width": Reason.VALUE_TOO_LONG,
}
"""By category; of a document that Sage refuses for what it says."""

OUR_OWN = frozenset({"form", "id_used_twice"})
"""Categories of what the agent refuses by itself, before Sage is asked."""


def written(reply: Reply, what: str) -> str:
    """The number under which it is in Sage now. Errors: Retryable, TryLater, DocumentRejected; nothing was stored then."""
    if reply.outcome != "ok":
        refuse(reply, what)
    return reply.number


def refuse(reply: Reply, what: str) -> NoReturn:
    if reply.nothing_done or reply.category in OF_THE_SITE:
        raise wait_of(reply, what)
    who = "The agent" if reply.category in OUR_OWN else "Sage"
    raise DocumentRejected(f"{who} refused it: {reply.text}", code=REASONS.get(reply.category, Reason.REFUSED_BY_SERVER))


def wait_of(reply: Reply, what: str) -> ConnectorError:
    """Of a reply that is none of the document's doing."""
    after_s = reply.after_s or None
    if reply.outcome == "unsupported":
        return TryLater(f"{what}: this agent is too old for it", "Update it; `mlconn agents show` tells its version.")
    if (hint := OF_THE_SITE.get(reply.category)) is not None:
        return TryLater(f"{what}: {reply.text or reply.category}", hint, retry_after_s=after_s)
    said = reply.text or reply.category or reply.outcome
    return Retryable(f"{what}: {said}", "It is tried again.", retry_after_s=after_s, answered="system" if reply.text else "")
