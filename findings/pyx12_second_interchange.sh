#!/usr/bin/env bash
# pyx12 4.0.0 reads a file's second interchange only where it ends its segments as the first one does.
#
# In X12 every ISA declares the delimiters of its own interchange, and Cleo, like other exchanges, concatenates interchanges of one
# partner into one file. X12Reader takes the delimiters of the first ISA for the whole file. Where the second interchange ends its
# segments with another character, all of it is left out: 9 of 18 segments come, and neither pop_errors() nor cleanup() says a word.
# With the same terminator and another element separator it does report: "Segment identifier ... is invalid".
# So its opinion on a file counts for the first interchange only; split a file at its ISAs before asking.
#
# Seen with Python 3.11 and pyx12 4.0.0. Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyx12==4.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

from pyx12.x12file import X12Reader


def interchange(number, separator, component, terminator):
    header = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "MAPLEPARTS".ljust(15), "ZZ", "HARBOURSTORES".ljust(15)]
    segments = [
        [*header, "260105", "1200", "U", "00401", f"{number:09}", "0", "P", component],
        ["GS", "PO", "MAPLEPARTS", "HARBOURSTORES", "20260105", "1200", str(number), "X", "004010"],
        ["ST", "850", "0001"],
        ["BEG", "00", "SA", f"ORDER-{number}", "", "20260105"],
        ["PO1", "1", "5", "EA", "9.25", "", "VP", "AB-1"],
        ["CTT", "1"],
        ["SE", "5", "0001"],
        ["GE", "1", str(number)],
        ["IEA", "1", f"{number:09}"],
    ]
    return "".join(separator.join(segment) + terminator + "\n" for segment in segments)


def read(text):
    reader = X12Reader(io.StringIO(text))
    segments = [str(segment) for segment in reader]
    reader.cleanup()
    errors = reader.pop_errors()
    return len(segments), [each[4:].split("*")[2] for each in segments if each.startswith("BEG*")], len(errors)


first = interchange(1, "*", ">", "~")
alike = read(first + interchange(2, "*", ">", "~"))
other = read(first + interchange(2, "|", ":", "'"))
print("both end segments with ~:   segments, orders, errors =", *alike)
print("the second ends them with ': segments, orders, errors =", *other)
seen = alike == (18, ["ORDER-1", "ORDER-2"], 0) and other == (9, ["ORDER-1"], 0)
sys.exit(0 if seen else "pyx12 behaves otherwise now")
PYTHON
