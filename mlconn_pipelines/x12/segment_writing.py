"""What set modules need to write segments: the partner's guide, cleaned texts, texts cut to length or into pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.x12.guide import PartnerGuide
from mlconn_pipelines.x12.long_text import pieces_of

OutElement = str | tuple[str, ...]
OutSegment = tuple[OutElement, ...]  # a composite element is a tuple of its components


class Writing:
    """One set for one partner. clean: makes a text fit for this partner's character set, before its length counts."""

    def __init__(self, guide: PartnerGuide, set_id: str, clean: Callable[[str], str]) -> None:
        self.clean = clean
        self._lengths = guide.rules(set_id).lengths_max
        self._required = frozenset(guide.rules(set_id).required)
        self._qualifiers = guide.qualifiers(set_id)
        self.is_from_005010 = guide.version >= "005010"
        self.writes_notes_as_mtx = guide.version >= "004030"
        self.has_composites = guide.version >= "004010"

    def longest(self, element: str, standard: int) -> int:
        """How long an element may be for this partner."""
        return min(self._lengths.get(element, standard), standard)

    def pieces(self, text: str, element: str, standard: int) -> list[str]:
        """A long text in as many pieces as it needs."""
        return pieces_of(self.clean(text), self.longest(element, standard)) if text else []

    def cut(self, text: str, element: str, standard: int) -> str:
        """A text that only explains something, cut where it is too long."""
        return " ".join(self.clean(text).split())[: self.longest(element, standard)].rstrip() if text else ""

    def wants(self, name: str) -> bool:
        """Whether the partner requires an optional segment or element by this name."""
        return name in self._required

    def product_pairs(self, ids: Sequence[ProductId]) -> tuple[str, ...]:
        """Qualifiers and ids one after another, in the partner's order; ids that it does not name are left out."""
        known = {product.qualifier: product.id for product in reversed(ids)}
        chosen = [(q, known[q]) for q in self._qualifiers if known.get(q)]
        return tuple(part for pair in chosen[:10] for part in pair)
