"""What the run-as user may see and write: describe, asked once per object and kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from mlconn_pipelines.errors import ConfigurationError, ConnectorError, NotFound
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.salesforce.api.client import SalesforceApi
from mlconn_pipelines.systems.salesforce.api.faults import NotAvailable
from mlconn_pipelines.systems.salesforce.api.objects import ALWAYS, OBJECTS, Mapped, MappedObject, SalesforceObject
from mlconn_pipelines.transport.http_responses import json_object, misshapen

KEPT_S = 3600.0
"""Admins change fields rarely; a field that went meanwhile is refused by name."""


class FieldMissing(ConnectorError):
    """A mapped field that the integration user does not see. It is never read as empty."""


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """length: characters of a text, 0 where there is no bound. scale: decimals of a number.

    picklist: values that a restricted picklist takes, else none.
    relationship, target: of a reference, what leads to the other record in a path, and which object that is.
    """

    name: str
    type: str
    length: int
    updateable: bool
    createable: bool
    unique: bool
    external_id: bool
    picklist: tuple[str, ...] = ()
    relationship: str = ""
    target: str = ""
    scale: int = 0


class Descriptions:
    """mapped: what is read and written of objects beside their standard fields."""

    def __init__(self, api: SalesforceApi, mapped: Mapped) -> None:
        self._api, self._mapped = api, mapped
        self._known: dict[str, tuple[Mapping[str, FieldDescription], float]] = {}
        self._lock = threading.Lock()

    def object(self, entity: str) -> SalesforceObject:
        """Errors: ConfigurationError naming the objects that there are."""
        if (declared := OBJECTS.get(entity)) is None:
            raise ConfigurationError(f"Salesforce objects are {', '.join(OBJECTS)}, not {entity!r}")
        return declared

    def mapped(self, entity: str) -> MappedObject:
        return self._mapped.get(entity, MappedObject())

    def fields(self, entity: str) -> Mapping[str, FieldDescription]:
        """The fields of an object that the user sees. Errors: NotAvailable."""
        with self._lock:
            found = self._known.get(entity)
        if found is not None and time.monotonic() - found[1] < KEPT_S:
            return found[0]
        try:
            described = self._api.read(f"sobjects/{entity}/describe", lambda response: _fields_of(response, entity))
        except NotFound as missing:
            raise NotAvailable(
                f"{self._api.system}: {entity} is not available to the integration user",
                hint="Look at the org's licence, at the user's permission set and at `api_version`; Salesforce does not say which.",
            ) from missing
        with self._lock:
            self._known[entity] = (described, time.monotonic())
        return described

    def available(self, entity: str) -> bool:
        """Whether the user sees the object at all."""
        try:
            return bool(self.fields(entity))
        except NotAvailable:
            return False

    def selected(self, entity: str) -> Sequence[str]:
        """Names of the fields to read. Errors: FieldMissing, NotAvailable."""
        declared, described, mapped = self.object(entity), self.fields(entity), self.mapped(entity).reads
        wanted = dict.fromkeys((*ALWAYS, *declared.fields, *mapped))
        may_miss = declared.optional - set(mapped)
        missing = [name for name in wanted if name not in may_miss and not self._sees(entity, name)]
        if missing:
            raise FieldMissing(
                f"{self._api.system}: {entity} has no field {', '.join(missing)} that the integration user may read",
                hint="Give it `Read Access` in its permission set (field-level security), or correct the name in the configuration.",
            )
        return [name for name in wanted if "." in name or name in described]

    def _sees(self, entity: str, name: str) -> bool:
        """name: of a field, or a path through references to one, such as `Account.Name`."""
        step, _, rest = name.partition(".")
        described = self.fields(entity)
        if not rest:
            return name in described
        reference = next((field for field in described.values() if field.relationship == step and field.target), None)
        return reference is not None and self.available(reference.target) and self._sees(reference.target, rest)

    def faults(self, entity: str) -> Sequence[str]:
        """What of an object does not do for what is mapped, a sentence each. Errors: NotAvailable."""
        described, mapped = self.fields(entity), self.mapped(entity)
        found: list[str] = []
        try:
            self.selected(entity)
        except FieldMissing as missing:
            found.append(f"{missing.what}. {missing.hint}")
        for name in mapped.writes:
            if name not in described:
                found.append(f"{entity}.{name} is not there, or the integration user may not see it")
            elif not described[name].updateable:
                found.append(f"{entity}.{name} may not be written by the integration user: give it `Edit Access`")
        if mapped.makes and not any(described[name].createable for name in mapped.writes if name in described):
            found.append(f"{entity} records may not be made by the integration user: give it `Create` on the object")
        if mapped.external_id and mapped.external_id != "Id":
            key = described.get(mapped.external_id)
            if key is None:
                found.append(f"{entity}.{mapped.external_id} is not there, or the integration user may not see it")
            elif not (key.unique and key.external_id):
                found.append(f"{entity}.{mapped.external_id} must be marked both `External ID` and `Unique`, or records double")
        return found


def _fields_of(response: httpx.Response, entity: str) -> Mapping[str, FieldDescription]:
    body = json_object(response)
    rows = body.get("fields")
    if body.get("name") != entity or not isinstance(rows, list) or not rows:
        raise misshapen(response, f"a description of {entity} (`name`, `fields`)")
    return {one.name: one for one in map(_field_of, rows)}


def _field_of(row: Record) -> FieldDescription:
    values = row.get("picklistValues") if row.get("restrictedPicklist") else ()
    return FieldDescription(
        name=str(row["name"]),
        type=str(row.get("type") or ""),
        length=int(row.get("length") or 0),
        updateable=row.get("updateable") is True,
        createable=row.get("createable") is True,
        unique=row.get("unique") is True,
        external_id=row.get("externalId") is True,
        picklist=tuple(str(value.get("value")) for value in values or () if value.get("active")),
        relationship=str(row.get("relationshipName") or ""),
        target=str((row.get("referenceTo") or ("",))[0]),
        scale=int(row.get("scale") or 0),
    )
