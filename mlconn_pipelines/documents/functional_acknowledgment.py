"""A functional acknowledgment (X12 997 or 999): what a receiver says to the syntax of one functional group."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContextNote:
    """One CTX of a 999. name, reference: CTX01, such as `BEG03` and the order's number. The others: CTX02 to CTX06 as written.

    place, reference_numbers: their components, the first being the element's position and number.
    """

    name: str
    reference: str = ""
    segment: str = ""
    position: int = 0
    loop: str = ""
    place: tuple[str, ...] = ()
    reference_numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ElementNote:
    """One AK4 or IK4. element: position in the segment from 1. code: AK403. value: the bad value, at most 99 characters."""

    element: int
    code: str
    component: int | None = None
    repetition: int | None = None
    reference: str = ""
    value: str = ""
    contexts: tuple[ContextNote, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentNote:
    """One AK3 or IK3. position: counted in the set, ST = 1. code: AK304, empty where only elements are at fault."""

    segment: str
    position: int
    loop: str = ""
    code: str = ""
    elements: tuple[ElementNote, ...] = ()
    contexts: tuple[ContextNote, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAcknowledgment:
    """One AK2 loop. status: AK501 or IK501 (`A`, `E`, `R`). codes: AK502-AK506."""

    set_id: str
    control_number: str
    status: str
    codes: tuple[str, ...] = ()
    segments: tuple[SegmentNote, ...] = ()
    implementation: str = ""


@dataclass(frozen=True, slots=True)
class FunctionalAcknowledgment:
    """functional_id, group_control_number, group_version: AK101 (GS01), AK102 (GS06), AK103 (GS08, from 005010).

    status: AK901 (`A`, `E`, `P`, `R`). sets_stated: AK902 (GE01 as received). sets_received, sets_accepted: AK903, AK904.
    sets: may be empty, then the group's status holds for every set of it. codes: AK905-AK909.
    """

    functional_id: str
    group_control_number: str
    status: str
    sets_stated: int
    sets_received: int
    sets_accepted: int
    sets: tuple[SetAcknowledgment, ...] = ()
    group_version: str = ""
    codes: tuple[str, ...] = ()
