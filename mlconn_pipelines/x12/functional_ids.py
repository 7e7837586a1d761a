"""GS01 by transaction set."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONAL_IDS: Mapping[str, str] = {
    "810": "IN",
    "812": "CD",
    "820": "RA",
    "824": "AG",
    "830": "PS",
    "832": "SC",
    "846": "IB",
    "850": "PO",
    "852": "PD",
    "855": "PR",
    "856": "SH",
    "860": "PC",
    "861": "RC",
    "864": "TX",
    "865": "CA",
    "880": "GP",
    "940": "OW",
    "945": "SW",
    "997": "FA",
    "999": "FA",
}
