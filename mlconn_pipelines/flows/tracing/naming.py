"""What people call the inputs of mapping and rendering, and the elements of X12."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_pipelines.flows.tracing.chain import Origin
from mlconn_pipelines.flows.tracing.places import Part, Path, path_text

COUNTS: Mapping[str, str] = {
    "SE01": "segments of the set",
    "GE01": "sets of the group",
    "IEA01": "groups of the interchange",
    "CTT01": "lines",
    "HL01": "levels so far",
    "HL02": "levels before the one above",
    "HL04": "levels below (0 none, 1 some)",
}
"""Elements that X12 defines as a count of what stands around them."""

NUMBERS: Mapping[str, str] = {"interchange": "ISA13", "group": "GS06", "transaction_set": "ST02"}

_IN_PARTNER_FILE: Mapping[str, tuple[str, ...]] = {
    "our_qualifier": ("ours", "qualifier"),
    "our_id": ("ours", "id"),
    "their_qualifier": ("theirs", "qualifier"),
    "their_id": ("theirs", "id"),
    "our_group_id": ("group_ours",),
    "their_group_id": ("group_theirs",),
    "delimiters": ("separators",),
}


def partner_setting(path: Path) -> str:
    """A leaf of a `Partner` as the partner file calls it: `x12.sets.810.fixed.BIG07`, `units.Each`."""
    if path[:1] != ("guide",):
        return path_text(path)
    name, *rest = path[1:]
    parts: tuple[Part, ...] = ("x12", *_IN_PARTNER_FILE.get(str(name), (name,)), *rest)
    return path_text(parts)


def origin(path: Path) -> Origin:
    """An input of a mapping or a rendering. The first part says which: record, partner, guide, reference, numbers, at ..."""
    what, *rest = path
    inner = tuple(rest)
    match what:
        case "record":
            return Origin("record", path_text(inner))
        case "partner":
            return Origin("partner file", partner_setting(inner))
        case "guide":
            return Origin("partner file", partner_setting(path))
        case "reference":
            return Origin("reference data", path_text(inner))
        case "numbers":
            return Origin("control number", NUMBERS[str(inner[0])])
        case "at":
            return Origin("time", "of the claim")
        case "correlation_reference":
            return Origin("our reference", "")
    return Origin(str(what), path_text(inner))
