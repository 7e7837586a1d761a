#!/usr/bin/env bash
# x12-python 0.1.0 refuses every 004010 interchange whose ISA11 is the standard's own "U".
#
# ISA11 became the repetition separator with interchange version 00402. Before, as in the 00401 envelope of 004010, it is I10, the
# interchange control standards identifier, whose only code is U. Parser takes it for a delimiter whatever ISA12 says, and raises
# "repetition delimiter cannot be alphanumeric: 'U'". The same orders under 00501 with "^" there are read. So its opinion on 004010
# files, which is most of retail, can only be had after ISA11 was replaced.
#
# Seen with Python 3.11 and x12-python 0.1.0. Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check x12-python==0.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from x12 import Parser


def interchange(isa11, isa12, release):
    header = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "MAPLEPARTS".ljust(15), "ZZ", "HARBOURSTORES".ljust(15)]
    segments = [
        [*header, "260105", "1200", isa11, isa12, "000000001", "0", "P", ">"],
        ["GS", "PO", "MAPLEPARTS", "HARBOURSTORES", "20260105", "1200", "1", "X", release],
        ["ST", "850", "0001"],
        ["BEG", "00", "SA", "ORDER-1", "", "20260105"],
        ["PO1", "1", "5", "EA", "9.25", "", "VP", "AB-1"],
        ["CTT", "1"],
        ["SE", "5", "0001"],
        ["GE", "1", "1"],
        ["IEA", "1", "000000001"],
    ]
    return "".join("*".join(segment) + "~\n" for segment in segments)


def outcome(text):
    try:
        return f"read, {len(Parser().parse(text).functional_groups)} group"
    except ValueError as refused:
        return f"ValueError: {refused}"


older, newer = outcome(interchange("U", "00401", "004010")), outcome(interchange("^", "00501", "005010"))
print("00401 with ISA11 = U:", older)
print("00501 with ISA11 = ^:", newer)
seen = (older, newer) == ("ValueError: repetition delimiter cannot be alphanumeric: 'U'", "read, 1 group")
sys.exit(0 if seen else "x12-python behaves otherwise now")
PYTHON
