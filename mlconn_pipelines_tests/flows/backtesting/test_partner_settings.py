"""What differs between two partner files, setting by setting, and each put back alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from mlconn_pipelines.flows.backtesting.settings import changed_settings
from mlconn_pipelines.x12.guide import SetRules
from mlconn_pipelines_tests.systems.sap_business_one.mapping.sap_records import guide, partner

BEFORE = partner(guide=guide(sets={"810": SetRules(fixed={"BIG07": "DI"})}), unit_factors={"BX": Decimal(12)})


def test_the_same_partner_has_no_changed_settings() -> None:
    assert changed_settings(BEFORE, replace(BEFORE)) == []


def test_settings_are_named_as_in_the_partner_file_and_put_back_one_by_one() -> None:
    rules = {"810": SetRules(fixed={"BIG07": "CN", "CUR01": "SE"}), "850": SetRules(required=("REF",))}
    after = replace(
        BEFORE,
        guide=guide(our_id="OTHER", sets=rules),
        units={"Each": "PC", "Pallet": "PL"},
        unit_factors={},
    )
    found = {one.name: one for one in changed_settings(BEFORE, after)}
    assert {name: (one.before, one.after) for name, one in found.items()} == {
        "x12.ours.id": ("ACME", "OTHER"),
        "x12.sets.810.fixed.BIG07": ("DI", "CN"),
        "x12.sets.810.fixed.CUR01": ("(none)", "SE"),
        "x12.sets.850.required": ("", "REF"),
        "units.Each": ("EA", "PC"),
        "units[Box 12]": ("BX", "(none)"),
        "units.Pallet": ("(none)", "PL"),
        "unit_factors.BX": ("12", "(none)"),
    }
    assert found["units.Each"].put_back(after).units == {"Each": "EA", "Pallet": "PL"}
    assert found["units.Pallet"].put_back(after).units == {"Each": "PC"}
    assert found["x12.sets.810.fixed.CUR01"].put_back(after).guide.rules("810").fixed == {"BIG07": "CN"}
    assert found["x12.sets.850.required"].put_back(after).guide.rules("850").required == ()


def test_all_put_back_is_the_partner_as_it_was() -> None:
    """A set of rules that says nothing stands for none."""
    after = replace(BEFORE, guide=guide(usage="T"), units={"Each": "PC"}, price_tolerance=Decimal("0.01"))
    for before, later in ((BEFORE, after), (after, BEFORE)):
        restored = later
        for one in changed_settings(before, later):
            restored = one.put_back(restored)
        assert changed_settings(before, restored) == []
