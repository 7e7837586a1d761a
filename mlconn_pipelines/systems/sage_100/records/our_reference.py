"""Our reference as Sage keeps it: in a comment of 30 characters, so without the entity, which the table says already."""

from __future__ import annotations


def comment_of(reference: str) -> str:
    """
    >>> comment_of("acme:ap_invoices:D0000017"), comment_of("acme:D0000017")
    ('acme:D0000017', 'acme:D0000017')
    """
    return f"{reference.partition(':')[0]}:{reference.rpartition(':')[2]}"
