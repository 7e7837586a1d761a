"""What a partner wants of one transaction set: the part of a partner's file that narrows the standard."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from mlconn_pipelines.config.model import Model
from mlconn_pipelines.x12.guide import target_of

Code = Annotated[str, StringConstraints(min_length=1)]


def _readable(name: str) -> str:
    try:
        target_of(name)
    except ValueError as unreadable:
        try:
            meant = str(target_of(name.upper()))
        except ValueError:
            raise unreadable from None
        raise ValueError(f"{unreadable}. Did you mean {meant!r}?") from None
    return name


def _one_or_more(written: Any) -> Any:
    """A single code is a list of one; numbers too, so that a code without quotes is told as such."""
    return (written,) if isinstance(written, str | int | float) else written


TargetName = Annotated[str, AfterValidator(_readable)]
Codes = Annotated[
    tuple[Code, ...], BeforeValidator(_one_or_more, json_schema_input_type=Code | tuple[Code, ...]), Field(min_length=1)
]
Length = Annotated[int, Field(gt=0)]


class Condition(Model):
    """A rule for some cases only."""

    each: TargetName | None = Field(
        None,
        description="looked at for every such segment with what belongs to it: PO1, HL_P, N1_ST; left out, for the whole set",
    )
    when: dict[TargetName, Codes] = Field({}, description="elements that have one of these values: {BIG07: [CR, CN]}")
    when_present: tuple[TargetName, ...] = Field((), description="elements or segments that are there")
    when_absent: tuple[TargetName, ...] = Field((), description="elements or segments that are not there")
    require: tuple[TargetName, ...] = Field((), description="then these must be there: [REF_IV]")
    forbid: tuple[TargetName, ...] = Field((), description="then these must not be there")
    codes: dict[TargetName, Codes] = Field({}, description="then elements may only have these values")
    repeats_max: dict[TargetName, Length] = Field({}, description="then segments may occur so often at most")
    note: str = Field("", description="the partner's own words, told with every finding")


class Rules(Model):
    """What narrows the standard. Elements are named like BIG07, segments by qualifier like N1_ST."""

    required: tuple[TargetName, ...] = Field((), description="elements or segments that must be there: BIG03, N1_ST, REF_IA")
    forbidden: tuple[TargetName, ...] = Field((), description="elements or segments that must not be there")
    fixed: dict[TargetName, str] = Field({}, description="elements that always have this value: {BIG07: DI}")
    codes: dict[TargetName, Codes] = Field({}, description="elements that may only have these values")
    qualifiers: dict[TargetName, Codes] = Field({}, description="segments that may only have these qualifiers: {REF: [IA, DP]}")
    lengths_max: dict[TargetName, Length] = Field({}, description="elements that are shorter here than in the standard")
    lengths_min: dict[TargetName, Length] = Field({}, description="elements that are longer here than the standard's least")
    repeats_max: dict[TargetName, Length] = Field({}, description="how often a segment may occur in the whole set: {PO1: 200}")
    conditions: tuple[Condition, ...] = Field((), description="rules for some cases only")


class DatedRules(Rules):
    """Rules that hold on some days instead of the set's own."""

    valid_from: dt.date | None = Field(None, description="the first day, by the document's date")
    valid_until: dt.date | None = Field(None, description="the last day, included")


class SetGuide(Rules):
    """What the partner wants of one transaction set beyond the standard."""

    dated: tuple[DatedRules, ...] = Field((), description="rules that hold on some days instead of those above")
    product_id_qualifiers: tuple[str, ...] = Field((), description="in this order: which of a line's ids are used")
    acknowledgment_within_h: float | None = Field(
        None, gt=0, description="overrides the partner's; 0 is written as expected: false"
    )
    acknowledgment_expected: bool = True
