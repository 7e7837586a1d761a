"""Writes `$metadata`: the entity types with keys and properties, the enums and the entity sets, as EDMX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr


@dataclass(frozen=True)
class DescribedType:
    """properties: name to EDM type. lengths: of texts, where there is a greatest one. links: navigation property to EDM type."""

    name: str
    key: Sequence[str]
    properties: Mapping[str, str]
    lengths: Mapping[str, int]
    links: Mapping[str, str]


def metadata_text(
    namespace: str, types: Iterable[DescribedType], sets: Mapping[str, str], enums: Mapping[str, Sequence[str]]
) -> str:
    """sets: entity set to the name of its type. enums: name to symbols, numbered from 0."""
    body = []
    for described in types:
        keys = "".join(f"<PropertyRef Name={quoteattr(name)}/>" for name in described.key)
        properties = "".join(
            f'<Property Name={quoteattr(name)} Type={quoteattr(kind)} Nullable="false"{_length(described, name)}/>'
            for name, kind in described.properties.items()
        )
        links = "".join(
            f"<NavigationProperty Name={quoteattr(name)} Type={quoteattr(kind)}/>" for name, kind in described.links.items()
        )
        body.append(f"<EntityType Name={quoteattr(described.name)}><Key>{keys}</Key>{properties}{links}</EntityType>")
    for name, symbols in enums.items():
        members = "".join(f'<Member Name={quoteattr(symbol)} Value="{value}"/>' for value, symbol in enumerate(symbols))
        body.append(f"<EnumType Name={quoteattr(name)}>{members}</EnumType>")
    named = "".join(
        f"<EntitySet Name={quoteattr(set_name)} EntityType={quoteattr(f'{namespace}.{name}')}/>"
        for set_name, name in sets.items()
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace={quoteattr(namespace)} xmlns="http://docs.oasis-open.org/odata/ns/edm">{"".join(body)}'
        f'<EntityContainer Name="Resources">{named}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
    )


def _length(described: DescribedType, name: str) -> str:
    longest = described.lengths.get(name, 0)
    return f' MaxLength="{longest}"' if longest else ""
