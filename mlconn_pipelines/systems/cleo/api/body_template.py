"""The JSON that an API Provider is given, from a template of the partner's configuration. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import number_text

_PLACE = re.compile(r"\{([A-Za-z0-9_][A-Za-z0-9_.]*)\}")


def render_body(template: Any, values: Mapping[str, Any]) -> bytes:
    """The template with its places filled in, as UTF-8 JSON; the same values always give the same bytes.

    A place is `{name}` in any text of the template. `{document.number}` is the value of that name, else `number` within
    `document`. A text that is one place and nothing else becomes the value itself (a number, a list); within other text it
    is written as text, None as nothing. Braces around anything else stay as they are.
    Errors: DocumentRejected naming a place that has no value and the ones that there are.

    >>> render_body({"doc": "{document.number}", "note": "PO {x}", "n": "{n}"}, {"document.number": "7", "x": "8", "n": 9})
    b'{"doc": "7", "note": "PO 8", "n": 9}'
    """
    return json.dumps(_filled(template, values), ensure_ascii=False, default=_plain).encode()


def _filled(part: Any, values: Mapping[str, Any]) -> Any:
    match part:
        case str():
            if whole := _PLACE.fullmatch(part):
                return _value(whole[1], values)
            return _PLACE.sub(lambda place: _text(_value(place[1], values)), part)
        case Mapping():
            return {str(name): _filled(inner, values) for name, inner in part.items()}
        case list() | tuple():
            return [_filled(inner, values) for inner in part]
    return part


def _value(name: str, values: Mapping[str, Any]) -> Any:
    if name in values:
        return values[name]
    found: Any = values
    for step in name.split("."):
        if isinstance(found, Mapping) and step in found:
            found = found[step]
        elif isinstance(found, list | tuple) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            raise DocumentRejected(
                f"The API Provider's body template names {{{name}}}, which this document does not have",
                hint=f"There are {', '.join('{' + known + '}' for known in sorted(values))}; correct `body` and reprocess it.",
                code=Reason.BODY_TEMPLATE,
            )
    return found


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return number_text(value)  # as text: a JSON number would pass through a double
        case Mapping():
            return dict(value)
    return str(value)
