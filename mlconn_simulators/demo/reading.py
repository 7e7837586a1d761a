"""The sandbox's books over HTTP, and what people do in it, by a client that shares no code with the product's."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

TIMEOUT_S = 30.0
_PAUSE_S = 0.05


def state(url: str, **query: str) -> Mapping[str, Any]:
    """A `/_sandbox/state`."""
    answer = httpx.get(url, params=query, timeout=TIMEOUT_S)
    answer.raise_for_status()
    told: Mapping[str, Any] = answer.json()
    return told


def done(state_url: str, act: str, **members: Any) -> Any:
    """Do something in the simulated system whose `/_sandbox/state` that is: `/_sandbox/ACT` beside it; what came of it."""
    answer = httpx.post(f"{state_url.removesuffix('state')}{act}", json=members, timeout=TIMEOUT_S)
    answer.raise_for_status()
    return answer.json()


def answered(http: httpx.Client, url: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Mapping[str, Any]:
    """The JSON of one page, asked for again where there were too many requests."""
    while (answer := http.get(url, params=dict(query), headers=dict(headers))).status_code == 429:
        time.sleep(_PAUSE_S)
    answer.raise_for_status()
    page: Mapping[str, Any] = answer.json()
    return page


def odata_records(entra: Mapping[str, Any], scope: str, url: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Every record of an entity set of one of the Microsoft systems. entra: what the sandbox says of its token endpoint."""
    with httpx.Client(timeout=TIMEOUT_S) as http:
        grant = {"grant_type": "client_credentials", "client_id": entra["client_id"], "client_secret": entra["client_secret"]}
        signed_in = http.post(entra["token_url"], data={**grant, "scope": scope})
        signed_in.raise_for_status()
        headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
        page = answered(http, url, query, headers)
        yield from page["value"]
        while following := page.get("@odata.nextLink"):
            page = answered(http, following, {}, headers)
            yield from page["value"]


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
