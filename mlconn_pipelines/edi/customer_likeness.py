"""Whether two customers, or two people there, may be one: by what is left without what people write in different ways."""

from __future__ import annotations

import re
import unicodedata

_LEGAL_FORMS = re.compile(
    r"ab|ag|as|bv|company|co|corp|corporation|gmbh|inc|incorporated|kg|limited|llc|llp|lp|ltd|nv|oy|plc|pty|sa|sarl|sas|se|spa|srl"
)


def comparable_name(name: str) -> str:
    """What is left of a name without case, accents, punctuation and legal form; empty where nothing can be compared.

    >>> comparable_name("Müller & Söhne, Inc."), comparable_name("MULLER AND SOHNE"), comparable_name("The Co. Co.")
    ('muller and sohne', 'muller and sohne', 'the')
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
    words = re.sub(r"[\W_]+", " ", re.sub(r"[.'\u2019]", "", plain.replace("&", " and "))).split()
    while len(words) > 1 and _LEGAL_FORMS.fullmatch(words[-1]):
        words.pop()
    return " ".join(words)


def comparable_tax_number(number: str) -> str:
    """Letters and digits only, without the country's letters, which some enter and some do not.

    >>> comparable_tax_number("DE 123.456.789"), comparable_tax_number("123456789"), comparable_tax_number("n/a")
    ('123456789', '123456789', '')
    """
    found = re.sub(r"[\W_]", "", number).upper()
    return re.sub(r"^[A-Z]{2}(?=.*\d{5})", "", found) if any(sign.isdigit() for sign in found) else ""


def same_person(name: str, email: str, other_name: str, other_email: str) -> bool:
    """Whether two people of one customer may be one: the same mail address, or the same name, whichever way round it is written.

    >>> same_person("Ann Lee", "", "LEE, Ann", "a@nw.example"), same_person("Ann Lee", "A@nw.example", "Bo", "a@nw.example")
    (True, True)
    >>> same_person("Ann Lee", "", "Ann Lee-Smith", ""), same_person("", "", "", "")
    (False, False)
    """
    if email.strip() and email.strip().casefold() == other_email.strip().casefold():
        return True
    one = _words(name)
    return bool(one) and one == _words(other_name)


def _words(name: str) -> list[str]:
    return sorted(comparable_name(name).split())
