"""Time zones as people write them."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name longer than a file's can be
        raise ValueError(f"{zone[:60]!r} is no IANA time zone; write one such as America/Chicago") from None
    return zone


ZoneName = Annotated[str, AfterValidator(_known)]
"""An IANA name that this machine knows."""
