"""A folder that an admin deploys to an org: custom fields, a permission set for the integration user, selections of Change Data Capture.

Layout and names are the Metadata API's (package.xml beside the components). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mlconn_pipelines.printable import for_html

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
PERMISSION_SET, LABEL = "mlconn_integration", "mlconn integration"
CHANNEL = "ChangeEvents"
"""The standard channel: what the page Change Data Capture in Setup shows."""

Kind = Literal["text", "long_text", "key", "currency", "quantity", "date", "datetime", "iso_code"]

_SHAPES: Mapping[Kind, Mapping[str, str]] = {
    "text": {"type": "Text", "length": "40"},
    "long_text": {"type": "Text", "length": "255"},
    "key": {"type": "Text", "length": "40", "externalId": "true", "unique": "true", "caseSensitive": "false"},
    "iso_code": {"type": "Text", "length": "3"},
    "currency": {"type": "Currency", "precision": "18", "scale": "2"},
    "quantity": {"type": "Number", "precision": "18", "scale": "4"},
    "date": {"type": "Date"},
    "datetime": {"type": "DateTime"},
}


@dataclass(frozen=True, slots=True)
class CustomField:
    """One field of ours. written: by us; else the org's people fill it and we read it."""

    entity: str
    name: str
    kind: Kind
    written: bool

    @property
    def label(self) -> str:
        """ERP_Order_Number__c is shown as ERP Order Number."""
        return self.name.removesuffix("__c").replace("_", " ")[:40]


@dataclass(frozen=True, slots=True)
class Access:
    """What the integration user does with an object: it reads all of its records, and may change or make some."""

    edit: bool = False
    create: bool = False


def folder_of(
    fields: Sequence[CustomField], access: Mapping[str, Access], streams: Iterable[str], api_version: str
) -> dict[str, str]:
    """Text by path. fields: made, and open to the integration user. access: by object. streams: objects whose changes are told.

    api_version: as in the configuration, `v63.0`.
    """
    apart = sorted(set(fields), key=lambda one: (one.entity, one.name))
    found = {f"objects/{entity}.object": _object(apart, entity) for entity in sorted({one.entity for one in apart})}
    found[f"permissionsets/{PERMISSION_SET}.permissionset"] = _permission_set(apart, access)
    events = [f"{entity}ChangeEvent" for entity in sorted(set(streams))]
    for event in events:
        member = _element("eventChannel", CHANNEL) + _element("selectedEntity", event)
        found[f"platformEventChannelMembers/{CHANNEL}_{event}.platformEventChannelMember"] = _document(
            "PlatformEventChannelMember", member
        )
    package = _types("CustomField", [f"{one.entity}.{one.name}" for one in apart]) + _types("PermissionSet", [PERMISSION_SET])
    package += _types("PlatformEventChannelMember", [f"{CHANNEL}_{event}" for event in events])
    found["package.xml"] = _document("Package", package + _element("version", api_version.removeprefix("v")))
    return found


def _object(fields: Sequence[CustomField], entity: str) -> str:
    rows = []
    for one in fields:
        if one.entity == entity:
            words = "Written by mlconn_pipelines from the ERP." if one.written else "Read by mlconn_pipelines."
            members = {"fullName": one.name, "label": one.label, "description": words, **_SHAPES[one.kind], "required": "false"}
            rows.append(_group("fields", members))
    return _document("CustomObject", "".join(rows))


def _permission_set(fields: Sequence[CustomField], access: Mapping[str, Access]) -> str:
    rows = [
        _group("fieldPermissions", {"editable": _bool(one.written), "field": f"{one.entity}.{one.name}", "readable": "true"})
        for one in fields
    ]
    words = "Objects and custom fields that mlconn_pipelines reads and writes. Access to standard fields is granted beside it."
    rows += [_element("description", words), _element("hasActivationRequired", "false"), _element("label", LABEL)]
    for entity, granted in sorted(access.items()):
        rights = {
            "allowCreate": _bool(granted.create),
            "allowDelete": "false",
            "allowEdit": _bool(granted.edit or granted.create),
            "allowRead": "true",
            "modifyAllRecords": "false",
            "object": entity,
            "viewAllRecords": "true",
        }
        rows.append(_group("objectPermissions", rights))
    return _document("PermissionSet", "".join(rows))


def _types(name: str, members: Sequence[str]) -> str:
    if not members:
        return ""
    inner = "".join(f"        <members>{for_html(one)}</members>\n" for one in members)
    return f"    <types>\n{inner}        <name>{name}</name>\n    </types>\n"


def _group(name: str, members: Mapping[str, str]) -> str:
    inner = "".join(f"        <{one}>{for_html(value)}</{one}>\n" for one, value in members.items())
    return f"    <{name}>\n{inner}    </{name}>\n"


def _element(name: str, value: str) -> str:
    return f"    <{name}>{for_html(value)}</{name}>\n"


def _document(root: str, inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">\n{inner}</{root}>\n'


def _bool(value: bool) -> str:
    return "true" if value else "false"
