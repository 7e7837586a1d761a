"""Product dimensions: the five ways in which one item number is several products, on order lines, invoices and descriptions alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

DIMENSIONS: Mapping[str, str] = {
    "color": "ProductColorId",
    "configuration": "ProductConfigurationId",
    "size": "ProductSizeId",
    "style": "ProductStyleId",
    "version": "ProductVersionId",
}
"""What people call each, and its field."""


class Dimensioned(Protocol):
    @property
    def ProductColorId(self) -> str: ...

    @property
    def ProductConfigurationId(self) -> str: ...

    @property
    def ProductSizeId(self) -> str: ...

    @property
    def ProductStyleId(self) -> str: ...

    @property
    def ProductVersionId(self) -> str: ...


def dimensions_of(row: Dimensioned) -> Mapping[str, str]:
    """The fields that say which variant it is, those that say nothing left out."""
    return {field: value for field in DIMENSIONS.values() if (value := str(getattr(row, field)).strip())}


def variant_parts(row: Dimensioned) -> tuple[str, ...]:
    """The same as `color=RED`, in the order of their names."""
    return tuple(f"{name}={value}" for name, field in DIMENSIONS.items() if (value := str(getattr(row, field)).strip()))
