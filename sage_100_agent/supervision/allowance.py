"""What this site lets the platform do. The file lies beside the agent and can only narrow what the agent does
by itself, and switch on what it does not: posting."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sage_100_agent.verbs.catalogue import VERBS, VERSION
from sage_100_agent.verbs.forms import BadForm, check

WRITES_PER_HOUR = 500


class BadAllowance(Exception):
    """The file is not understood: then the agent does nothing, rather than more than was meant."""


@dataclass(frozen=True)
class Allowance:
    companies: frozenset[str]
    verbs: frozenset[str] = frozenset(name for name, verb in VERBS.items() if not verb.posts)
    writes_per_hour: int = WRITES_PER_HOUR

    def objection(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        """Why the job is not done, as its result. None: it may be."""
        name, company = request.get("verb"), request.get("company")
        verb = VERBS.get(name) if isinstance(name, str) else None
        if verb is None or request.get("verb_version") != VERSION:
            return {"outcome": "unsupported", "text": f"this agent has no {name!r} of version {request.get('verb_version')!r}"}
        if request.get("effect") != verb.effect:
            return _refused("form", f"{name} is a {verb.effect.value}")
        if name not in self.verbs:
            switch = ": `posting = true` in its allow.toml lets the agent post" if verb.posts else ""
            return _refused("not_allowed", f"{name} is not allowed at this site{switch}")
        if company not in self.companies:
            return _refused("not_allowed", f"company {company!r} is not open to this agent")
        try:
            check(request.get("params"), verb.form)
        except BadForm as wrong:
            return _refused("form", str(wrong))
        return None


def read_allowance(file: Path, companies: frozenset[str]) -> Allowance:
    """companies: those that the agent has a sign-in for. Errors: BadAllowance."""
    if not file.exists():
        return Allowance(companies)
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as wrong:
        raise BadAllowance(f"{file.name}: {wrong}") from None
    if not isinstance(told, dict) or not told.keys() <= {"companies", "verbs", "writes_per_hour", "posting"}:
        raise BadAllowance(f"{file.name}: expected companies, verbs, writes_per_hour and posting")
    verbs, only, most, posting = (
        told.get("verbs", list(VERBS)),
        told.get("companies", list(companies)),
        told.get("writes_per_hour", WRITES_PER_HOUR),
        told.get("posting", False),
    )
    for name, listed in (("verbs", verbs), ("companies", only)):
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise BadAllowance(f"{file.name}: {name} is a list of names")
    if not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise BadAllowance(f"{file.name}: writes_per_hour is a number")
    if not isinstance(posting, bool):
        raise BadAllowance(f"{file.name}: posting is true or false")
    if unknown := sorted(set(verbs) - set(VERBS)):
        raise BadAllowance(f"{file.name}: there is no verb {', '.join(unknown)}")
    allowed = frozenset(name for name in verbs if posting or not VERBS[name].posts)
    return Allowance(companies & frozenset(only), allowed, min(most, WRITES_PER_HOUR))


def _refused(category: str, text: str) -> dict[str, Any]:
    return {"outcome": "refused", "category": category, "text": text, "where": "agent"}
