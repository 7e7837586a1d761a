"""Guides and sample text for the tests of this package."""

from __future__ import annotations

import datetime as dt
from typing import Any

from mlconn_pipelines.documents.kinds import Document
from mlconn_pipelines.x12.envelope import TransactionSet
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.reader import read
from mlconn_pipelines.x12.rendering import RenderedInterchange, render_interchange

AT = dt.datetime(2026, 3, 4, 5, 6, 7)


def guide_of(**changes: Any) -> PartnerGuide:
    """A 4010 partner with ids of its own; every field can be changed."""
    settings: dict[str, Any] = {
        "partner": "northwind",
        "our_qualifier": "ZZ",
        "our_id": "OURCOMPANY",
        "their_qualifier": "01",
        "their_id": "123456789",
        "our_group_id": "OURGROUP",
        "their_group_id": "THEIRGROUP",
    }
    return PartnerGuide(**(settings | changes))


def rendered(document: Document, guide: PartnerGuide | None = None, number: int = 1) -> RenderedInterchange:
    """The document with control numbers of one value and a fixed time."""
    return render_interchange(
        document, guide or guide_of(), interchange_number=number, group_number=number, set_number=number, at=AT
    )


def only_set(data: bytes) -> TransactionSet:
    """The one set of a file."""
    (transaction_set,) = [s for interchange in read(data).interchanges for _, s in interchange.sets()]
    return transaction_set


def interchange_of(
    *segments: str, functional_id: str = "PO", version: str = "004010", set_id: str = "850", terminator: str = "~"
) -> bytes:
    """One set with these segments between ST and SE, in a whole envelope with right counts."""
    isa_version = version[:5]
    repetition = "^" if version >= "00402" else "U"
    lines = [
        f"ISA*00*{' ' * 10}*00*{' ' * 10}*01*123456789      *ZZ*OURCOMPANY     *260304*0506*{repetition}*{isa_version}*000000007*0*P*>",
        f"GS*{functional_id}*THEIRGROUP*OURGROUP*20260304*0506*7*X*{version}",
        f"ST*{set_id}*0001",
        *segments,
        f"SE*{len(segments) + 2}*0001",
        "GE*1*7",
        "IEA*1*000000007",
    ]
    return "".join(line + terminator for line in lines).encode("ascii")


ORDER = (
    "BEG*00*SA*4500012345**20260301",
    "REF*DP*038",
    "DTM*002*20260315",
    "N1*ST*Store 12*92*0012",
    "N3*1 Main Street",
    "N4*Springfield*IL*62701*US",
    "PO1*1*10*EA*4.5**VP*A-100*UP*012345678905",
    "PID*F****Widget",
    "PO1*2*3*CA*20**VP*A-200",
    "CTT*2",
)
