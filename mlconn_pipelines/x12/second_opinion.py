"""What another reader (pyx12) says to our envelope and counts, where its profile covers ours."""

from __future__ import annotations

import io

_VERSIONS = (b"00401", b"00501")
_QUALIFIERS = frozenset((b"01", b"14", b"20", b"27", b"28", b"29", b"30", b"33", b"ZZ"))
_TERMINATORS = b"~!|}^$'\x1c\x1d\x1e\x1f"
"""Tried in this order in the place of a terminator that the other reader would take for the end of a line."""


def ask(content: bytes) -> list[str] | None:
    """Its complaints about envelope, control numbers, counts and hierarchical levels; empty where it has none.

    None: not asked, for what `why_silent` says; or it fell over the file itself, and its silence says nothing. It is asked
    whatever the terminator: where that is a line end, another character that occurs nowhere stands for it.
    """
    if why_silent(content):
        return None
    from pyx12.errors import EngineError, X12Error
    from pyx12.x12file import X12Reader

    complaints: list[str] = []
    try:
        reader = X12Reader(io.StringIO(_with_visible_terminator(content).decode("ascii")))
        for _ in reader:
            complaints += [str(error[2]) for error in reader.pop_errors()]
        reader.cleanup()
        complaints += [str(error[2]) for error in reader.pop_errors()]
    except (EngineError, X12Error) as error:
        complaints.append(str(error))
    except Exception:  # it takes for granted that GE and SE close something: an IndexError of its own is no word on the file
        return None
    return complaints


def why_silent(content: bytes) -> str:
    """Why the other reader is not asked about this file, empty where it is: what it cannot read, or ends at without a word."""
    if not content.startswith(b"ISA") or len(content) < 106:
        return "the file does not begin with an ISA of 106 characters"
    if not content.isascii():
        return "it reads ASCII only"
    version, qualifiers = content[84:89], {content[32:34], content[51:53]}
    if version not in _VERSIONS:
        return f"it knows ISA12 00401 and 00501 only, and this is {version.decode('ascii')!r}"
    if not qualifiers <= _QUALIFIERS:
        return f"it does not know the qualifier {min(qualifiers - _QUALIFIERS).decode('ascii')!r} (ISA05, ISA07)"
    terminator = content[105:106]
    if terminator.isalnum():
        return "no terminator stands behind the ISA"
    if terminator.isspace() and _other_terminator(content) is None:
        return "segments end with a line end, and no character is free to stand for it"
    if any(not part.strip() for part in content.rstrip().rstrip(terminator).split(terminator)):
        return "it ends without a word at an empty segment"
    return ""


def _other_terminator(content: bytes) -> bytes | None:
    return next((character for character in map(bytes, zip(_TERMINATORS)) if character not in content), None)


def _with_visible_terminator(content: bytes) -> bytes:
    terminator = content[105:106]
    if not terminator.isspace():
        return content
    other = _other_terminator(content)
    assert other is not None
    return other.join(part.strip(b"\r\n") for part in content.rstrip().split(terminator)) + other
