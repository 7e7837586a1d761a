"""What partners' guides and public references say of the common segments and sets, held against the grammar data.

Written by hand from the guides and not from the grammar files, so that a slip in one of those meets something independent.
"""

from __future__ import annotations

import pytest

from mlconn_pipelines.documents.transaction_sets import functional_id_of
from mlconn_pipelines.x12.grammar.definitions import Node
from mlconn_pipelines.x12.grammar.loading import release, set_definition

# segment: position, kind, shortest-longest, M where mandatory; the longest of 005010 behind a slash where it differs
ELEMENTS = """
BIG 01 DT 8-8 M, 02 AN 1-22 M, 03 DT 8-8, 04 AN 1-22, 05 AN 1-30, 06 AN 1-8, 07 ID 2-2, 08 ID 2-2
BEG 01 ID 2-2 M, 02 ID 2-2 M, 03 AN 1-22 M, 04 AN 1-30, 05 DT 8-8 M, 06 AN 1-30
BAK 01 ID 2-2 M, 02 ID 2-2 M, 03 AN 1-22 M, 04 DT 8-8 M, 05 AN 1-30, 06 AN 1-45, 08 AN 1-30/50, 09 DT 8-8
BSN 01 ID 2-2 M, 02 AN 2-30 M, 03 DT 8-8 M, 04 TM 4-8 M, 05 ID 4-4
BCH 01 ID 2-2 M, 02 ID 2-2 M, 03 AN 1-22 M, 05 AN 1-8, 06 DT 8-8 M
N1 01 ID 2-3 M, 02 AN 1-60, 03 ID 1-2, 04 AN 2-80
N2 01 AN 1-60 M, 02 AN 1-60
N3 01 AN 1-55 M, 02 AN 1-55
N4 01 AN 2-30, 02 ID 2-2, 03 ID 3-15, 04 ID 2-3
PER 01 ID 2-2 M, 02 AN 1-60, 03 ID 2-2, 04 AN 1-80/256, 05 ID 2-2, 06 AN 1-80/256, 07 ID 2-2, 08 AN 1-80/256
REF 01 ID 2-3 M, 02 AN 1-30/50, 03 AN 1-80
N9 01 ID 2-3 M, 02 AN 1-30/50
IT1 01 AN 1-20, 02 R 1-10/15, 03 ID 2-2, 04 R 1-17, 05 ID 2-2, 06 ID 2-2, 07 AN 1-48, 24 ID 2-2, 25 AN 1-48
PO1 01 AN 1-20, 02 R 1-15, 03 ID 2-2, 04 R 1-17, 05 ID 2-2, 06 ID 2-2, 07 AN 1-48, 24 ID 2-2, 25 AN 1-48
LIN 01 AN 1-20, 02 ID 2-2 M, 03 AN 1-48 M, 30 ID 2-2, 31 AN 1-48
ACK 01 ID 2-2 M, 02 R 1-15, 03 ID 2-2, 04 ID 3-3, 05 DT 8-8, 06 AN 1-45, 07 ID 2-2, 08 AN 1-48
SN1 01 AN 1-20, 02 R 1-10 M, 03 ID 2-2 M
PRF 01 AN 1-22 M, 02 AN 1-30, 04 DT 8-8
HL 01 AN 1-12 M, 02 AN 1-12, 03 ID 1-2 M, 04 ID 1-1
TD1 01 AN 3-5, 02 N0 1-7, 06 ID 1-2, 07 R 1-10, 08 ID 2-2
TD5 02 ID 1-2, 03 AN 2-80, 04 ID 1-2, 05 AN 1-35
MAN 01 ID 1-2 M, 02 AN 1-48 M
PID 01 ID 1-1 M, 02 ID 2-3, 05 AN 1-80
ITD 01 ID 2-2, 02 ID 1-2, 03 R 1-6, 04 DT 8-8, 05 N0 1-3, 06 DT 8-8, 07 N0 1-3, 08 N2 1-10, 12 AN 1-80
SAC 01 ID 1-1 M, 02 ID 4-4, 05 N2 1-15, 07 R 1-6, 08 R 1-9, 12 ID 2-2, 15 AN 1-80
TXI 01 ID 2-2 M, 02 R 1-18, 03 R 1-10
TDS 01 N2 1-15 M, 02 N2 1-15, 03 N2 1-15, 04 N2 1-15
CTT 01 N0 1-6 M, 02 R 1-10
AMT 01 ID 1-3 M, 02 R 1-18 M
CUR 01 ID 2-3 M, 02 ID 3-3 M, 03 R 4-10
DTM 01 ID 3-3 M, 02 DT 8-8, 03 TM 4-8
MSG 01 AN 1-264 M
AK1 01 ID 2-2 M, 02 N0 1-9 M
AK2 01 ID 3-3 M, 02 AN 4-9 M
AK3 01 ID 2-3 M, 02 N0 1-6/10 M, 04 ID 1-3
AK5 01 ID 1-1 M, 02 ID 1-3, 06 ID 1-3
AK9 01 ID 1-1 M, 02 N0 1-6 M, 03 N0 1-6 M, 04 N0 1-6 M, 09 ID 1-3
GS 01 ID 2-2 M, 02 AN 2-15 M, 03 AN 2-15 M, 04 DT 8-8 M, 05 TM 4-8 M, 06 N0 1-9 M, 07 ID 1-2 M, 08 AN 1-12 M
ST 01 ID 3-3 M, 02 AN 4-9 M
SE 01 N0 1-10 M, 02 AN 4-9 M
"""

# The numbers of a segment's first elements, which a 997 names in AK4: they tell neighbours of one type and length apart.
# That of 005010 behind a slash where it differs.
NUMBERS = {
    "BEG": "353 92 324 328 373",
    "BIG": "373 76 373 324 328 327 640 353",
    "BAK": "353 587 324 373 328",
    "BSN": "353 396 373 337 1005",
    "CTT": "354 347 81 355",
    "DTM": "374 373 337",
    "HL": "628 734 735 736",
    "IT1": "350 358 355 212 639 235 234",
    "N1": "98 93 66 67",
    "PO1": "350 330/380 355 212 639 235 234",
    "REF": "128 127 352",
    "SN1": "350 382 355",
    "TDS": "610 610 610 610",
}

RELATIONS = {
    "N1": {"R0203", "P0304"},
    "REF": {"R0203"},
    "DTM": {"R020305", "C0403", "P0506"},
    "IT1": {"P020304", "P0607", "P2425"},
    "PO1": {"C0302", "C0504", "P0607", "P2425"},
    "ACK": {"P0203", "C0405", "P0708"},
    "PER": {"P0304", "P0506", "P0708"},
    "SAC": {"R0203", "P0304", "P0607", "P0910"},
    "CTT": {"P0304", "P0506"},
    "PID": {"C0403", "R0405"},
}

# The segments of a set outside of loops and the loops' openers, in order; ! mandatory, the most uses behind a colon (* none).
ORDER = {
    "810": "ST!:1 BIG!:1 NTE CUR REF:12 PER:3 N1:200 ITD DTM:10 FOB PID IT1:200000 TDS!:1 TXI CAD AMT SAC ISS CTT SE!:1",
    "850": "ST!:1 BEG!:1 CUR REF:* PER:3 FOB:* CTP:* CSH:5 SAC:25 ITD:* DTM:10 TD5 N9:1000 N1:200 PO1!:100000 CTT:1 SE!:1",
    "855": "ST!:1 BAK!:1 CUR REF PER:3 SAC ITD:5 DTM:10 N9 N1 PO1:100000 CTT:1 SE!:1",
    "856": "ST!:1 BSN!:1 DTM:10 HL!:200000 CTT:1 SE!:1",
    "860": "ST!:1 BCH!:1 CUR REF N1 POC CTT SE!:1",
    "865": "ST!:1 BCA!:1 N1 POC CTT SE!:1",
    "846": "ST!:1 BIA!:1 DTM REF N1 LIN! CTT SE!:1",
    "820": "ST!:1 BPR!:1 TRN CUR REF DTM N1 ENT SE!:1",
    "824": "ST!:1 BGN!:1 N1 OTI! SE!:1",
    "832": "ST!:1 BCT!:1 LIN CTT SE!:1",
    "861": "ST!:1 BRA!:1 RCD SE!:1",
    "997": "ST!:1 AK1!:1 AK2 AK9!:1 SE!:1",
    "999": "ST!:1 AK1!:1 AK2:* AK9!:1 SE!:1",
}

LOOPS = {
    ("810", "N1"): "N2:2 N3:2 N4:1 REF:12 PER:3",
    ("810", "IT1"): "QTY TXI CTP MEA PID:1000 PO4 ITD:2 REF PER SDQ DTM:10 SAC",
    ("850", "N1"): "N2 N3 N4 REF:12 PER",
    ("850", "PO1"): "CTP PID:1000 PO4 REF SAC ITD SDQ:500 DTM:10 TD5 SCH N9 N1 SLN AMT",
    ("855", "PO1"): "PID ACK:104",
    (
        "856",
        "HL",
    ): "LIN:1 SN1:1 SLN PRF:1 PO4:1 PID:200 MEA PKG TD1:20 TD5:12 TD3:12 TD4 REF:* PER:3 CLD MAN:* DTM:10 FOB PAL N1:200",
    ("860", "POC"): "PID",
    ("865", "POC"): "PID ACK",
    ("846", "LIN"): "PID CTP REF QTY",
    ("997", "AK2"): "AK3 AK5!:1",
    ("997", "AK3"): "AK4:99",
    ("999", "AK2"): "IK3 IK5!:1",
    ("999", "IK3"): "CTX:10 IK4",
    ("999", "IK4"): "CTX:10",
}


def releases_of(set_id: str) -> list[str]:
    return [name for name in ("004010", "005010") if set_definition(name, set_id) is not None]


@pytest.mark.parametrize("name", ["004010", "005010"])
@pytest.mark.parametrize("line", ELEMENTS.strip().splitlines(), ids=lambda line: line.split()[0])
def test_elements_have_the_type_length_and_usage_that_guides_state(name: str, line: str) -> None:
    segment, _, facts = line.partition(" ")
    known = release(name)
    uses = known.segments[segment].elements
    for fact in facts.split(", "):
        position, kind, lengths, *mandatory = fact.split()
        shortest, longest = lengths.split("-")
        longest = longest.split("/")[-1 if name == "005010" else 0]
        use = uses[int(position) - 1]
        element = known.elements[use.id]
        found = (element.kind, element.shortest, element.longest, use.mandatory, use.repeats)
        assert found == (kind, int(shortest), int(longest), mandatory == ["M"], 1), fact


@pytest.mark.parametrize("name", ["004010", "005010"])
@pytest.mark.parametrize("segment", sorted(NUMBERS))
def test_elements_have_the_numbers_that_an_acknowledgment_names(name: str, segment: str) -> None:
    stated = [fact.split("/")[-1 if name == "005010" else 0] for fact in NUMBERS[segment].split()]
    assert [use.id for use in release(name).segments[segment].elements[: len(stated)]] == stated


@pytest.mark.parametrize("name", ["004010", "005010"])
@pytest.mark.parametrize("segment", sorted(RELATIONS))
def test_relations_that_guides_state_are_confirmed(name: str, segment: str) -> None:
    found = {
        relation.kind + "".join(f"{position:02d}" for position in relation.positions)
        for relation in release(name).segments[segment].relations
        if relation.confirmed
    }
    assert RELATIONS[segment] <= found


def in_order(facts: str, nodes: list[Node]) -> None:
    """Each fact's segment stands behind the one before, with the usage that is stated."""
    rest = iter(nodes)
    for fact in facts.split():
        segment, _, times = fact.partition(":")
        node = next((n for n in rest if n.segment == segment.rstrip("!")), None)
        assert node is not None, f"{fact} does not follow in order"
        assert node.mandatory == segment.endswith("!"), fact
        assert times == "" or node.use_max == (None if times == "*" else int(times)), fact


@pytest.mark.parametrize("set_id", sorted(ORDER))
def test_segments_stand_in_the_order_that_guides_state(set_id: str) -> None:
    for name in releases_of(set_id):
        definition = set_definition(name, set_id)
        assert definition is not None
        in_order(ORDER[set_id], [definition.nodes[index] for index in definition.top])


@pytest.mark.parametrize(("set_id", "opener"), sorted(LOOPS))
def test_loops_hold_what_guides_state(set_id: str, opener: str) -> None:
    for name in releases_of(set_id):
        definition = set_definition(name, set_id)
        assert definition is not None
        loops = [node for node in definition.nodes if node.is_loop and node.segment == opener]
        in_order(LOOPS[set_id, opener], [definition.nodes[index] for index in loops[0].members])


@pytest.mark.parametrize(
    ("element", "codes", "strangers"),
    [
        ("353", "00 01 04 05 06 07", "99 QQ"),
        ("92", "SA NE DS RO BK BE RL KN CF CN CP OS SP", "99"),
        ("587", "AC AD AE AK AT AH AP NA RD RF RJ", "QQ"),
        ("668", "IA IB IC ID IE IH IP IQ IR IS AC AR BP DR SP R1 R2 R3 R4", "QQ"),
        ("670", "AI DI CA PC QD QI RS RZ", "QQ"),
        ("98", "ST BT BY SF SE VN SU RI MA Z7 SN", "Q?"),
        ("355", "EA CA YD LB KG CT PC BX DZ PR GA HR RL UN ZZ", "QQ"),
        ("235", "VP VN BP IN SK UP EN UK UA CB VC MG IB VA PL PO", "?Q"),
        ("374", "002 010 011 017 037 038 061 063 064 067 068 106", "QQQ"),
        ("735", "S O T P I", "QQ"),
        ("248", "A C N P", "Z"),
        ("715", "A E P R M W X", "B"),
        ("717", "A E R M W X", "P B"),
        ("718", "1 2 3 4 5 6 7 23", "99"),
        ("720", "1 2 3 4 5 6 7 8", "9 99"),
        ("723", "1 2 3 4 5 6 7 8 9 10 12 13", "99"),
        ("716", "1 2 3 4 5 6", "99"),
    ],
)
@pytest.mark.parametrize("name", ["004010", "005010"])
def test_code_lists_hold_the_codes_in_use(name: str, element: str, codes: str, strangers: str) -> None:
    listed = release(name).codes(element)
    assert listed is not None
    assert set(codes.split()) <= listed.codes
    assert not set(strangers.split()) & listed.codes


@pytest.mark.parametrize("name", ["003060", "004010", "004030", "004060", "005010"])
def test_two_codes_came_with_004050(name: str) -> None:
    """718 18 and 716 19: what 997s of releases before cannot say."""
    for element, code in (("718", "18"), ("716", "19")):
        listed = release(name).codes(element)
        assert listed is not None
        assert (code in listed.codes) is (name >= "004050")


def test_a_rule_of_another_release_is_gone() -> None:
    assert release("005010").segments["LH1"].relations == ()


@pytest.mark.parametrize(
    ("segment", "rules"),
    [
        ("IT3", {"P0102", "R01030405"}),
        ("CTB", {"R020406", "P0304", "P0506"}),
        ("PAM", {"P010203", "P1314"}),
        ("RCD", {"R020406", "P060708"}),
        ("PO4", {"C1804"}),
        ("G39", {"P0607"}),
    ],
)
@pytest.mark.parametrize("name", ["004010", "005010"])
def test_rules_that_were_lacking_have_joined(name: str, segment: str, rules: set[str]) -> None:
    found = {
        relation.kind + "".join(f"{position:02d}" for position in relation.positions)
        for relation in release(name).segments[segment].relations
    }
    assert rules <= found


def test_dates_of_releases_before_004010_have_six_digits_and_notes_from_004030_stand_in_mtx() -> None:
    assert (release("003060").elements["373"].longest, release("004030").elements["373"].longest) == (6, 8)
    for name, segment in (("003060", "MSG"), ("004010", "MSG"), ("004030", "MTX"), ("004060", "MTX"), ("005010", "MTX")):
        definition = set_definition(name, "850")
        assert definition is not None
        note = next(node for node in definition.nodes if node.segment == "N9" and node.is_loop)
        assert segment in {definition.nodes[index].segment for index in note.members} or segment in {
            node.segment for node in definition.nodes if node.parent == note.index
        }


def test_each_set_belongs_into_its_kind_of_group() -> None:
    stated = "850 PO, 810 IN, 855 PR, 856 SH, 997 FA, 999 FA, 860 PC, 865 CA, 846 IB, 820 RA, 832 SC, 824 AG, 861 RC"
    for fact in stated.split(", "):
        set_id, functional_id = fact.split()
        assert functional_id_of(set_id) == functional_id
