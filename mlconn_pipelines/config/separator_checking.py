"""Whether the separators of a partner can be told apart, from each other and from ids and texts."""

from __future__ import annotations

from collections.abc import Iterator

from mlconn_pipelines.config.partner import Separators, X12Guide
from mlconn_pipelines.config.yaml_source import Place, Source
from mlconn_pipelines.errors import ConfigurationError

NO_REPETITION = "U"
"""ISA11 before release 00402, where it is no separator but a fixed letter."""


def separator_mistakes(x12: X12Guide, source: Source) -> Iterator[ConfigurationError]:
    """Those of `separators` and of every entry of `other_separators`."""
    yield from _choice_mistakes(x12, x12.separators, ("x12", "separators"), source)
    seen = [x12.separators]
    for number, other in enumerate(x12.other_separators):
        place: Place = ("x12", "other_separators", number)
        yield from _choice_mistakes(x12, other, place, source)
        if other in seen:
            yield source.error(place, "these separators are those of an entry before", "Write others, or take them out.")
        seen.append(other)
    named = _named(x12, x12.separators)
    if x12.unsupported_characters == "substitute" and x12.substitute in named.values():
        yield source.error(
            ("x12", "substitute"), f"the substitute {x12.substitute!r} is itself a separator", "Take a space or a full stop."
        )


def _named(x12: X12Guide, separators: Separators) -> dict[str, str]:
    repeats = not (x12.version < "00402" and separators.repetition == NO_REPETITION)
    return {
        name: getattr(separators, name)
        for name in ("element", "component", "repetition", "segment")
        if name != "repetition" or repeats
    }


def _choice_mistakes(x12: X12Guide, separators: Separators, around: Place, source: Source) -> Iterator[ConfigurationError]:
    named = _named(x12, separators)
    taken: dict[str, str] = {}
    for name, character in named.items():
        place = (*around, name)
        if character in taken:
            yield source.error(
                place,
                f"the separators {taken[character]} and {name} are both {character!r}",
                "Give each its own character; those not written are * > ^ ~.",
            )
        taken.setdefault(character, name)
        if character.isalnum() or character == " ":
            yield source.error(
                place, f"the {name} separator is {character!r}, which also occurs in texts", "Take a sign such as * > ^ or ~."
            )
        elif len(character.encode()) > 1:
            yield source.error(place, f"the {name} separator {character!r} is not one byte", "Take an ASCII sign.")
    identities: dict[Place, str] = {
        ("x12", "ours", "id"): x12.ours.id,
        ("x12", "theirs", "id"): x12.theirs.id,
        ("x12", "group_ours"): x12.group_ours,
        ("x12", "group_theirs"): x12.group_theirs,
    }
    for where, text in identities.items():
        if clash := next((name for name, character in named.items() if character in text), None):
            yield source.error(
                where, f"{text!r} holds the {clash} separator {named[clash]!r}", "Choose another separator for this partner."
            )
