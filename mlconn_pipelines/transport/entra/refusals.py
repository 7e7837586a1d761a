"""What a refusal of Microsoft Entra ID means, by its AADSTS code. Source: Microsoft's list of AADSTS error codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from mlconn_pipelines.transport.http_responses import parsed

RENEWAL = (
    "Make a new client secret for the application in Entra (Certificates & secrets) and store its value with "
    "`mlconn credentials set {credential} --field client_id --field client_secret`."
)
OTHER_TENANT = "Correct the tenant in the configuration: the directory's id or one of its domains."
CONSENT = (
    "Look at client_id and tenant; the application must exist in that directory and an administrator must have consented to it."
)
OTHER_SCOPE = "Look at the scope or address of the system in the configuration; this directory must hold that system."


@dataclass(frozen=True, slots=True)
class Meaning:
    """words: what it means. hint: what a person does; `{credential}` stands for the vault entry's name."""

    words: str
    hint: str


MEANINGS: Mapping[str, Meaning] = {
    "7000215": Meaning("the client secret is wrong; the secret's id may stand where its value belongs", RENEWAL),
    "7000222": Meaning("the client secret has expired", RENEWAL),
    "7000216": Meaning("the client secret is missing", RENEWAL),
    "7000218": Meaning("the client secret is missing", RENEWAL),
    "90002": Meaning("there is no such tenant", OTHER_TENANT),
    "900023": Meaning("the tenant is neither an id nor a domain", OTHER_TENANT),
    "900021": Meaning("the tenant is missing or malformed", OTHER_TENANT),
    "700016": Meaning("the tenant knows no such application, or nobody has consented to it", CONSENT),
    "7000229": Meaning("the application is not installed in this tenant", CONSENT),
    "700038": Meaning("the client_id is not an application's id", CONSENT),
    "65001": Meaning("nobody has consented to the application", CONSENT),
    "501051": Meaning("the application has no permission on the system", CONSENT),
    "50105": Meaning("the application has no permission on the system", CONSENT),
    "7000112": Meaning("the application is disabled", "Have an administrator enable it in Entra (Enterprise applications)."),
    "53003": Meaning(
        "a Conditional Access policy blocks the application",
        "Have an administrator allow this machine's address or exempt the application.",
    ),
    "500011": Meaning("the tenant does not hold the system that a token was asked for", OTHER_SCOPE),
    "70011": Meaning("the scope is not valid", OTHER_SCOPE),
    "1002012": Meaning("the scope must end in /.default", OTHER_SCOPE),
}
"""Refusals that stay until a person acts."""

PASSING = frozenset({"50196", "90033", "90055", "90085", "90090", "90100"})
"""Codes of a service that is busy or stumbles: tried again."""

_CODE = re.compile(r"AADSTS(\d+)")
_TRACE = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp)\s*:.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Refusal:
    """error: the OAuth name (`invalid_client`). code: digits of the AADSTS code, empty where there is none. said: its own words."""

    error: str
    code: str
    said: str

    @property
    def meaning(self) -> Meaning | None:
        """None for a code that is not in the list."""
        return MEANINGS.get(self.code)

    @property
    def passes(self) -> bool:
        """Whether waiting is the cure."""
        return self.code in PASSING or self.error in ("temporarily_unavailable", "server_error")


def refusal_of(response: httpx.Response) -> Refusal | None:
    """The refusal in an answer of the token endpoint; None when the body is not one of OAuth (a proxy's page).

    Trace and correlation ids, which change with every try, are left out of the words.
    """
    try:
        body = parsed(response)
    except ValueError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("error"), str):
        return None
    text = str(body.get("error_description") or "")
    codes = body.get("error_codes")
    named = _CODE.search(text)
    listed = str(codes[0]) if isinstance(codes, list) and codes else ""
    return Refusal(body["error"], named[1] if named else listed, " ".join(_TRACE.sub("", text).split()))
