"""Tables of texts that people fill in: written as CSV or a workbook, and read again as Excel and others save them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.reports.files import WRITERS

_SHEET, _TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SIZE_MAX = 200_000_000
"""Bytes of a part of a workbook; a sheet that is full has fewer."""


def write_table(columns: Sequence[str], rows: Iterable[Mapping[str, str]], file: Path) -> None:
    """Errors: ConfigurationError where the file cannot be written."""
    import pandas as pd

    frame = pd.DataFrame([[row[name] for name in columns] for row in rows], columns=list(columns), dtype="str")
    try:
        WRITERS[file.suffix.lower().removeprefix(".")](frame, file)
    except OSError as refused:
        raise ConfigurationError(f"{file} cannot be written ({refused.strerror or refused})") from refused


def read_table(columns: Sequence[str], file: Path) -> list[dict[str, str]]:
    """The rows by the names of the heading. Errors: ConfigurationError where it is no such table."""
    try:
        rows = _workbook(file) if file.suffix.lower() == ".xlsx" else _csv(file)
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile, ElementTree.ParseError) as wrong:
        raise ConfigurationError(f"{file} cannot be read as a table ({wrong})") from wrong
    heading = [name.strip() for name in rows[0]] if rows else []
    if missing := [name for name in columns if name not in heading]:
        raise ConfigurationError(f"{file} has no column {', '.join(missing)} in its first row")
    return [dict(zip(heading, (*row, *[""] * len(heading)), strict=False)) for row in rows[1:] if any(row)]


def _csv(file: Path) -> list[list[str]]:
    """With commas, or what a program of another language puts instead; in UTF-8, or what Excel writes without asking."""
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    heading = text.partition("\n")[0]
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=heading.count)))


def _workbook(file: Path) -> list[list[str]]:
    """The texts of the first sheet."""
    with zipfile.ZipFile(file) as parts:
        texts = [_text(one) for one in _part(parts, _TEXTS).iter(f"{_MAIN}si")] if _TEXTS in parts.namelist() else []
        rows: list[list[str]] = []
        for row in _part(parts, _SHEET).iter(f"{_MAIN}row"):
            cells: list[str] = []
            for cell in row.iter(f"{_MAIN}c"):
                place = _place(cell.get("r") or "")
                cells += [""] * ((len(cells) if place is None else place) - len(cells))
                value = cell.findtext(f"{_MAIN}v") or ""
                kind = cell.get("t")
                cells.append(texts[int(value)] if kind == "s" else _text(cell) if kind == "inlineStr" else value)
            rows.append(cells)
    return rows


def _part(parts: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if parts.getinfo(name).file_size > SIZE_MAX:
        raise ValueError(f"{name} has more than {SIZE_MAX} bytes")
    content = parts.read(name)
    if b"<!DOCTYPE" in content[:1000]:
        raise ValueError(f"{name} defines entities of its own")
    return ElementTree.fromstring(content)  # noqa: S314 - without a document type it can expand nothing


def _text(element: ElementTree.Element) -> str:
    return "".join(part.text or "" for part in element.iter(f"{_MAIN}t"))


def _place(reference: str) -> int | None:
    """The column's number of a cell.

    >>> _place("A1"), _place("AB7"), _place("")
    (0, 27, None)
    """
    if (found := re.match(r"[A-Z]+", reference)) is None:
        return None
    number = 0
    for letter in found[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1
