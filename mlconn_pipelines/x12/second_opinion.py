"""What another reader (pyx12) says to our envelope and counts, where its profile covers ours."""

from __future__ import annotations

import io

_VERSIONS = (b"00401", b"00501")
_QUALIFIERS = frozenset((b"01", b"14", b"20", b"27", b"28", b"29", b"30", b"33", b"ZZ"))


def ask(content: bytes) -> list[str] | None:
    """Its complaints about envelope, control numbers, counts and hierarchical levels; empty where it has none.

    None: not asked, since it reads ISA12 00401 and 00501 and ASCII only and ends without a word at an empty segment; or it
    fell over the file itself, and its silence says nothing.
    """
    if not content.isascii() or not content.startswith(b"ISA") or len(content) < 106:
        return None
    terminator = content[105:106]
    if content[84:89] not in _VERSIONS or not {content[32:34], content[51:53]} <= _QUALIFIERS or terminator.isspace():
        return None
    if any(not part.strip() for part in content.rstrip().rstrip(terminator).split(terminator)):
        return None
    from pyx12.errors import EngineError, X12Error
    from pyx12.x12file import X12Reader

    complaints: list[str] = []
    try:
        reader = X12Reader(io.StringIO(content.decode("ascii")))
        for _ in reader:
            complaints += [str(error[2]) for error in reader.pop_errors()]
        reader.cleanup()
        complaints += [str(error[2]) for error in reader.pop_errors()]
    except (EngineError, X12Error) as error:
        complaints.append(str(error))
    except Exception:  # it takes for granted that GE and SE close something: an IndexError of its own is no word on the file
        return None
    return complaints
