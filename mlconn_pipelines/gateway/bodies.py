"""Reading a request's body within bounds of size and time."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

DRAINED_MAX = 8 * 1024 * 1024
"""Of a body that is too long, so much is read and thrown away, lest a sender that must get an answer is cut off while it writes."""

BODY_WITHIN_S = 30.0


class TooSlow(Exception):
    """The body did not come in time, or its sender left."""


@dataclass(frozen=True, slots=True)
class Body:
    """content: whole, or its first bytes, as many as are taken, where it is oversized."""

    content: bytes
    oversized: bool = False


async def read_body(request: Request, most: int, drain: bool) -> Body:
    """The body, of `most` bytes at most. Errors: TooSlow.

    drain: an oversized one is read to its end; else it is left as soon as its size is known.
    """
    with contextlib.suppress(ValueError):
        if not drain and int(request.headers.get("content-length", "0")) > most:
            return Body(b"", oversized=True)
    kept, size = bytearray(), 0
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for chunk in request.stream():
                size += len(chunk)
                kept += chunk[: most - len(kept)]
                if size > (DRAINED_MAX if drain else most):
                    break
    except (TimeoutError, ClientDisconnect):
        raise TooSlow from None
    return Body(bytes(kept), oversized=size > most)
