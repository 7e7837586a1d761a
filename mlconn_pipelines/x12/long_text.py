"""Texts that are longer than an element: cut into pieces that can be put together again without loss."""

from __future__ import annotations

from collections.abc import Sequence


def pieces_of(long: str, longest: int) -> list[str]:
    """At blanks where that leaves a piece shorter than `longest`, else hard at `longest`; runs of blanks become one.

    >>> pieces_of("red cotton shirt", 10), pieces_of("ABCDEFGHIJKL", 10)
    (['red', 'cotton', 'shirt'], ['ABCDEFGHIJ', 'KL'])
    """
    rest = " ".join(long.split())
    pieces: list[str] = []
    while len(rest) > longest:
        blank = rest.rfind(" ", 1, longest)
        if blank > 0:
            pieces.append(rest[:blank])
            rest = rest[blank + 1 :]
        else:
            pieces.append(rest[:longest])
            rest = rest[longest:]  # may begin with a blank: a full piece is joined without one
    return [*pieces, rest] if rest else pieces


def joined(pieces: Sequence[str], longest: int) -> str:
    """The inverse: a piece of full length goes on without a blank, any other with one.

    >>> joined(["red", "cotton", "shirt"], 10), joined(["ABCDEFGHIJ", "KL"], 10)
    ('red cotton shirt', 'ABCDEFGHIJKL')
    """
    whole = ""
    for number, piece in enumerate(pieces):
        if number and len(pieces[number - 1]) < longest:
            whole += " "
        whole += piece
    return whole
