"""Reading a request's body within bounds of size and time."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

BODY_MAX = 256 * 1024
DRAINED_MAX = 8 * 1024 * 1024
"""Of a body that is too long, so much is read and thrown away, lest a sender that must get an answer is cut off while it writes."""

BODY_WITHIN_S = 30.0


class TooSlow(Exception):
    """The body did not come in time, or its sender left."""


@dataclass(frozen=True, slots=True)
class Body:
    """content: whole, or its first BODY_MAX bytes where it is oversized."""

    content: bytes
    oversized: bool = False


async def read_body(request: Request, drain: bool) -> Body:
    """The body. drain: an oversized one is read to its end; else it is left as soon as its size is known. Errors: TooSlow."""
    with contextlib.suppress(ValueError):
        if not drain and int(request.headers.get("content-length", "0")) > BODY_MAX:
            return Body(b"", oversized=True)
    kept, size = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for chunk in request.stream():
                size += len(chunk)
                kept += chunk[: BODY_MAX - len(kept)]
                if size > (DRAINED_MAX if drain else BODY_MAX):
                    break
    except (TimeoutError, ClientDisconnect):
        raise TooSlow from None
    return Body(bytes(kept), oversized=size > BODY_MAX)
