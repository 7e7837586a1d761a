"""What files of others say is found in the documents made of them. The files are cut here by hand, not by our reader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.x12.parsing import parse_document
from mlconn_pipelines.x12.reader import read

FOLDER = os.environ.get("MLCONN_X12_CORPUS", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="set MLCONN_X12_CORPUS to a folder of X12 files (one folder a set)")

LINE_IDS = tuple(range(7, 26, 2))
STATED = {
    "810": {"BIG": (1, 2, 4), "IT1": (1, 2, 4, *LINE_IDS)},
    "820": {"BPR": (2, 7, 9, 13, 15, 16), "TRN": (2,), "RMR": (2, 4, 5, 6)},
    "846": {"BIA": (3, 4), "LIN": (3, 5, 7), "CTP": (3,), "QTY": (2,)},
    "850": {"BEG": (3, 5), "PO1": (1, 2, 4, *LINE_IDS), "MSG": (1,)},
    "855": {"BAK": (3, 4, 8), "PO1": (1, 2, 4, *LINE_IDS), "ACK": (1, 2, 5)},
    "856": {"BSN": (2, 3), "PRF": (1,), "SN1": (2,), "LIN": (3, 5), "TD5": (5,)},
    "860": {"BCH": (3, 6), "POC": (1, 2, 3, 4, 6, 9, 11)},
    "861": {"BRA": (1, 2), "RCD": (2, 4, 6)},
    "865": {"BCA": (3, 6, 9, 10), "POC": (1, 2, 3, 4, 6, 9, 11, 13), "ACK": (1, 2, 5)},
}
"""Elements whose values a document holds, whatever the habits of whoever wrote it."""


def files() -> list[Path]:
    return sorted(file for set_id in STATED for file in Path(FOLDER, set_id).glob("*.edi")) if FOLDER else []


def by_hand(data: bytes, start: int) -> list[list[str]]:
    """The segments from the ST at a place to its SE; none where the ISA before it does not have its fixed widths."""
    header = data[data.rfind(b"ISA", 0, start) :][:106].decode("latin-1")
    if len(header) < 106:
        return []
    element, terminator = header[3], header[105]
    if header[:104].count(element) != 16 or header[103] != element:
        return []
    found: list[list[str]] = []
    for segment in data[start:].decode("latin-1").split(terminator):
        parts = [part.strip() for part in segment.strip().split(element)]
        if parts[0] in ("SE", "ST") and found:
            break
        found.append(parts)
    return found


def values(item: Any) -> Iterator[str]:
    """Everything that a document says, as plain text."""
    if is_dataclass(item):
        for field in fields(item):
            yield from values(getattr(item, field.name))
    elif isinstance(item, tuple):
        for part in item:
            yield from values(part)
    elif isinstance(item, date):
        yield item.strftime("%Y%m%d")
        yield plain(item.strftime("%y%m%d"))  # as releases before 004010 write it
    elif item not in (None, ""):
        yield plain(str(item))


def plain(value: str) -> str:
    try:
        return format(Decimal(value).normalize(), "f")
    except InvalidOperation:
        return " ".join(value.split())


@pytest.mark.parametrize("file", files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_a_file_states_is_in_its_document(file: Path) -> None:
    data = file.read_bytes()
    for interchange in read(data).interchanges:
        for group, transaction_set in interchange.sets():
            document, _ = parse_document(transaction_set, group.version)
            if document is None or transaction_set.set_id not in STATED:
                continue
            held = set(values(document))
            whole = " ".join(held)
            for segment in by_hand(data, transaction_set.offset):
                for place in STATED[transaction_set.set_id].get(segment[0], ()):
                    value = plain(segment[place]) if place < len(segment) else ""
                    if value:
                        assert value in held or (len(value) > 12 and value in whole), (segment, place)


def test_files_of_the_younger_sets_become_documents_or_say_what_is_wrong() -> None:
    told = {}
    for file in files():
        if file.parent.name in ("820", "846", "860", "861", "865"):
            for interchange in read(file.read_bytes()).interchanges:
                for group, transaction_set in interchange.sets():
                    document, findings = parse_document(transaction_set, group.version)
                    told[f"{file.parent.name}/{file.name[:2]}"] = {f.place for f in findings} if document is None else set()
    assert told == {
        "820/01": set(),
        "820/03": {"DTM02", "RMR04", "RMR05", "RMR06", "BPR02"},  # placeholders such as NET AMOUNT PAID
        "846/02": set(),
        "860/01": {"BCH06"},  # PO DATE
        "860/02": set(),  # 003010: dates of six digits
        "865/01": {"DTM02"},  # nine digits
        "865/03": set(),
        "865/04": set(),
    }
