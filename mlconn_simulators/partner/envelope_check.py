"""Checks the envelope: ids, version and usage as agreed, counts and control numbers that match."""

from __future__ import annotations

from mlconn_simulators.partner.findings import Fault
from mlconn_simulators.partner.x12_text import Group, Interchange, element
from mlconn_simulators.world.model import World, WorldPartner

FUNCTIONAL_IDS = {
    "810": "IN",
    "824": "AG",
    "850": "PO",
    "860": "PC",
    "855": "PR",
    "856": "SH",
    "861": "RC",
    "870": "RS",
    "997": "FA",
}


def check_interchange(interchange: Interchange, partner: WorldPartner, world: World) -> list[Fault]:
    """Faults of ISA and IEA. Wrong ids refuse the whole interchange; other separators than agreed are only noted."""
    isa = interchange.header
    agreed = {
        5: (world.company_qualifier, "sender qualifier"),
        6: (f"{world.company_id:<15}", "sender"),
        7: (partner.qualifier, "receiver qualifier"),
        8: (f"{partner.id:<15}", "receiver"),
    }
    faults = [
        Fault("interchange", f"{number:03}", f"ISA{number:02} ({what}) is {element(isa, number)!r}, agreed is {want!r}", "ISA",
              element=number, bad=element(isa, number))
        for number, (want, what) in agreed.items()
        if element(isa, number) != want
    ]  # fmt: skip
    isa12 = partner.version[:5] if partner.version >= "00402" else "00401"
    if element(isa, 12) != isa12:
        faults.append(Fault("interchange", "017", f"ISA12 is {element(isa, 12)!r}, agreed is {isa12}", "ISA", element=12))
    if not (interchange.control.isdigit() and len(interchange.control) == 9):
        faults.append(Fault("interchange", "018", f"ISA13 is {interchange.control!r}, expected nine digits", "ISA", element=13))
    if interchange.usage not in ("P", "T"):
        faults.append(Fault("interchange", "020", f"ISA15 is {interchange.usage!r}, expected P or T", "ISA", element=15))
    faults += _separators(interchange, partner)
    if interchange.trailer is None:
        return [*faults, Fault("interchange", "023", "The interchange has no IEA", "IEA")]
    if element(interchange.trailer, 2) != interchange.control:
        text = f"IEA02 is {element(interchange.trailer, 2)!r}, ISA13 is {interchange.control!r}"
        faults.append(Fault("interchange", "001", text, "IEA", element=2))
    if element(interchange.trailer, 1) != str(len(interchange.groups)):
        text = f"IEA01 says {element(interchange.trailer, 1)}, there are {len(interchange.groups)} groups"
        faults.append(Fault("interchange", "021", text, "IEA", element=1))
    if interchange.stray:
        faults.append(Fault("interchange", "022", f"{interchange.stray[0][0]} stands outside every group", "ISA"))
    return faults


def check_group(group: Group, partner: WorldPartner, world: World) -> list[Fault]:
    """Faults of GS and GE."""
    header, trailer = group.header, group.trailer
    faults = []
    for number, want in ((2, world.company_id), (3, partner.group_id), (7, "X")):
        if element(header, number) != want:
            text = f"GS{number:02} is {element(header, number)!r}, agreed is {want!r}"
            faults.append(Fault("group", "1", text, "GS", element=number, bad=element(header, number)))
    if group.version != partner.version:
        text = f"GS08 is {group.version!r}, agreed is {partner.version}"
        faults.append(Fault("group", "2", text, "GS", element=8, bad=group.version))
    if not group.control.isdigit() or len(group.control) > 9:
        faults.append(Fault("group", "6", f"GS06 is {group.control!r}, expected up to nine digits", "GS", element=6))
    wanted = {FUNCTIONAL_IDS.get(document.id, "") for document in group.sets}
    if wanted and wanted != {element(header, 1)}:
        text = f"GS01 is {element(header, 1)!r}, the sets belong to {', '.join(sorted(wanted))}"
        faults.append(Fault("group", "1", text, "GS", element=1, bad=element(header, 1)))
    controls = [document.control for document in group.sets]
    if len(set(controls)) != len(controls):
        faults.append(Fault("group", "5", "One ST02 comes twice in the group", "ST", element=2))
    if trailer is None:
        return [*faults, Fault("group", "3", "The group has no GE", "GE")]
    if element(trailer, 2) != group.control:
        faults.append(Fault("group", "4", f"GE02 is {element(trailer, 2)!r}, GS06 is {group.control!r}", "GE", element=2))
    if element(trailer, 1) != str(len(group.sets)):
        text = f"GE01 says {element(trailer, 1)}, there are {len(group.sets)} sets"
        faults.append(Fault("group", "5", text, "GE", element=1, bad=element(trailer, 1)))
    if group.stray:
        faults.append(Fault("group", "6", f"{group.stray[0][0]} stands outside every set", "GS"))
    return faults


def _separators(interchange: Interchange, partner: WorldPartner) -> list[Fault]:
    """The repetition separator counts from 00402 on; before, ISA11 is a standards id that nobody looks at."""
    agreed = list(partner.separators)
    found = list(interchange.separators)
    if partner.version < "00402":
        agreed[2] = found[2] = ""
    faults = []
    if agreed != found:
        text = f"Separators are {found!r}, agreed are {agreed!r}"
        faults.append(Fault("interchange", "026", text, "ISA", rejects=False))
    if interchange.line_break != (partner.line_break and partner.separators[3] != "\n"):
        words = "missing" if partner.line_break else "there, against the agreement"
        faults.append(Fault("interchange", "004", f"Line breaks after segments are {words}", "ISA", rejects=False))
    return faults
