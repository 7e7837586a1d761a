"""Folders and files as Cleo describes them, read leniently: what is sourced of these shapes is little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

from mlconn_pipelines.transport.http_responses import json_object, misshapen, object_of

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder or a file. links: rel to server-absolute path; a rel that the server leaves out is not there."""

    id: str
    name: str
    path: str
    is_folder: bool
    size: int | None
    modified: str
    links: Mapping[str, str] = field(default_factory=dict)


def entry_of(resource: Resource) -> Entry:
    """A resource of a collection; size may be missing, the name may stand at `path`, the id only in the link to itself."""
    links = links_of(resource)
    meta = resource.get("meta") if isinstance(resource.get("meta"), Mapping) else {}
    path = str(resource.get("path") or "").replace("\\", "/").strip("/")
    name = str(resource.get("name") or path.rpartition("/")[2])
    kind = str(resource.get("type") or (meta or {}).get("resourceType") or "file").lower()
    size = resource.get("size")
    return Entry(
        id=str(resource.get("id") or unquote(links.get("self", "").rpartition("/")[2]) or name),
        name=name,
        path=path,
        is_folder=kind == "folder",
        size=int(size) if isinstance(size, int) or (isinstance(size, str) and size.isdecimal()) else None,
        modified=str((meta or {}).get("lastModified") or resource.get("lastModified") or ""),
        links=links,
    )


def links_of(resource: Resource) -> Mapping[str, str]:
    """The hrefs by rel; of an array of links the first."""
    links = resource.get("_links")
    found = {}
    for rel, link in (links if isinstance(links, Mapping) else {}).items():
        first = link[0] if isinstance(link, list) and link else link
        if isinstance(first, Mapping) and isinstance(first.get("href"), str) and first["href"]:
            found[str(rel)] = first["href"]
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """Resources of one answer. total: how many the collection has in all; None where the server does not say."""

    rows: Sequence[Resource]
    total: int | None


def page_of(response: httpx.Response) -> Page:
    """One page of a collection. Errors: Retryable when it carries no list: that says nothing about what is there."""
    body = json_object(response)
    resources, total = body.get("resources"), body.get("totalResults")
    if not isinstance(resources, list) or body.get("error") is not None:
        raise misshapen(response, "a list of files and folders (`resources`)")
    return Page(
        [each for each in resources if isinstance(each, Mapping)],
        int(total) if isinstance(total, int) or (isinstance(total, str) and total.isdecimal()) else None,
    )


def own_form(response: httpx.Response) -> bool:
    """Whether an error is Cleo's own, which is a JSON object with a message."""
    body = object_of(response)
    return body is not None and isinstance(body.get("message"), str)


def file_of(response: httpx.Response) -> Entry | None:
    """The file that an answer to a write describes; None when it describes none."""
    body = object_of(response)
    if body is None or body.get("error") is not None:
        return None
    entry = entry_of(body)
    return entry if entry.id and not entry.is_folder else None


def holds_the_file(response: httpx.Response, size: int | None) -> bool:
    """Whether an answer to a download holds the file, and not a page or an error that something put in its place.

    size: as it was listed, None where Cleo told none. X12 is the file whatever was listed: whether it is whole, its end says. Of
    anything else the listed size decides, then the header that names the file, then whether it looks like a page or an error.
    """
    content = response.content.lstrip(b"\xef\xbb\xbf \t\r\n")
    if content.startswith(b"ISA"):
        return True
    if size is not None:
        return size == len(response.content)
    if "filename" in response.headers.get("content-disposition", "").lower():
        return True
    kind = response.headers.get("content-type", "").lower()
    return not ("html" in kind or "json" in kind or content[:1] in (b"<", b"{"))
