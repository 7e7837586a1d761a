"""What a filter surely wants of texts, so that a set with an index need not try all its records, as no real server does either."""

from __future__ import annotations

from collections.abc import Mapping

from mlconn_simulators.odata.filter_parser import Comparison, Junction, Listed, Node

Wanted = Mapping[str, frozenset[str]]
"""Text properties with the values of which every match has one."""


def texts_wanted(node: Node, kinds: Mapping[str, str], *, wildcards: bool = False) -> Wanted:
    """Empty where the filter says nothing of the kind. kinds and wildcards: as of `compile_test`.

    >>> from mlconn_simulators.odata.filter_parser import parse_filter
    >>> texts_wanted(parse_filter("(A eq 'x' or A eq 'y') and B gt 5"), {"A": "text", "B": "int"}) == {"A": {"x", "y"}}
    True
    >>> dict(texts_wanted(parse_filter("A eq 'x' or B gt 5"), {"A": "text", "B": "int"}))
    {}
    """
    match node:
        case Comparison(name, "eq", literal, ""):
            literals = (literal,)
        case Listed(name, literals):
            pass
        case Junction("and", parts):
            return {name: values for part in parts for name, values in texts_wanted(part, kinds, wildcards=wildcards).items()}
        case Junction("or", parts):
            first, *others = [texts_wanted(part, kinds, wildcards=wildcards) for part in parts]
            shared = [name for name in first if all(name in other for other in others)]
            return {name: first[name].union(*(other[name] for other in others)) for name in shared}
        case _:
            return {}
    values = frozenset(str(literal.value) for literal in literals)
    exact = kinds.get(name) == "text" and all(literal.kind == "string" for literal in literals)
    return {name: values} if exact and not (wildcards and any("*" in value for value in values)) else {}
