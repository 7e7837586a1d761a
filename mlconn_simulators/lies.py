"""Answers that are none: what gateways, sign-in pages, caches and half-broken servers put in the place of the real one.

Each comes as it is named, before anything is handled; with `_after` the request is carried out first, so that a write is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

REPLACING = ("200_error", "200_empty", "200_null", "200_empty_list", "200_html", "403_html", "404_html", "200_duplicate")
"""Told instead of the real answer: a gateway's error object, `{}`, `{"value": null}`, a list without entries, a page for people,
the same page as a gateway's refusal, and the answer that the request before of this kind got."""

REFORMING = ("200_truncated", "200_looping")
"""Made out of the real answer: its first half, complete to HTTP; and a page whose link leads to itself."""

LIES = (*REPLACING, *(f"{name}_after" for name in REPLACING), *REFORMING)

EMPTY_LIST: Mapping[str, Any] = {"value": []}
"""OData's."""

_PAGE = b"""<!DOCTYPE html>
<html><head><title>Sign in</title></head><body><form method="post" action="/login"><h1>Your session has ended.</h1>
<input name="user"><input name="password" type="password"><button>Sign in</button></form></body></html>
"""


def told_instead(name: str, empty_list: Mapping[str, Any], before: bytes | None) -> tuple[int, str, bytes]:
    """Status, content type and body of a replacing lie. before: what the request before of this kind was answered with."""
    status = int(name[:3])
    match name.removesuffix("_after"):
        case "200_error":
            body: Any = {"error": {"code": "UpstreamUnavailable", "message": "The upstream service sent no answer."}}
        case "200_empty":
            body = {}
        case "200_null":
            body = {"value": None}
        case "200_empty_list":
            body = empty_list
        case "200_duplicate":
            return status, "application/json", before or b"{}"
        case _:
            return status, "text/html; charset=utf-8", _PAGE
    return status, "application/json", json.dumps(body).encode()


def reformed(name: str, body: bytes, url: str) -> bytes:
    """The real body as a reforming lie has it. url: of the request itself."""
    if name == "200_truncated":
        return body[: len(body) // 2]
    try:
        page = json.loads(body)
    except ValueError:
        return body
    if isinstance(page, dict) and isinstance(page.get("value"), list):
        page["@odata.nextLink"] = url
    elif isinstance(page, dict) and isinstance(page.get("resources"), list):
        page["totalResults"] = 2 * int(page.get("totalResults") or 0) + 1
    elif isinstance(page, dict) and isinstance(page.get("records"), list):
        page |= {"done": False, "nextRecordsUrl": urlsplit(url)._replace(scheme="", netloc="").geturl()}
    else:
        return body
    return json.dumps(page).encode()
