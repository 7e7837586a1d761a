"""The sample partners: each loads, alone and together, and its rules accept and refuse what they say."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.config.guides import guide_of
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.config.samples import sample_partners
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.x12.check import check_file
from mlconn_pipelines.x12.findings import X12Finding
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.validation import validate
from mlconn_pipelines_tests.x12.guides import interchange_of, only_set

GO_LIVE = dt.date(2026, 3, 1)
FUNCTIONAL = {"810": "IN", "850": "PO", "855": "PR", "856": "SH"}

ACCEPTED: dict[tuple[str, str], tuple[str, ...]] = {
    ("harborline_stores", "850"): (
        "BEG*00*SA*4500012345**20260301", "REF*DP*038", "DTM*002*20260315", "N1*ST*Store 12*92*0012",
        "PO1*1*10*EA*4.5**UP*012345678905*VP*A-1", "CTT*1",
    ),
    ("harborline_stores", "810"): (
        "BIG*20260301*90001*20260201*4500012345***CR", "REF*IV*89999", "N1*ST*Store 12*92*0012", "ITD*01*3*****30",
        "IT1*1*48*EA*3**UP*012345678905", "TDS*14400", "SAC*C*D240***1050", "CTT*1",
    ),
    ("harborline_stores", "856"): (
        "BSN*00*S1*20260301*1200*0001", "HL*1**S", "TD5**2*UPSN", "REF*BM*778", "DTM*011*20260301", "N1*ST*Store 12*92*0012",
        "HL*2*1*O", "PRF*4500012345", "HL*3*2*P", "MAN*GM*00100000000000000017", "HL*4*3*I", "LIN**UP*012345678905",
        "SN1**1*EA", "CTT*4",
    ),
    ("torsion_motors", "856"): (
        "BSN*00*SHIP0000001*20260301*1200", "DTM*011*20260301", "HL*1**S", "TD1*CTN25*2", "TD5**2*ABFS", "REF*BM*778",
        "N1*SF*Plant*92*P1", "N1*ST*Acme*92*0012", "HL*2*1*I", "LIN**BP*7001*VP*T-1*PO*B-77", "SN1**12*PC", "CTT*2",
    ),
    ("torsion_motors", "810"): (
        "BIG*20260301*90001**B-77", "REF*SI*SHIP0000001", "REF*PK*PL1", "N1*ST*Acme*92*0012", "IT1*1*12*PC*3**BP*7001",
        "TDS*3600", "CTT*1",
    ),
    ("torsion_motors", "850"): (
        "BEG*00*SA*4500012345**20260301", "N1*ST*Acme*92*0012", "PO1*1*12*PC*3**BP*7001", "CTT*1",
    ),
    ("doorstep_direct", "850"): (
        "BEG*00*DS*4500012345**20260301", "N1*ST*Ann Lee", "N3*1 Main Street", "N4*Toronto*ON*M5V 1A1*CA",
        "PER*RE*Ann Lee*TE*4165550100", "PO1*1*1*EA*9.99**SK*77*VP*A-1", "CTT*1",
    ),
    ("doorstep_direct", "856"): (
        "BSN*00*S1*20260301*1200", "DTM*011*20260301", "HL*1**S", "TD5**2*UPSN", "HL*2*1*O", "PRF*4500012345", "HL*3*2*P",
        "MAN*CP*1Z999AA10123456784", "HL*4*3*I", "LIN**SK*77", "SN1**1*EA", "CTT*4",
    ),
    ("doorstep_direct", "810"): (
        "BIG*20260301*90001**4500012345", "N1*ST*Ann Lee", "IT1*1*1*EA*9.99**SK*77", "TDS*999", "SAC*A*C310***100", "CTT*1",
    ),
    ("maple_ridge", "850"): (
        "BEG*00*SA*4500012345**20260301", "CUR*BY*CAD", "N1*ST*Store 7*92*0007", "PO1*1*1*EA*9.99**UP*012345678905", "CTT*1",
    ),
    ("maple_ridge", "810"): (
        "BIG*20260301*90001**4500012345", "CUR*SE*CAD", "REF*GT*123456789RT0001", "N1*ST*Store 7*92*0007", "N3*2 Rue",
        "N4*Quebec*QC*G1A 0A2*CA", "ITD*01*3*****30", "IT1*1*1*EA*100**UP*012345678905", "TDS*11498", "TXI*GS*5*5",
        "TXI*SP*9.98*9.975", "CTT*1",
    ),
    ("maple_ridge", "856"): (
        "BSN*00*S1*20260301*1200", "DTM*011*20260301", "HL*1**S", "N1*ST*Store 7*92*0007", "HL*2*1*O", "PRF*4500012345",
        "HL*3*2*I", "LIN**UP*012345678905", "SN1**1*EA", "CTT*3",
    ),
    ("keystone_distribution", "850"): (
        "BEG*00*SA*4500012345**20260301", "DTM*002*20260315", "N1*ST*Acme*92*0012", "PO1*1*12*CA*3**VP*K-1", "CTT*1",
    ),
    ("keystone_distribution", "855"): (
        "BAK*00*AC*4500012345*20260301", "PO1*1*12*CA*3**VP*K-1", "ACK*IQ*10*CA*068*20260401", "PO1*2*3*CA*3**VP*K-2",
        "ACK*IR*3*CA", "CTT*2",
    ),
    ("keystone_distribution", "856"): (
        "BSN*00*S1*20260301*1200", "DTM*011*20260301", "HL*1**S", "HL*2*1*O", "PRF*4500012345", "HL*3*2*I", "LIN**VP*K-1",
        "SN1**10*CA", "CTT*3",
    ),
    ("keystone_distribution", "810"): (
        "BIG*20260701*90001**4500012345", "ITD*08*3*2**10**30", "IT1*1*10*CA*3**VP*K-1", "TDS*3000", "CTT*1",
    ),
    ("fernhill_grocery", "850"): (
        "BEG*00*SA*4500012345**20260301", "PO1*1*12*CA*30**UK*10012345678902", "PID*F****BEANS", "CTT*1",
    ),
    ("fernhill_grocery", "810"): (
        "BIG*20260301*90001**4500012345", "N1*ST*DC 4*92*0004", "IT1*1*12*CA*30**UK*10012345678902", "TDS*36000", "CTT*1*12",
    ),
}  # fmt: skip

REFUSED = (
    # partner, set, what stands there, what is written instead (nothing: the segment is left out), the rule that refuses it
    ("harborline_stores", "850", "REF*DP*038", "", "850.required.REF_DP"),
    ("harborline_stores", "850", "BEG*00*SA", "BEG*00*NE", "850.codes.BEG02"),
    ("harborline_stores", "850", "**UP*012345678905*VP*A-1", "**VP*A-1", "850.conditions.1"),
    ("harborline_stores", "810", "*20260201*4500012345", "**4500012345", "810.required.BIG03"),
    ("harborline_stores", "810", "*48*EA*", "*48*BX*", "810.codes.IT103"),
    ("harborline_stores", "810", "N1*ST*Store 12*92*0012", "N1*SF*Store 12*92*0012", "810.qualifiers.N1"),
    ("harborline_stores", "810", "*90001*", "*90001234567*", "810.lengths_max.BIG02"),
    ("harborline_stores", "810", "REF*IV*89999", "", "810.conditions.1"),
    ("harborline_stores", "810", "SAC*C*D240", "SAC*C*F050", "810.conditions.2"),
    ("harborline_stores", "856", "MAN*GM*00100000000000000017", "", "856.conditions.2"),
    ("harborline_stores", "856", "*1200*0001", "*1200*0002", "856.codes.BSN05"),
    ("harborline_stores", "856", "*20260301*1200", "*20270301*1200", "856.dated.1.required.DTM_017"),
    ("torsion_motors", "856", "HL*1**S", "HL*1**O", "856.qualifiers.HL"),
    ("torsion_motors", "856", "REF*BM*778", "", "856.conditions.1"),
    ("torsion_motors", "856", "*VP*T-1*PO*B-77", "*VP*T-1", "856.conditions.2"),
    ("torsion_motors", "856", "SN1**12*PC", "SN1**12*CA", "856.conditions.3"),
    ("torsion_motors", "856", "SHIP0000001", "SHIP00000001", "856.lengths_max.BSN02"),
    ("torsion_motors", "856", "SN1**12*PC", "SN1**12*PC~PRF*4500012345", "856.forbidden.PRF"),
    ("torsion_motors", "810", "REF*PK*PL1", "", "810.conditions.1"),
    ("torsion_motors", "850", "N1*ST*Acme*92*0012", "N1*BY*Acme*92*0012", "850.qualifiers.N1"),
    ("doorstep_direct", "850", "BEG*00*DS", "BEG*00*SA", "850.fixed.BEG02"),
    ("doorstep_direct", "850", "N3*1 Main Street", "", "850.conditions.1"),
    ("doorstep_direct", "850", "PER*RE*Ann Lee*TE*4165550100", "", "850.conditions.2"),
    ("doorstep_direct", "850", "N1*ST*Ann Lee", "N1*ST*Ann Lee*92*0012", "850.forbidden.N1_ST.04"),
    ("doorstep_direct", "850", "N1*ST*Ann Lee", "N1*ST*Bo~N1*ST*Ann Lee", "850.repeats_max.N1_ST"),
    ("doorstep_direct", "856", "MAN*CP*1Z999AA10123456784", "", "856.conditions.1"),
    ("doorstep_direct", "856", "*UPSN", "*ABFS", "856.codes.TD503"),
    ("doorstep_direct", "810", "SAC*A*C310", "SAC*C*D240", "810.qualifiers.SAC"),
    ("maple_ridge", "850", "CUR*BY*CAD", "CUR*BY*EUR", "850.codes.CUR02"),
    ("maple_ridge", "810", "REF*GT*123456789RT0001", "", "810.conditions.1"),
    ("maple_ridge", "810", "TXI*SP*9.98*9.975", "", "810.conditions.2"),
    ("maple_ridge", "810", "TXI*GS*5*5", "TXI*GS*5*5~TXI*VA*13*13", "810.conditions.3"),
    ("maple_ridge", "810", "*G1A 0A2*CA", "*G1A 0A2*MX", "810.conditions.4"),
    ("maple_ridge", "856", "DTM*011*20260301", "", "856.required.DTM_011"),
    ("keystone_distribution", "850", "4500012345", "4500012345678901", "850.lengths_max.BEG03"),
    ("keystone_distribution", "855", "ACK*IR*3*CA", "", "855.conditions.2"),
    ("keystone_distribution", "855", "ACK*IR", "ACK*ID", "855.conditions.2"),
    ("keystone_distribution", "855", "*10*CA*068*20260401", "*10*CA", "855.conditions.3"),
    ("keystone_distribution", "856", "SN1**10*CA", "", "856.conditions.1"),
    ("keystone_distribution", "810", "ITD*08*3*2**10**30", "ITD*08*3*2****30", "810.conditions.1"),
    ("keystone_distribution", "810", "ITD*08*3*2**10**30", "", "810.required.ITD"),
    ("fernhill_grocery", "850", "*12*CA*", "*12*EA*", "850.codes.PO103"),
    ("fernhill_grocery", "850", "PID*F****BEANS", "PID*F****BEANS~PID*F****RED", "850.conditions.1"),
    ("fernhill_grocery", "810", "*90001*", "*901*", "810.lengths_min.BIG02"),
    ("fernhill_grocery", "810", "**UK*10012345678902", "**UP*012345678905", "810.conditions.1"),
    ("fernhill_grocery", "810", "CTT*1*12", "CTT*1", "810.required.CTT02"),
)  # fmt: skip


@pytest.fixture(scope="module")
def guides(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PartnerGuide]:
    """Of all samples, loaded in one configuration with the starter's partners."""
    folder = tmp_path_factory.mktemp("samples") / "conf"
    write_starter(folder, GO_LIVE, samples=tuple(sample_partners()))
    return {name: guide_of(partner) for name, partner in load_configuration(folder).partners.items()}


def findings(guide: PartnerGuide, set_id: str, segments: tuple[str, ...]) -> list[X12Finding]:
    data = interchange_of(*segments, functional_id=FUNCTIONAL[set_id], version=guide.version, set_id=set_id)
    return list(validate(only_set(data), guide=guide))


def test_there_are_partners_of_different_habits(guides: dict[str, PartnerGuide]) -> None:
    samples = {name: guides[name] for name in sample_partners()}
    assert len(samples) == 6
    assert {guide.version for guide in samples.values()} == {"004010", "004010VICS", "004010UCS", "005010"}
    assert {(name, set_id) for name, guide in samples.items() for set_id in guide.sets} == set(ACCEPTED)


@pytest.mark.parametrize(("partner", "set_id"), list(ACCEPTED))
def test_what_a_partner_wants_is_accepted(guides: dict[str, PartnerGuide], partner: str, set_id: str) -> None:
    assert findings(guides[partner], set_id, ACCEPTED[partner, set_id]) == []


@pytest.mark.parametrize(("partner", "set_id", "old", "new", "rule"), REFUSED)
def test_what_a_partner_does_not_want_is_refused(
    guides: dict[str, PartnerGuide], partner: str, set_id: str, old: str, new: str, rule: str
) -> None:
    whole = "~".join(ACCEPTED[partner, set_id])
    assert whole.count(old) == 1
    segments = tuple(segment for segment in whole.replace(old, new).split("~") if segment)
    by_guide = [f for f in findings(guides[partner], set_id, segments) if f.rule]
    assert rule in {f.rule for f in by_guide}
    assert all(f.severity == "reject" and partner in f.message for f in by_guide)


def test_a_total_that_is_only_noted_elsewhere_is_refused_by_the_retailer(guides: dict[str, PartnerGuide]) -> None:
    segments = tuple(s.replace("CTT*1", "CTT*9") for s in ACCEPTED["harborline_stores", "850"])
    assert [(f.code, f.severity) for f in findings(guides["harborline_stores"], "850", segments)] == [("line_count", "reject")]


def test_rules_of_the_distributor_change_with_the_date(guides: dict[str, PartnerGuide]) -> None:
    segments = tuple(s.replace("20260701", "20260601") for s in ACCEPTED["keystone_distribution", "810"] if s[:3] != "ITD")
    assert findings(guides["keystone_distribution"], "810", segments) == []


@settings(deadline=None)
@given(st.sampled_from(list(ACCEPTED)), st.integers(0, 900), st.binary(max_size=40))
def test_no_guide_raises_on_a_text_that_was_torn(
    guides: dict[str, PartnerGuide], which: tuple[str, str], at: int, noise: bytes
) -> None:
    guide, set_id = guides[which[0]], which[1]
    data = interchange_of(*ACCEPTED[which], functional_id=FUNCTIONAL[set_id], version=guide.version, set_id=set_id)
    check_file(data[:at] + noise + data[at + len(noise) :], guide)


@pytest.mark.parametrize("name", list(sample_partners()))
def test_each_sample_makes_a_configuration_that_loads(tmp_path: Path, name: str) -> None:
    written = write_starter(tmp_path / "conf", GO_LIVE, samples=[name])
    assert tmp_path / "conf" / "partners" / f"{name}.yaml" in written
    configuration = load_configuration(tmp_path / "conf")
    assert configuration.integration("acme").partners == ("bluepeak", "cedarmill", name)


def test_a_sample_is_added_to_a_configuration_that_is_there(tmp_path: Path) -> None:
    write_starter(tmp_path, GO_LIVE)
    before = (tmp_path / "acme.yaml").read_text()
    assert write_starter(tmp_path, GO_LIVE, samples=["maple_ridge"]) == [tmp_path / "partners" / "maple_ridge.yaml"]
    assert (tmp_path / "acme.yaml").read_text() == before
    with pytest.raises(ConfigurationError, match="not overwritten"):
        write_starter(tmp_path, GO_LIVE, samples=["maple_ridge"])
    with pytest.raises(ConfigurationError, match="no sample partner 'maple'"):
        write_starter(tmp_path, GO_LIVE, samples=["maple"])
