"""Our grammar of the 850 written as a map of pyx12, which ships none: the same places, elements, codes and relations.

Long code lists are left out, in its favour: it would read them anew for every file and search them one by one.
"""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from importlib.resources import files
from pathlib import Path

from mlconn_pipelines.x12.grammar.definitions import ElementUse, Node, SegmentDefinition, SetDefinition
from mlconn_pipelines.x12.grammar.loading import Release, release, set_definition

RELEASE, SET_ID, FUNCTIONAL_ID = "004010", "850", "PO"
_COPIED = ("x12.control.00401.xml", "x12.control.00501.xml", "codes.xml")
_FRAME = "997.4010.xml"  # whose segments around the set are ours too
_CODES_MAX = 100
_MAP = "850.4010.xml"


def write_map(folder: Path) -> Path:
    """Everything that pyx12 wants of a folder of maps, since it looks nowhere else then. Returns the folder."""
    shipped = Path(str(files("pyx12").joinpath("map")))
    folder.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        shutil.copy(shipped / name, folder / name)
    known, definition = release(RELEASE), set_definition(RELEASE, SET_ID)
    if definition is None:
        raise RuntimeError(f"there is no grammar of the {SET_ID} in {RELEASE}")
    maps = f'<maps><version icvn="00401"><map vriic="{RELEASE}" fic="{FUNCTIONAL_ID}" abbr="{SET_ID}">{_MAP}</map></version></maps>'
    (folder / "maps.xml").write_text(maps, "ascii")
    _elements(shipped / "dataele.xml", known).write(folder / "dataele.xml")
    _set(shipped / _FRAME, known, definition).write(folder / _MAP)
    return folder


def _elements(shipped: Path, known: Release) -> ET.ElementTree[ET.Element]:
    """Its dictionary with our lengths, and with the elements that it lacks."""
    tree = ET.parse(shipped)
    theirs = {element.get("ele_num", ""): element for element in tree.getroot()}
    for element in known.elements.values():
        at = theirs.get(element.id)
        if at is None:
            at = ET.SubElement(tree.getroot(), "data_ele", ele_num=element.id, name=element.name)
        at.set("data_type", element.kind)
        at.set("min_len", str(element.shortest))
        at.set("max_len", str(element.longest))
    return tree


def _set(frame: Path, known: Release, definition: SetDefinition) -> ET.ElementTree[ET.Element]:
    tree = ET.parse(frame)
    _only_code(tree, "GS01", FUNCTIONAL_ID)
    _only_code(tree, "ST01", SET_ID)
    (whole,) = (loop for loop in tree.iter("loop") if loop.get("xid") == "ST_LOOP")
    for loop in whole.findall("loop"):
        if loop.get("xid") != "HEADER":
            whole.remove(loop)
            continue
        for part in (*loop.findall("segment"), *loop.findall("loop")):
            loop.remove(part)
        for index in definition.top[1:-1]:  # ST and SE stand in the frame
            loop.append(_node(definition.nodes[index], definition, known))
    _only_position(whole, "SE", "900")
    return tree


def _only_code(tree: ET.ElementTree[ET.Element], place: str, code: str) -> None:
    for element in tree.iter("element"):
        if element.get("xid") == place:
            for codes in element.findall("valid_codes"):
                element.remove(codes)
            ET.SubElement(ET.SubElement(element, "valid_codes"), "code").text = code


def _only_position(loop: ET.Element, segment_id: str, position: str) -> None:
    for segment in loop.findall("segment"):
        if segment.get("xid") == segment_id and (place := segment.find("pos")) is not None:
            place.text = position


def _node(node: Node, definition: SetDefinition, known: Release) -> ET.Element:
    """A segment, or a loop with the segment that opens it. Within a loop no two positions may be equal."""
    times = ">1" if node.use_max is None else str(node.use_max)
    if not node.is_loop:
        return _segment(known.segments[node.segment], known, node.mandatory, node.index + 1, times)
    loop = ET.Element("loop", xid=f"{node.index:04d}")
    _facts(loop, name=node.segment, usage=_usage(node.mandatory), pos=_position(node.index + 1), repeat=times)
    loop.append(_segment(known.segments[node.segment], known, True, node.index + 1, "1"))
    for index in node.members:
        loop.append(_node(definition.nodes[index], definition, known))
    return loop


def _segment(definition: SegmentDefinition, known: Release, mandatory: bool, position: int, times: str) -> ET.Element:
    segment = ET.Element("segment", xid=definition.id)
    _facts(segment, name=definition.id, usage=_usage(mandatory), pos=_position(position), max_use=times)
    for relation in definition.relations:
        _facts(segment, syntax=relation.kind + "".join(f"{p:02d}" for p in relation.positions))
    for number, use in enumerate(definition.elements, start=1):
        place = f"{definition.id}{number:02d}"
        if use.id not in known.composites:
            segment.append(_element(use, place, number, known))
            continue
        composite = ET.SubElement(segment, "composite")
        _facts(composite, data_ele=use.id, name=use.id, usage=_usage(use.mandatory), seq=f"{number:02d}", refdes=place)
        for part, inner in enumerate(known.composites[use.id].elements, start=1):
            composite.append(_element(inner, f"{place}-{part:02d}", part, known))
    return segment


def _element(use: ElementUse, place: str, number: int, known: Release) -> ET.Element:
    element = ET.Element("element", xid=place)
    _facts(element, data_ele=use.id, name=known.elements[use.id].name, usage=_usage(use.mandatory), seq=f"{number:02d}")
    codes = known.codes(use.id) if known.elements[use.id].kind == "ID" else None
    if codes is not None and len(codes.codes) <= _CODES_MAX:
        listed = ET.SubElement(element, "valid_codes")
        for code in sorted(codes.codes):
            ET.SubElement(listed, "code").text = code
    return element


def _facts(parent: ET.Element, **facts: str) -> None:
    for name, text in facts.items():
        ET.SubElement(parent, name).text = text


def _usage(mandatory: bool) -> str:
    return "R" if mandatory else "S"


def _position(number: int) -> str:
    return f"{number * 10:04d}"
