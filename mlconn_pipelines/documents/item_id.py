"""One item of ours in one text: its code and, where it comes in variants, which one.

`1896-S` is the item, `1896-S|BLUE` a variant of it that the system calls by one code, `M9201|color=RED|size=XL` one that it
describes in several ways. A partner file writes items like this too. A text rather than a pair, since keys of tables, findings
and traces show it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

_BAR = "|"


def item_id(code: str, *variant: str) -> str:
    """The item, or the variant of it; parts in one order, those that are empty or say nothing (`size=`) left out.

    >>> item_id("1896-S"), item_id("1896-S", "blue"), item_id("M9201", "color=Red", "size=", "style=")
    ('1896-S', '1896-S|BLUE', 'M9201|color=RED')
    """
    return _BAR.join([code, *sorted(filter(None, map(_part, variant)))])


def code_of(item: str) -> str:
    """The item's own code.

    >>> code_of("M9201|color=RED")
    'M9201'
    """
    return item.partition(_BAR)[0]


def variant_of(item: str) -> str:
    """Which variant it is, empty for none.

    >>> variant_of("M9201|color=RED|size=XL"), variant_of("M9201")
    ('color=RED|size=XL', '')
    """
    return item.partition(_BAR)[2]


def variant_in_words(item: str) -> str:
    """The variant for people, empty for none.

    >>> variant_in_words("M9201|color=RED|size=XL"), variant_in_words("1896-S|BLUE")
    ('color RED, size XL', 'BLUE')
    """
    return variant_of(item).replace("=", " ").replace(_BAR, ", ")


def normal(item: str) -> str:
    """As `item_id` writes it, however a person did.

    >>> normal("M9201 | Color = red"), normal("1896-S")
    ('M9201|color=RED', '1896-S')
    """
    code, *variant = item.split(_BAR)
    return item_id(code.strip(), *variant) if variant else item


def covers(general: str, specific: str) -> bool:
    """Whether the second is the first, or one of its variants.

    >>> covers("M9201", "M9201|color=RED"), covers("M9201|color=RED", "M9201"), covers("M9201|size=XL", "M9201|color=RED|size=XL")
    (True, False, True)
    """
    if general == specific:
        return True
    code, *parts = general.split(_BAR)
    other, *others = specific.split(_BAR)
    return code == other and set(parts) < set(others)


def from_most_specific(item: str) -> Iterator[tuple[str, ...]]:
    """The item itself, then what covers it with one part of the variant less, and so on down to the item without any.

    >>> list(from_most_specific("M|color=R|size=X"))
    [('M|color=R|size=X',), ('M|color=R', 'M|size=X'), ('M',)]
    """
    if _BAR not in item:  # most have no variants
        yield (item,)
        return
    code, *parts = item.split(_BAR)
    for count in range(len(parts), -1, -1):
        yield tuple(_BAR.join((code, *chosen)) for chosen in combinations(parts, count))


def _part(part: str) -> str:
    name, equals, value = part.partition("=")
    if not equals:
        return part.strip().upper()
    return f"{name.strip().lower()}={value.strip().upper()}" if value.strip() else ""
