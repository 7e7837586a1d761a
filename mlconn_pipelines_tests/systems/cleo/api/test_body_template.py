from __future__ import annotations

import json
from decimal import Decimal

import pytest

from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.systems.cleo.api.body_template import render_body

VALUES = {
    "x12": 'ISA*"~',
    "file_name": "810.edi",
    "document.number": "4711",
    "document": {"lines": [{"item": "A"}], "total": Decimal("10.50"), "none": None},
}


def test_places_are_filled_at_any_depth() -> None:
    template = {"doc": {"no": "{document.number}", "list": ["{file_name}", "no place"]}, "payload": "{x12}", "n": 3, "t": True}
    assert json.loads(render_body(template, VALUES)) == {
        "doc": {"no": "4711", "list": ["810.edi", "no place"]},
        "payload": 'ISA*"~',
        "n": 3,
        "t": True,
    }


def test_a_lone_place_keeps_its_value_and_one_within_text_becomes_text() -> None:
    template = ["{document.lines}", "first {document.lines.0.item}", "{document.total}", "[{document.none}]", "{document.none}"]
    assert json.loads(render_body(template, VALUES)) == [[{"item": "A"}], "first A", "10.50", "[]", None]


def test_other_braces_stay() -> None:
    assert json.loads(render_body("{} { x } {{file_name}}", VALUES)) == "{} { x } {810.edi}"


def test_a_place_without_value_is_named_with_those_that_there_are() -> None:
    with pytest.raises(DocumentRejected, match=r"\{document\.nmber\}.*\{document\.number\}") as raised:
        render_body({"a": "{document.nmber}"}, VALUES)
    assert raised.value.code == "body_template"


def test_equal_values_give_equal_bytes() -> None:
    assert render_body({"b": "{x12}", "a": "ä"}, VALUES) == render_body({"b": "{x12}", "a": "ä"}, dict(VALUES))
