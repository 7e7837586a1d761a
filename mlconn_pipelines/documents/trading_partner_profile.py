"""A trading partner profile (X12 838): vendors' master records, as one system tells them to another."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from mlconn_pipelines.documents.remainder import Received
from mlconn_pipelines.documents.vendor import Vendor


@dataclass(frozen=True, slots=True)
class TradingPartnerProfile(Received):
    """number: BTP02. date, time: BTP03 and BTP04, when it was made. purpose: BTP01 (`00` new, `05` takes the place of what there was).

    kind: BTP05 (`TP` trading partner information).
    """

    number: str
    date: dt.date
    time: dt.time
    vendors: tuple[Vendor, ...]
    purpose: str = "00"
    kind: str = "TP"


def profile_of(vendor: Vendor, at: dt.datetime, *, is_new: bool) -> TradingPartnerProfile:
    """One vendor as it is now, under its own number."""
    return TradingPartnerProfile(
        vendor.number, at.date(), at.time().replace(second=0, microsecond=0, tzinfo=None), (vendor,), "00" if is_new else "05"
    )
