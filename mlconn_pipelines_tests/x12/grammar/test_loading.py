from __future__ import annotations

import pytest

from mlconn_pipelines.x12.grammar.loading import available, release, release_of, set_definition
from mlconn_pipelines.x12.patterns import SegmentPattern
from mlconn_pipelines.x12.separators import Separators
from mlconn_pipelines.x12.walk import walk_of

STAR = Separators("*", ">", "^", "~")
BUSINESS_SETS = {"810", "820", "824", "832", "838", "846", "850", "855", "856", "860", "861", "865", "870", "875", "997"}


def test_both_releases_have_every_set() -> None:
    assert available()["004010"] == BUSINESS_SETS
    assert available()["005010"] == BUSINESS_SETS | {"999"}
    for name in ("003060", "004030", "004060"):
        assert available()[name] == {"810", "850", "855", "856", "997"}


@pytest.mark.parametrize("name", ["003060", "004010", "004030", "004060", "005010"])
def test_every_set_loads_and_every_segment_of_it_compiles(name: str) -> None:
    for set_id in available()[name]:
        walk = walk_of(name, set_id, STAR)
        assert walk is not None
        nodes = walk.definition.nodes
        assert (nodes[0].segment, nodes[-1].segment) == ("ST", "SE")
        for segment in walk.definition.segment_ids:
            SegmentPattern(release(name).segments[segment], release(name), STAR).is_clean(segment)
        for node in nodes:
            assert node.parent < node.index
            assert node.members == tuple(n.index for n in nodes if node.is_loop and n.parent == node.index)


@pytest.mark.parametrize("name", ["003060", "004010", "004030", "004060", "005010"])
def test_every_place_of_every_set_can_be_reached(name: str) -> None:
    for set_id in available()[name]:
        walk = walk_of(name, set_id, STAR)
        assert walk is not None
        reached, frontier = {0}, [0]
        while frontier:
            place = frontier.pop()
            for segment in walk.definition.segment_ids:
                for beyond in (False, True):
                    step = walk.step(place, segment, beyond=beyond)
                    if step is not None and step.target not in reached:
                        reached.add(step.target)
                        frontier.append(step.target)
        unreached = [walk.definition.nodes[i].segment for i in set(range(len(walk.definition.nodes))) - reached]
        assert unreached == [], (name, set_id)


@pytest.mark.parametrize("name", ["003060", "004010", "004030", "004060", "005010"])
def test_every_code_fits_the_length_of_its_element(name: str) -> None:
    known = release(name)
    for element_id in known.coded_elements():
        codes = known.codes(element_id)
        element = known.elements[element_id]
        assert codes is not None and codes.codes
        if element_id == "103":
            continue  # one list of both halves: form and material
        wrong = [code for code in codes.codes if not element.shortest <= len(code) <= element.longest]
        assert wrong == [], (element_id, wrong)


def test_facts_that_differ_between_the_releases() -> None:
    assert release("004010").elements["127"].longest == 30
    assert release("005010").elements["127"].longest == 50
    assert release("004010").elements["364"].longest == 80
    assert release("005010").elements["364"].longest == 256
    assert "RE" in release("004010").codes("98").codes  # type: ignore[union-attr]


def test_a_set_of_another_version_has_no_grammar() -> None:
    assert set_definition("003040", "850") is None
    assert set_definition("004010", "999") is None
    assert release_of("004010VICS") == "004010"
    assert release_of("") == ""
