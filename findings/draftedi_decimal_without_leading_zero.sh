#!/usr/bin/env bash
# draftedi 1.3.0 refuses amounts below one as X12 writes them: a decimal without a zero before its point.
#
# X12.6 (3.5.1, type R; quoted in X12's request for interpretation 1924) says that leading zeros should be suppressed unless a minimum
# length needs them, and that an exponent may follow. So a price of fifty cents is ".5" in PO104. check_element_data_type wants a digit
# before the point and no exponent: ".5", "-.5" and "1.5E3" are reported as no decimal number, and "0.5", with the zero that should not
# be there, passes. Of times it takes seconds with two decimals and not with one, though data element 337 is also HHMMSSD.
# So its opinion on a document with unit prices below one is no reason to hold it, nor to ask the partner for another one.
#
# Seen with Python 3.11 and draftedi 1.3.0. Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check draftedi==1.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from draftedi.parser import parse_edi_file
from draftedi.validate import check_element_data_type

PRICES = (".5", "0.5", "-.5", "1.5E3", "1500")
header = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "MAPLEPARTS".ljust(15), "ZZ", "HARBOURSTORES".ljust(15)]
segments = [
    [*header, "260105", "1200", "^", "00501", "000000001", "0", "P", ">"],
    ["GS", "PO", "MAPLEPARTS", "HARBOURSTORES", "20260105", "1200", "1", "X", "005010"],
    ["ST", "850", "0001"],
    ["BEG", "00", "SA", "ORDER-1", "", "20260105"],
    *(["PO1", str(line), "5", "EA", price, "", "VP", f"AB-{line}"] for line, price in enumerate(PRICES, 1)),
    ["CTT", str(len(PRICES))],
    ["SE", str(len(PRICES) + 4), "0001"],
    ["GE", "1", "1"],
    ["IEA", "1", "000000001"],
]
parsed = parse_edi_file("".join("*".join(segment) + "~" for segment in segments).encode())
order = parsed["interchanges"][0]["groups"][0]["transactions"][0]
refused = []
for segment in order["segments"]:
    if segment["segment_id"] == "PO1":
        price = segment["elements"][3]["value_text"]
        error = check_element_data_type(price, "R", "PO104")
        print(f"{price:>7}:", error or "taken")
        refused += [price] if error else []
late = [time for time in ("120000", "1200005", "12000050") if check_element_data_type(time, "TM", "337")]
print("times refused:", *late)
seen = refused == [".5", "-.5", "1.5E3"] and late == ["1200005"]
sys.exit(0 if seen else "draftedi behaves otherwise now")
PYTHON
