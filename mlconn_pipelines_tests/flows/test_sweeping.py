"""Whatever stands in whatever element of a received file: it is read, and what is read can be kept and answered."""

from __future__ import annotations

import datetime as dt
from argparse import Namespace
from typing import Any, cast

import pytest

from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.documents.storable import is_identity
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.ports.entries import DocumentRow, ReceivedGroup, ReceivedSet
from mlconn_pipelines.flows.reading import read_file
from mlconn_pipelines.flows.rendering import guide_for
from mlconn_pipelines.ledger import json_values
from mlconn_pipelines.ledger.rows import json_of_findings
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.check import check_file
from mlconn_pipelines.x12.rendering import render_interchange
from mlconn_pipelines_tests.cases.sweeping import SET_IDS, VALUES, Swept, sound, swept
from mlconn_pipelines_tests.x12.guides import guide_of

GUIDE = guide_of(our_id="MERIDIAN", our_group_id="MERIDIAN", their_group_id="123456789")
NORTHWIND = Partner("northwind", "Northwind", ("C1",), (), GUIDE, "to_northwind")
PARTNERS = Partners([NORTHWIND])
AT = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)


def assert_can_be_kept(file: Swept) -> None:
    read = read_file(file.content, PARTNERS, answer_groups=True)
    assert read.problem is not None or read.interchanges or not read.complete, file.name
    for interchange in read.interchanges:
        _json([dict(interchange.envelope), json_of_findings(interchange.findings)])
        for group in interchange.groups:
            _group(group)
    for refusal in read.refusals:
        _group(refusal)


def _group(group: ReceivedGroup) -> None:
    assert is_identity(group.group_key)
    for one in group.sets:
        _set(one)
    if group.answer is not None:
        answer = from_json(type(group.answer), _json(to_json(group.answer)))
        guide = guide_for(cast("DocumentRow", Namespace(set_id=group.answer_set, raw=_json(dict(group.envelope)))), NORTHWIND)
        numbers = {"interchange_number": 1, "group_number": 1, "set_number": 1}
        made = render_interchange(answer, guide, **numbers, at=AT, set_id=group.answer_set)
        if not any(finding.severity == "reject" for finding in made.findings):
            assert not {0, 27} & set(made.content), made.content
            assert [found.message for found in check_file(made.content).findings if found.severity == "reject"] == []


def _set(one: ReceivedSet) -> None:
    assert all(map(is_identity, (one.source_key, one.set_id, one.business_number)))
    _json([one.raw, json_of_findings(one.findings)])
    if one.canonical is not None and one.set_id in TRANSACTION_SETS:
        document = TRANSACTION_SETS[one.set_id].document
        from_json(document, _json(one.canonical))


def _json(value: Any) -> Any:
    """As the ledger gives it back."""
    return json_values.loads(json_values.dumps(value))


@pytest.mark.parametrize("set_id", SET_IDS)
def test_the_sound_one_is_taken_in(set_id: str) -> None:
    read = read_file(sound(set_id, 7), PARTNERS, answer_groups=True)
    (group,) = read.interchanges[0].groups
    assert read.problem is None and [one.refused for one in group.sets] == [False], group.sets[0].findings


@pytest.mark.parametrize("set_id", SET_IDS)
def test_every_element_may_hold_anything(set_id: str) -> None:
    for file in swept(set_id, 1, [name for name in VALUES if name != "long"], every=3):
        assert_can_be_kept(file)
    for file in swept(set_id, 1, ["long"], every=4):
        assert_can_be_kept(file)


@pytest.mark.nightly
@pytest.mark.parametrize("set_id", SET_IDS)
def test_every_element_may_hold_anything_at_all(set_id: str) -> None:
    for file in swept(set_id, 1, list(VALUES)):
        assert_can_be_kept(file)
