"""Parameters are of their verb's form, or nothing is done: our own check and one of somebody else's agree on which are."""

from __future__ import annotations

import contextlib
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sage_100_agent.verbs.catalogue import VERBS
from sage_100_agent.verbs.forms import BadForm, check

GOOD: dict[str, dict[str, Any]] = {
    "probe": {},
    "company.list": {},
    "po.changed": {"since": {"date": "20261129", "time": "15.5"}, "cursor": ["20261129", "9.5", "0000001"]},
    "po.get": {"number": "0000001"},
    "vendor.changed": {},
    "gl_account.list": {"cursor": ["000000001"]},
    "item.list": {},
    "ref.list": {"list": "warehouses"},
    "doc.find": {"kind": "ap_invoice", "number": "INV-1", "division": "00", "vendor": "V10090"},
    "po.create": {"division": "00", "vendor": "V10090", "date": "20261129", "lines": [{"item": "A1", "quantity": "1.5"}]},
    "po.update_dates": {"number": "0000001", "lines": [{"line_key": "000001", "required_date": "20261129"}]},
    "receipt.post": {"number": "000001"},
    "receipt.enter": {"purchase_order": "0000001", "date": "20261129", "lines": [{"line_key": "000001", "quantity": "2"}]},
    "ap_invoice.enter": {
        "division": "00",
        "vendor": "V10090",
        "invoice": "INV-1",
        "date": "20261129",
        "amount": "12.50",
        "lines": [{"account_key": "000000003", "amount": "12.50"}],
    },
}
SCHEMAS = {name: jsonschema_rs.Draft202012Validator(dict(verb.form)) for name, verb in VERBS.items()}


def accepted(name: str, params: object) -> bool:
    with contextlib.suppress(BadForm):
        check(params, VERBS[name].form)
        return True
    return False


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_takes_its_own_form_and_no_unknown_field(name: str) -> None:
    assert accepted(name, GOOD[name])
    assert not accepted(name, GOOD[name] | {"method": "nDelete"})
    assert not accepted(name, [GOOD[name]])


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("po.get", "number", 1),
        ("po.get", "number", ""),
        ("po.get", "number", "00000001"),
        ("po.get", "number", "1\n"),
        ("ref.list", "list", "SY_User"),
        ("po.create", "date", "2026-11-29"),
        ("po.create", "lines", []),
        ("po.create", "lines", [{"item": "A1", "quantity": 1.5}]),
        ("po.create", "lines", [{"item": "A1", "quantity": "1e9"}]),
        ("po.create", "lines", [{"item": "A1", "quantity": "1", "UDF_X$": "1"}]),
        ("po.changed", "since", {"date": "20261129"}),
    ],
)
def test_what_is_not_of_the_form_is_refused(name: str, field: str, value: object) -> None:
    assert not accepted(name, GOOD[name] | {field: value})


_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=32) | st.sampled_from(["00", "20261129", "1.5", "A1"])
_NAMES = st.sampled_from(
    ["number", "date", "time", "lines", "item", "quantity", "since", "cursor", "list", "vendor", "division", "x"]
)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=12
)


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(sorted(VERBS)), replaced=st.dictionaries(_NAMES, _JSON, max_size=2), whole=st.none() | _JSON)
def test_it_is_json_schema_that_is_checked(name: str, replaced: dict[str, Any], whole: object) -> None:
    params = whole if whole is not None else GOOD[name] | replaced
    assert accepted(name, params) == SCHEMAS[name].is_valid(params)
