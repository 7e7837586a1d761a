"""The made-up company: repeatable, and odd in every way that real ones are."""

import datetime as dt
from collections import Counter

from mlconn_simulators.world.items import AMBIGUOUS, ODD
from mlconn_simulators.world.making import make_world, shares

DAY = dt.date(2026, 11, 20)


def test_the_same_seed_gives_the_same_world_and_another_seed_another():
    assert make_world(3, today=DAY) == make_world(3, today=DAY)
    assert make_world(3, today=DAY) != make_world(4, today=DAY)


def test_partners_cover_every_habit():
    partners = make_world(today=DAY).partners
    assert len(partners) >= 15
    assert {p.version for p in partners} == {"004010", "004010VICS", "005010"}
    assert {p.currency for p in partners} == {"USD", "EUR", "CAD"}
    assert {"01", "12", "14", "08", "ZZ"} <= {p.qualifier for p in partners}
    assert any(p.customer_code and p.supplier_code for p in partners)
    assert any(p.customer_code and not p.supplier_code for p in partners)
    assert any(p.supplier_code and not p.customer_code for p in partners)
    assert len({p.separators for p in partners}) >= 4 and {p.line_break for p in partners} == {True, False}
    assert len({p.product_qualifier for p in partners}) >= 4
    assert {p.inbox for p in partners} == {f"to_{p.name}" for p in partners}
    assert Counter(p.outlet for p in partners)["inbox"] == len(partners) - 2
    assert all(len(p.id) <= 15 and len(p.group_id) <= 15 and len(set(p.separators)) == 4 for p in partners)
    assert len({(p.qualifier, p.id) for p in partners}) == len(partners)


def test_items_have_odd_names_units_and_ambiguous_numbers():
    world = make_world(today=DAY)
    assert len(world.items) == 200 == len({item.code for item in world.items})
    names = [item.name for item in world.items]
    assert any(not name.isascii() for name in names) and any(len(name) > 80 for name in names)
    assert any(name != name.strip() for name in names)
    for mark in "*~>\"'|":
        assert any(mark in name for name in names), mark
    assert any(ODD in item.units for item in world.items) and ODD not in world.unit_codes
    for partner in AMBIGUOUS:
        numbers = Counter(n for item in world.items if (n := item.partner_numbers.get(partner)))
        assert [times for times in numbers.values() if times > 1] == [2]


def test_shares_add_up_for_any_number():
    for documents in (0, 1, 7, 500, 2003):
        of = shares(documents)
        assert of.invoices + of.purchase_orders + of.delivery_notes + of.inbound_orders == documents
