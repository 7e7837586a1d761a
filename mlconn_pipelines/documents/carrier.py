"""Who carries goods, and how."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Carrier:
    """X12 TD5. code: SCAC where the qualifier (TD502) is `2`. mode: element 91 (`M` motor, `A` air, `U` parcel ...).

    routing: TD505, in words, at most 35 characters. At least one of the three is there.
    """

    code: str = ""
    mode: str = ""
    routing: str = ""
    qualifier: str = "2"
