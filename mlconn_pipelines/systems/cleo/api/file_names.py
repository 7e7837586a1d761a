"""File names as Cleo takes them, and the header that carries one."""

from __future__ import annotations

import re
from urllib.parse import quote

from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.reasons import Reason

NAME_MAX = 127

_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')


def checked_name(name: str) -> str:
    """The name itself. Errors: DocumentRejected when it is empty, over 127 characters, hidden, or has / \\ : * ? " < > |."""
    if not name or name.startswith(".") or len(name) > NAME_MAX or _FORBIDDEN.search(name):
        raise DocumentRejected(
            f"File name {name!r} cannot be uploaded",
            hint=f'Expected: 1 to {NAME_MAX} characters, no leading dot, none of / \\ : * ? " < > |.',
            code=Reason.FILE_NAME,
        )
    return name


def content_disposition(name: str) -> str:
    """The header's value; outside ASCII percent-encoded (RFC 5987).

    >>> content_disposition("810_1.edi"), content_disposition("Zürich.edi")
    ('attachment; filename="810_1.edi"', "attachment; filename*=UTF-8''Z%C3%BCrich.edi")
    """
    if name.isascii():
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
