"""The files' form as JSON Schema, by which editors complete names and mark mistakes while somebody types.

A schema knows single fields; what shows only between fields and files is told by `mlconn check`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mlconn_pipelines.config.integration import CONNECTIONS, STANDS_ONCE, EdiIntegration, SyncIntegration
from mlconn_pipelines.config.partner import TradingPartner

FOLDER = "schema"
_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def write_schemas(folder: Path) -> list[Path]:
    """Both schemas into the `schema` folder of a configuration folder, over older ones; the files."""
    written = []
    for name, text in _texts().items():
        path = folder / FOLDER / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


@cache
def _texts() -> Mapping[str, str]:
    """By name, the same in every folder; made once, for Pydantic takes longer than all else that begins a configuration."""
    schemas = {"integration": integration_schema(), "partner": partner_schema()}
    return {name: json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


def editors_line(file: Path) -> str:
    """The comment by which an editor finds the schema. file: within the configuration folder."""
    above, name = ("", "integration") if file.parent == Path() else ("../", "partner")
    return f"# yaml-language-server: $schema={above}{FOLDER}/{name}.json\n"


def partner_schema() -> dict[str, Any]:
    return _DIALECT | TradingPartner.model_json_schema()


def integration_schema() -> dict[str, Any]:
    """Of either kind of integration; one that names a Salesforce org is a sync integration."""
    edi, sync = _edi_schema(), SyncIntegration.model_json_schema()
    connection = CONNECTIONS["sap_business_one"]
    given = [name for name, field in connection.model_fields.items() if field.is_required() and name in connection.of_company]
    sync["properties"]["erp"] = {"allOf": [sync["properties"]["erp"], {"required": given}]}
    shared = sync.pop("$defs") | edi.pop("$defs")
    return _DIALECT | {"if": {"required": ["salesforce"]}, "then": sync, "else": edi, "$defs": shared}


def _edi_schema() -> dict[str, Any]:
    """What a company has for itself is required at the top where the file names no companies."""
    schema = EdiIntegration.model_json_schema()
    required, properties, of_file = schema["required"], schema["properties"], []
    own: dict[str, Any] = {}
    for kind, connection in CONNECTIONS.items():
        model = schema["$defs"][connection.__name__]
        given = [name for name in model["required"] if name in connection.of_company]
        model["required"] = [name for name in model["required"] if name not in given]
        of_file.append({"if": {"properties": {"kind": {"const": kind}}}, "then": {"required": given}})
        for name in sorted(connection.of_company):
            own.setdefault(name, {"anyOf": []})["anyOf"].append(model["properties"][name])
    section = {name: value for name, value in properties.items() if name not in STANDS_ONCE}
    section["erp"] = {"type": "object", "additionalProperties": False, "properties": own}
    properties["companies"] = {
        "description": "several companies of the ERP, by short name: what each has of its own",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
        "additionalProperties": {
            "type": "object",
            "required": ["erp"],
            "additionalProperties": False,
            "properties": section,
        },
    }
    schema["required"] = ["integration", "erp", "cleo"]
    schema["if"] = {"required": ["companies"]}
    schema["else"] = {"required": required, "properties": {"erp": {"allOf": of_file}}}
    return schema
