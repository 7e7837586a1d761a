"""The JSON forms of folders, files and collections; query filters; file names in headers."""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from mlconn_simulators.cleo.store import Folder, StoredFile

_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f]')
_TERM = re.compile(r'^\s*(?P<field>\w+)\s+(?P<operator>eq|ne|sw|co)\s+"(?P<value>(?:[^"\\]|\\.)*)"\s*$', re.IGNORECASE)
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda have, want: have == want,
    "ne": lambda have, want: have != want,
    "sw": lambda have, want: have.startswith(want),
    "co": lambda have, want: want in have,
}


class BadRequest(Exception):
    """What a 400 says."""


def stamp(at: dt.datetime) -> str:
    """`YYYY-MM-DDThh:mm:ssZ`, no fraction, as in every `meta`."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def folder_json(folder: Folder) -> dict[str, Any]:
    here = f"/api/folders/{folder.id}"
    return {
        "id": folder.id,
        "name": folder.name,
        "type": "folder",
        "enabled": "true",  # a string here, a real boolean below: Cleo's resources are not uniform in this
        "ready": True,
        "meta": {
            "resourceType": "folder",
            "created": stamp(folder.created),
            "lastModified": stamp(folder.created),
            "version": "1",
        },
        "_links": {
            "self": {"href": here},
            "children": {"href": f"{here}/children"},
            "upload": {"href": f"{here}/files"},
        },
    }


def file_json(file: StoredFile, *, with_size: bool = True) -> dict[str, Any]:
    here = f"/api/files/{file.id}"
    size = {"size": len(file.visible)} if with_size else {}
    return {
        "id": file.id,
        "name": file.name,
        "type": "file",
        **size,
        "meta": {
            "resourceType": "file",
            "created": stamp(file.created),
            "lastModified": stamp(file.modified),
            "version": str(file.version),
        },
        "_links": {
            "self": {"href": here},
            "content": {"href": f"{here}/content"},
            "parent": {"href": f"/api/folders/{file.folder_id}"},
        },
    }


def chosen(text: str | None) -> Callable[[Mapping[str, str]], bool]:
    """The test that a SCIM-like filter stands for, over plain fields; terms may be joined by `and`. Errors: BadRequest.

    >>> chosen('name sw "850_" and type eq "file"')({"name": "850_1.edi", "type": "file"})
    True
    """
    if not text:
        return lambda _fields: True
    terms = []
    for part in re.split(r"\s+and\s+(?=\w+\s+\w+\s+\")", text, flags=re.IGNORECASE):
        if (match := _TERM.match(part)) is None:
            raise BadRequest(f'Invalid filter {text!r}; expected for example: name eq "inbox"')
        value = re.sub(r"\\(.)", r"\1", match["value"])
        terms.append((match["field"], _TESTS[match["operator"].lower()], value))
    return lambda fields: all(test(fields.get(field, ""), value) for field, test, value in terms)


def page_of(query: Mapping[str, str], total: int, default_count: int) -> slice:
    """The part of a collection that `startIndex` (from 0) and `count` ask for. Errors: BadRequest."""
    try:
        start, count = int(query.get("startIndex", "0")), int(query.get("count", str(default_count)))
    except ValueError:
        raise BadRequest("startIndex and count are whole numbers") from None
    if start < 0 or count < 0:
        raise BadRequest("startIndex and count cannot be negative")
    return slice(min(start, total), min(start + count, total))


def collection(total: int, part: slice, resources: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"totalResults": total, "startIndex": part.start, "count": len(resources), "resources": list(resources)}


def file_name_of(disposition: str | None) -> str:
    """The file name of a Content-Disposition header; `filename*` goes before `filename`. Errors: BadRequest.

    >>> file_name_of("attachment; filename*=UTF-8''Bestellung%20%C3%BC.edi")
    'Bestellung ü.edi'
    """
    text = disposition or ""
    if (extended := re.search(r"filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", text, re.IGNORECASE)) is not None:
        try:
            name = unquote(extended[2], encoding=extended[1], errors="strict")
        except (LookupError, UnicodeDecodeError):
            raise BadRequest(f"Content-Disposition has a filename* in an unknown encoding: {text!r}") from None
    elif (quoted := re.search(r'filename\s*=\s*"((?:[^"\\]|\\.)*)"', text, re.IGNORECASE)) is not None:
        name = re.sub(r"\\(.)", r"\1", quoted[1])
    elif (bare := re.search(r"filename\s*=\s*([^;\s]+)", text, re.IGNORECASE)) is not None:
        name = bare[1]
    else:
        raise BadRequest('Content-Disposition with a file name is required: attachment; filename="810_1.edi"')
    return checked_name(name)


def checked_name(name: str) -> str:
    if not name or name.startswith(".") or len(name) > 128 or _FORBIDDEN.search(name):
        raise BadRequest(f'File name {name!r} is empty, too long, begins with a dot or has one of / \\ : * ? " < > |')
    return name


def disposition_of(name: str) -> str:
    """The Content-Disposition of a download."""
    if name.isascii():
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def type_allowed(name: str, patterns: Sequence[str]) -> bool:
    """A mailbox's "Allowed File Types": patterns of names such as `*.edi`; none means all."""
    return not patterns or any(fnmatch.fnmatch(name.lower(), pattern.lower()) for pattern in patterns)
