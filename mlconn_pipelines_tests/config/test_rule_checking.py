"""Every mistake in a partner's rules: one sentence with the line and what to write instead; and what is right arrives in the guide."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from mlconn_pipelines.config import stopping
from mlconn_pipelines.config.guides import guide_of
from mlconn_pipelines.config.loading import check_configuration, load_configuration
from mlconn_pipelines.config.mistakes import ConfigurationMistakes
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.guide import Condition, DatedRules, Delimiters, PartnerGuide, SetRules

MARK = "  sets:\n"

WRONG = (
    # what is written under `sets`, a part of the line that is meant, words of the sentence
    ('"810": {required: [REF_IA, big04]}', "big04",
     ("'big04' names no element", "Did you mean 'BIG04'?", "x12.sets.810.required, entry 2")),
    ('"810": {required: [BIG25]}', "BIG25", ("BIG has 10 elements", "Write one of BIG01 to BIG10")),
    ('"810": {required: [BIG4]}', "BIG4", ("names no element or segment",)),
    ('"810": {required: [PRF]}', "PRF", ("PRF is not defined in an 810 of 004010",)),
    ('"810": {required: [PO1_VP]}', "PO1", ("PO1 is not defined in an 810", "A PO1 occurs in", "850, 855")),
    ('"810": {required: [N1_S]}', "N1_S", ("the qualifier of N1", "'S'", "at least 2")),
    ('"810":\n      required: [N1_ST]\n      qualifiers: {N1: [BT, RI]}', "required", ("N1_ST is required", "Add ST to qualifiers.N1")),
    ('"810":\n      qualifiers:\n        N1_ST: [ST]', "N1_ST", ("names a qualifier", "Write N1: [ST, ...]")),
    ('"810":\n      qualifiers:\n        BIG07: [DI]', "BIG07", ("names an element where a segment is wanted", "Write BIG.")),
    ('"810": {forbidden: [BIG02]}', "BIG02", ("BIG02 is mandatory in an 810", "Take it out")),
    ('"810": {forbidden: [TDS]}', "TDS", ("TDS is mandatory",)),
    ('"810":\n      required: [BIG05]\n      forbidden: [BIG05]', "forbidden", ("both required and forbidden",)),
    ('"810": {fixed: {BIG: DI}}', "BIG", ("names a segment where an element is wanted", "BIG01")),
    ('"810": {fixed: {N1_ST: X}}', "N1_ST", ("names a segment", "N1_ST.02")),
    ('"810": {fixed: {BIG07: DIX}}', "BIG07", ("can never be 'DIX'", "at most 2")),
    ('"810": {fixed: {BIG01: "20260231"}}', "BIG01", ("no such date",)),
    ('"810":\n      codes: {BIG07: [DI, CR]}\n      fixed: {BIG07: CN}', "fixed", ("fixed as 'CN'", "codes do not allow")),
    ('"810":\n      lengths_max: {BIG05: 3}\n      fixed: {BIG05: LONG}', "fixed", ("longer than its lengths_max",)),
    ('"810": {codes: {IT103: [EA, CASE]}}', "IT103", ("can never be 'CASE'",)),
    ('"810": {codes: {BIG07: []}}', "BIG07", ("at least 1 entry",)),
    ('"810": {codes: {IT103: 01}}', "IT103", ('Write it in quotes: "01"',)),
    ('"810": {lengths_max: {PID05: 100}}', "PID05", ("to have 100 characters", "1 to 80")),
    ('"810": {lengths_max: {PID05: 0}}', "PID05", ("more than 0",)),
    ('"810": {lengths_max: {PID05: long}}', "PID05", ("a whole number",)),
    ('"810":\n      lengths_max: {BIG02: 5}\n      lengths_min: {BIG02: 6}', "lengths_min", ("at least 6 and at most 5",)),
    ('"810": {repeats_max: {PID05: 1}}', "PID05", ("names an element where a segment is wanted", "Write PID")),
    ('"810": {requierd: [BIG04]}', "requierd", ("unknown setting 'requierd'", "'required'")),
    ('"810": {product_id_qualifiers: [UPC]}', "UPC", ("can never be 'UPC'",)),
    ('"810":\n      conditions:\n        - when: {BIG07: CR}', "when", ("asks for nothing", "require, forbid, codes or repeats_max")),
    ('"810":\n      conditions:\n        - require: [REF_IV]', "require", ("holds always", "each, when")),
    ('"810":\n      conditions:\n        - when: {BIG07: CR}\n          requires: [REF_IV]', "requires", ("unknown setting", "'require'")),
    ('"810":\n      conditions:\n        - when: {BIG07: CRX}\n          require: [REF_IV]', "when", ("can never be 'CRX'",)),
    ('"810":\n      conditions:\n        - when: {BIG07: 00}\n          require: [REF_IV]', "when", ('Write it in quotes: "00"',)),
    ('"810":\n      conditions:\n        - when: {BIG07: CR}\n          require: [REF_IV, REF05]', "REF05", ("REF has 4 elements",)),
    ('"810":\n      conditions:\n        - when: {BIG07: CR}\n          forbid: [BIG01]', "forbid", ("mandatory",)),
    ('"810":\n      conditions:\n        - when: {BIG07: CR}\n          require: [CUR]\n          forbid: [CUR]', "forbid",
     ("both requires and forbids",)),
    ('"810":\n      conditions:\n        - each: TDS\n          require: [CUR]', "each: TDS", ("begins no loop", "IT1")),
    ('"810":\n      conditions:\n        - each: IT1\n          require: [BIG05]', "BIG05",
     ("BIG never belongs to one IT1", "Take out each")),
    ('"810":\n      conditions:\n        - each: IT101\n          require: [PO4]', "each", ("a segment is wanted",)),
    ('"810":\n      dated:\n        - required: [BIG05]', "required: [BIG05]", ("have no dates", "valid_from")),
    ('"810":\n      dated:\n        - valid_from: 2026-05-01\n          valid_until: 2026-04-01', "valid_until", ("before valid_from",)),
    ('"810":\n      dated:\n        - valid_from: 2026-02-30', "valid_from", ("'2026-02-30'", "a date such as")),
    ('"810":\n      dated:\n        - valid_from: 2026-05-01\n        - {valid_from: 2026-06-01, forbidden: [PID]}', "2026-06-01",
     ("overlap",)),
    ('"810":\n      dated:\n        - valid_from: 2026-05-01\n          required: [BIG77]', "BIG77", ("BIG has 10 elements",)),
    ('"856": {required: [HL_PACK]}', "HL_PACK", ("the qualifier of HL", "'PACK'")),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter(tmp_path / "conf", dt.date(2026, 3, 1))
    return tmp_path / "conf"


def written(folder: Path, rules: str, above: str = "") -> str:
    """The starter's partner bluepeak with these rules instead of its own; returns the file's text."""
    path = folder / "partners" / "bluepeak.yaml"
    text = path.read_text(encoding="utf-8")
    before, _, after = text.partition(MARK)
    text = before + above + MARK + "    " + rules + "\n\nunits:" + after.partition("\nunits:")[2]
    path.write_text(text, encoding="utf-8")
    return text


def guide(folder: Path) -> PartnerGuide:
    return guide_of(load_configuration(folder).partners["bluepeak"])


@pytest.mark.parametrize(("rules", "at", "says"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_a_wrong_rule_is_one_sentence_with_its_line(folder: Path, rules: str, at: str, says: tuple[str, ...]) -> None:
    text = written(folder, rules)
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(folder)
    assert not isinstance(caught.value, ConfigurationMistakes), caught.value
    sentence = str(caught.value)
    for words in says:
        assert words in sentence
    line = text[: text.index(at, text.index(MARK))].count("\n") + 1
    assert sentence.startswith(f"{folder / 'partners' / 'bluepeak.yaml'}:{line}: ")


def test_a_severity_for_a_finding_that_is_none(folder: Path) -> None:
    written(folder, '"810": {}', "  severities:\n    element_kode: ignore\n")
    with pytest.raises(ConfigurationError, match=r"no finding 'element_kode'\. Did you mean 'element_code'"):
        check_configuration(folder)


def test_findings_of_mappings_can_be_weighed_too(folder: Path) -> None:
    written(folder, '"810": {}', "  severities: {" + ", ".join(f"{code}: ignore" for code in Reason) + "}\n")
    assert set(guide(folder).severities) == set(Reason)


def test_a_finding_that_there_is_not_is_told_and_stops_nobody_for_one_release(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = written(folder, '"810": {}', "  severities: {items_unknown: ignore, whatever: ignore}\n")
    line = text[: text.index("items_unknown")].count("\n") + 1
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(folder)
    assert "there is no finding 'items_unknown'. Did you mean 'item_unknown'?" in str(caught.value)
    assert f":{line}: there is no finding 'whatever'" in str(caught.value)
    monkeypatch.setattr(stopping, "RELEASE", "0.1")
    running = load_configuration(folder)
    assert "bluepeak" in running.partners and running.stopped_partners == {}
    assert [warning.line for warning in running.warnings] == [line, line]
    assert all(words.startswith("Warning, an error from the next release on: ") for words in running.told())
    monkeypatch.setattr(stopping, "RELEASE", "0.2")
    later = load_configuration(folder)
    assert list(later.stopped_partners) == ["bluepeak"] and later.warnings == ()


def test_other_separators_are_held_to_the_same_rules(folder: Path) -> None:
    other = '  other_separators:\n    - {element: "|", segment: "|"}\n'
    text = written(folder, '"810": {}', other)
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(folder)
    line = text[: text.index('"|"')].count("\n") + 1
    assert f":{line}: " in str(caught.value) and "element and segment are both '|'" in str(caught.value)


def test_what_is_written_arrives_in_the_guide(folder: Path) -> None:
    written(
        folder,
        '"810":\n'
        "      qualifiers: {REF: [IV, DP], N1: ST}\n"
        "      lengths_min: {BIG02: 4}\n"
        "      repeats_max: {IT1: 200}\n"
        "      product_id_qualifiers: [UP]\n"
        "      conditions:\n"
        "        - {each: IT1, when: {IT103: CA}, when_present: [BIG03], when_absent: [CUR], require: [PO4], note: why}\n"
        "      dated:\n"
        "        - valid_from: 2027-01-01\n"
        "          forbidden: [PID]",
        '  other_separators: [{element: "|"}]\n',
    )
    made = guide(folder)
    assert made.other_delimiters == (Delimiters(element="|"),)
    assert made.rules("810") == SetRules(
        qualifiers={"REF": ("IV", "DP"), "N1": ("ST",)},
        lengths_min={"BIG02": 4},
        repeats_max={"IT1": 200},
        product_id_qualifiers=("UP",),
        conditions=(Condition("IT1", {"IT103": ("CA",)}, ("BIG03",), ("CUR",), ("PO4",), note="why"),),
        dated=(DatedRules(SetRules(forbidden=("PID",), product_id_qualifiers=("UP",), name="dated.1"), dt.date(2027, 1, 1)),),
    )


def test_rules_for_a_version_without_grammar_are_left_alone(folder: Path) -> None:
    written(folder, '"810": {required: [QQQ]}')
    path = folder / "partners" / "bluepeak.yaml"
    path.write_text(path.read_text().replace('"004010"               #', '"003040" #'))
    assert guide(folder).rules("810").required == ("QQQ",)
