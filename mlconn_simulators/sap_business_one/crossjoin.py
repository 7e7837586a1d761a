"""`$crossjoin(DeliveryNotes,DeliveryNotes/DocumentLines)`: documents with one of their lines each, the way to ask by lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from mlconn_simulators.odata.filter_parser import Dialect, FilterUnreadable, parse_filter
from mlconn_simulators.sap_business_one.company import Company
from mlconn_simulators.sap_business_one.errors import invalid, no_session
from mlconn_simulators.sap_business_one.filters import compile_filter
from mlconn_simulators.sap_business_one.json_text import dumps
from mlconn_simulators.sap_business_one.query import page_size_of
from mlconn_simulators.sap_business_one.schema import TYPES, EntityType, Values

PATH = re.compile(r"\$crossjoin\((?P<set>[A-Za-z]+),(?P=set)/(?P<part>[A-Za-z]+)\)")
_JOINED = Dialect(properties=True)


@dataclass(frozen=True)
class Crossjoin:
    """One set and a collection of its records. root: path of the service, which links to further pages begin with."""

    company: Company
    set_name: str
    part: str
    root: str

    def page_text(self, query_string: str, headers: Mapping[str, str]) -> str:
        """Errors: 400 for what cannot be read; a dead session for a set or a collection that is not there."""
        raw = dict(part.split("=", 1) for part in query_string.split("&") if "=" in part)
        options = {unquote_plus(name): unquote_plus(text) for name, text in raw.items()}
        if self.set_name not in self.company.sets or self.part not in self._set_type.parts:
            raise no_session()
        skip, size = int(options.get("$skip", 0)), page_size_of(headers)
        rows = list(self._rows(options))
        page = rows[skip : skip + size] if size else rows[skip:]
        answer: Values = {"@odata.context": "$metadata#Collection(Edm.ComplexType)", "value": page}
        if skip + len(page) < len(rows):
            kept = "&".join(f"{name}={text}" for name, text in raw.items() if unquote_plus(name) != "$skip")
            link = f"{self.root}$crossjoin({self.set_name},{self.set_name}/{self.part})?{kept}&$skip={skip + len(page)}"
            answer["@odata.nextLink"] = link
        return dumps(answer)

    @property
    def _set_type(self) -> EntityType:
        return self.company.sets[self.set_name].type

    def _rows(self, options: Mapping[str, str]) -> Iterator[Values]:
        lines = f"{self.set_name}/{self.part}"
        of_header, of_line = (_selected(options.get("$expand", ""), name) for name in (self.set_name, lines))
        header_type, line_type = self._set_type, TYPES[self._set_type.parts[self.part]]
        kinds = {f"{self.set_name}/{name}": kind for name, kind in header_type.kinds.items()}
        kinds |= {f"{lines}/{name}": kind for name, kind in line_type.kinds.items()}
        defaults = {f"{self.set_name}/{name}": value for name, value in header_type.defaults.items()}
        joined = EntityType("Crossjoin", kinds, defaults, frozenset(), {})
        for name in (*(f"{self.set_name}/{each}" for each in of_header), *(f"{lines}/{each}" for each in of_line)):
            joined.kind(name)
        try:
            test = compile_filter(parse_filter(options["$filter"], _JOINED), joined)
        except KeyError:
            raise invalid("Invalid query expression: $crossjoin wants a $filter") from None
        except FilterUnreadable as unreadable:
            raise invalid(str(unreadable)) from None
        named_of_header = [name for name in header_type.kinds if f"{self.set_name}/{name}" in options["$filter"]]
        named_of_line = [name for name in line_type.kinds if f"{lines}/{name}" in options["$filter"]]
        for record in self.company.sets[self.set_name]:
            header = {f"{self.set_name}/{name}": record.values.get(name) for name in named_of_header}
            for line in record.values.get(self.part) or ():
                if test(header | {f"{lines}/{name}": line.get(name) for name in named_of_line}):
                    yield {
                        self.set_name: {name: record.values.get(name, header_type.defaults[name]) for name in of_header},
                        lines: {name: line.get(name, line_type.defaults[name]) for name in of_line},
                    }


def _selected(expand: str, name: str) -> list[str]:
    """The properties that `$expand=Set($select=A,B),Set/Lines($select=C)` names of one of both."""
    found = re.search(rf"(?:^|,){re.escape(name)}\(\$select=([^)]*)\)", expand)
    if found is None:
        raise invalid(f"Invalid query expression: $expand names nothing of {name}")
    return [each.strip() for each in found[1].split(",")]
