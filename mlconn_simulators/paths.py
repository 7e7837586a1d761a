"""What kind of request a path is: the path with its keys left out."""

from __future__ import annotations

import re
from functools import lru_cache

_IN_BRACKETS = re.compile(r"\((?:[^()']|'(?:[^']|'')*')*\)")
_KEY_SEGMENT = re.compile(r"/(?:[0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{16,}|[A-Za-z0-9_=-]{20,})(?=/|$)")


@lru_cache(maxsize=4096)
def path_template(path: str) -> str:
    """A path with `{}` for every key: in brackets, or a segment that is a number, a GUID or a long token.

    >>> path_template("/b1s/v2/Orders(17)/Cancel"), path_template("/api/files/42/content")
    ('/b1s/v2/Orders({})/Cancel', '/api/files/{}/content')
    """
    return _KEY_SEGMENT.sub("/{}", _IN_BRACKETS.sub("({})", path))
