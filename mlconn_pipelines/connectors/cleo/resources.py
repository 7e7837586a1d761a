"""Folders and files as Cleo describes them, read leniently: what is sourced of these shapes is little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

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


def resources_of(body: Resource) -> Sequence[Resource]:
    """The resources of one page of a collection."""
    resources = body.get("resources")
    return [each for each in resources if isinstance(each, Mapping)] if isinstance(resources, list) else []


def total_of(body: Resource) -> int | None:
    """How many resources the collection has in all; None where the server does not say."""
    total = body.get("totalResults")
    return int(total) if isinstance(total, int) or (isinstance(total, str) and total.isdecimal()) else None
