#!/usr/bin/env bash
# biip 5.2.0 takes a label's second harvest date for a time of day, or refuses the whole label for it.
#
# A GS1-128 label of fresh or frozen goods, whose numbers a ship notice repeats (856: LIN, MAN), may name the days of harvest by
# application identifier 7007: one day, or the first and the last (GS1 General Specifications, "Harvest date: AI (7007)"; biip's own table
# has it as "YYMMDD[YYMMDD]", N4+N6[+N6]). biip reads whatever follows the first day as hours, minutes and seconds. From 10 to 15 January
# 2023 becomes 10 January, 23:01:15, without a word: years to 23 look like an hour. From 24 on they cannot, and parse() gives no
# element of the label at all, so that its GTIN is lost as well. With gs1_element_strings_verify_date=False the GTIN comes, and the days
# of 2023 still become a time. Where the element comes, its pattern_groups is right: both days as they stand on the label.
#
# Seen with Python 3.11 and biip 5.2.0. Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check biip==5.2.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import biip

GTIN = "10614141123459"
LENIENT = biip.ParseConfig(gs1_element_strings_verify_date=False)


def read(days, config=None):
    label = biip.parse(f"01{GTIN}7007{days}", config=config)
    if label.gs1_message is None:
        return None, label.gs1_message_error
    harvest = label.gs1_message.element_strings[-1]
    return label.gtin and label.gtin.value, str(harvest.datetime or harvest.date), harvest.pattern_groups


one, past, recent = read("260105"), read("230110230115"), read("260105260109")
lenient_past, lenient_recent = read("230110230115", LENIENT), read("260105260109", LENIENT)
print("one day, 5 January 2026:            ", *one)
print("10 to 15 January 2023:              ", *past)
print("5 to 9 January 2026:                ", *recent)
print("10 to 15 January 2023, not verified:", *lenient_past)
print("5 to 9 January 2026, not verified:  ", *lenient_recent)
seen = (
    one == (GTIN, "2026-01-05", ["260105"])
    and past == lenient_past == (GTIN, "2023-01-10 23:01:15", ["230110", "230115"])
    and recent == (None, "Failed to parse GS1 AI (7007) date/time from '260105260109'.")
    and lenient_recent == (GTIN, "None", ["260105", "260109"])
)
sys.exit(0 if seen else "biip behaves otherwise now")
PYTHON
