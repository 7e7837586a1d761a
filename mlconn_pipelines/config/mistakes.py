"""What pydantic found wrong, said to the person who wrote the file: what stands there, what belongs there, in which line."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from mlconn_pipelines.config.yaml_source import Place, Scalar, Source
from mlconn_pipelines.errors import ConfigurationError

_WANTED = {
    "string": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "date": "a date such as 2026-01-31",
    "url": "an address such as https://host/path",
    "tuple": "a list: [one, two], or one `- entry` a line",
    "dict": "settings of its own, indented below it",
    "model": "settings of its own, indented below it",
    "path": "a file name",
}
_LIMITS = {
    "greater_than": ("gt", "it must be more than {}"),
    "greater_than_equal": ("ge", "it must be at least {}"),
    "less_than": ("lt", "it must be less than {}"),
    "less_than_equal": ("le", "it must be at most {}"),
    "string_too_short": ("min_length", "it must have at least {} character(s)"),
    "string_too_long": ("max_length", "it must have at most {} character(s)"),
    "too_short": ("min_length", "it must have at least {} entry"),
}


class ConfigurationMistakes(ConfigurationError):
    """Several mistakes at once, one a line; `mistakes` are the single ones, in the order of files and lines."""

    def __init__(self, mistakes: Iterable[ConfigurationError]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))
        self.file, self.line = self.mistakes[0].file, self.mistakes[0].line


def in_order(mistakes: Iterable[ConfigurationError]) -> list[ConfigurationError]:
    """Single mistakes, sorted by file and line."""
    single = [one for mistake in mistakes for one in getattr(mistake, "mistakes", (mistake,))]
    return sorted(single, key=lambda mistake: (mistake.file or "", mistake.line or 0))


def raise_all(mistakes: Iterable[ConfigurationError]) -> None:
    """Raise nothing for none, the mistake itself for one, all of them together for more."""
    found = in_order(mistakes)
    if len(found) == 1:
        raise found[0]
    if found:
        raise ConfigurationMistakes(found)


def mistakes_of(wrong: ValidationError, model: type[BaseModel], source: Source) -> list[ConfigurationError]:
    """One sentence for each thing that the model refuses."""
    return in_order(_mistake(error, model, source) for error in wrong.errors(include_url=False))


def _mistake(error: ErrorDetails, model: type[BaseModel], source: Source) -> ConfigurationError:
    is_key = bool(error["loc"]) and error["loc"][-1] == "[key]"
    place = _place(error["loc"][:-1] if is_key else error["loc"], source)
    kind, context = error["type"], error.get("ctx", {})
    # The place is looked up in the file, so a union's tag in pydantic's location (which nobody wrote) is left out.
    if kind.startswith("union_tag"):
        return _wrong_kind(error, place, source)
    field = _field(model, place, source)
    name = source.name(place) or "the file"
    about = f" ({field.description})" if field is not None and field.description else ""
    written = source.keys.get(place) if is_key or kind == "invalid_key" else source.scalars.get(place)

    if kind == "missing":
        *around, key = place
        where = f" in {source.name(tuple(around))}" if around else ""
        return source.error(tuple(around), f"{key!r} is missing{where}", f"Add `{key}:`{about}.")
    if kind in ("extra_forbidden", "invalid_key"):
        return _unknown_field(model, place, source)
    if kind == "value_error":
        return source.error(place, f"{name}: {context.get('error', error['msg'])}" if place else str(context.get("error")))
    if kind == "literal_error":
        wanted = str(context.get("expected"))
        if written is not None and not written.quoted and f"'{written.written}'" in wanted:
            return _unquoted(name, written, place, source)
        quoted = [text.strip(" '") for text in wanted.replace(" or ", ",").split(",")]
        nearest = _nearest(written.written if written else "", quoted)
        hint = nearest or (f"Write one of {wanted}" if len(quoted) > 1 else f"Write {wanted}")
        return source.error(place, f"{name} is {_shown(written, error['input'])}", hint + ("?" if nearest else "."))
    if kind == "string_type":
        if written is not None and not written.quoted and written.meaning != "null":
            return _unquoted(name, written, place, source)
        if error["input"] is None:
            return source.error(place, f"{name} has no value", f"Write a text{about}, or leave the line out.")
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        limit = words.format(context.get(key))
        return source.error(place, f"{name} is {_shown(written, error['input'])}; {limit}", _sentence(field))
    if kind == "string_pattern_mismatch":
        return source.error(place, f"{name} is {_shown(written, error['input'])}, which is not valid", _form(field, context))
    if kind == "url_scheme":
        return source.error(
            place, f"{name} is {_shown(written, error['input'])}", "An address begins with https:// or http://."
        )
    wanted = next((words for start, words in _WANTED.items() if kind.startswith(start)), error["msg"])
    return source.error(place, f"{name} is {_shown(written, error['input'])}", f"Write {wanted}{about}.")


def _wrong_kind(error: ErrorDetails, place: Place, source: Source) -> ConfigurationError:
    """A group of settings whose kind is missing, or none that there is."""
    context = error.get("ctx", {})
    key = str(context.get("discriminator", "kind")).strip("'")
    tag_place = (*place, key)
    if tag_place not in source.lines:
        return source.error(place, f"{key!r} is missing in {source.name(place)}", f"Add `{key}:`, which says what it is.")
    kinds = [text.strip(" '") for text in str(context.get("expected_tags", "")).split(",")]
    written = source.scalars.get(tag_place)
    nearest = _nearest(written.written if written else "", kinds)
    hint = f"{nearest}?" if nearest else f"Write one of {', '.join(map(repr, kinds))}."
    return source.error(tag_place, f"{source.name(tag_place)} is {_shown(written, context.get('tag'))}", hint)


def _unquoted(name: str, written: Scalar, place: Place, source: Source) -> ConfigurationError:
    meaning = {"int": "a number", "float": "a number", "bool": "true or false", "null": "nothing"}.get(
        written.meaning, "another value"
    )
    return source.error(
        place,
        f"{name} is {written.written} without quotation marks, which YAML reads as {meaning}",
        f'Write it in quotes: "{written.written}".',
    )


def _unknown_field(model: type[BaseModel], place: Place, source: Source) -> ConfigurationError:
    *around, key = place
    owner = _model_at(model, tuple(around), source)
    names = list(owner.model_fields) if owner is not None else []
    where = f" in {source.name(tuple(around))}" if around else ""
    written = source.keys[place].written if place in source.keys else str(key)
    hint = _nearest(written, names) or f"Known here: {', '.join(names)}"
    return source.error(place, f"unknown setting {written!r}{where}", hint + ("?" if hint.startswith("Did") else "."))


def _nearest(written: str, names: list[str]) -> str:
    if written.isdigit():  # a neighbouring code is another thing altogether, not a slip of the pen
        return ""
    close = difflib.get_close_matches(written.lower(), names, n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}" if close else ""


def _shown(written: Scalar | None, value: Any) -> str:
    """What stands in the file; never an address with a password in it."""
    text = written.written if written is not None else value
    if text is None or text == "":
        return "empty"
    if isinstance(text, str):
        return repr(text if len(text) <= 60 else text[:57] + "...") if "@" not in text else "not what belongs there"
    return "a list" if isinstance(text, list | tuple) else "a group of settings" if isinstance(text, Mapping) else str(text)


def _form(field: FieldInfo | None, context: Mapping[str, Any]) -> str:
    if context.get("pattern") == "^[a-z][a-z0-9_]*$":
        return "Write lower-case letters, digits and _, beginning with a letter."
    return _sentence(field) or f"Expected form: {context.get('pattern')}"


def _sentence(field: FieldInfo | None) -> str:
    return f"Expected: {field.description}." if field is not None and field.description else ""


def _place(location: Iterable[Any], source: Source) -> Place:
    """pydantic's location less the union tags, which stand in no file; a missing field's own name stays.

    A single value that stands for a list of one has no entries in the file: its own place is meant.
    """
    place: Place = ()
    parts = list(location)
    for number, part in enumerate(parts):
        longer = (*place, part)
        if longer in source.lines or (number == len(parts) - 1 and place not in source.scalars):
            place = longer
    return place


def _models_in(annotation: Any) -> Iterator[Any]:
    """The annotation's alternatives: a union's members, without Annotated and None."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _models_in(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _models_in(member)
    elif annotation is not type(None):
        yield annotation


def _models_at(annotation: Any, place: Place, source: Source) -> list[Any]:
    """The alternatives of the value at a place; of several models the one whose `kind` stands there, where it does."""
    candidates = list(_models_in(annotation))
    written = source.scalars.get((*place, "kind"))
    named = [one for one in candidates if written is not None and written.written in _kinds_of(one)]
    return named or candidates


def _kinds_of(candidate: Any) -> tuple[Any, ...]:
    field = candidate.model_fields.get("kind") if _is_model(candidate) else None
    return get_args(field.annotation) if field is not None else ()


def _is_model(candidate: Any) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)


def _step(candidates: Iterable[Any], part: Any) -> tuple[Any, FieldInfo | None]:
    """The type of one key or entry inside a value of one of these types, with its field where a model names it."""
    for candidate in candidates:
        if _is_model(candidate):
            if (field := candidate.model_fields.get(str(part))) is not None:
                return field.annotation, field
        elif get_origin(candidate) in (tuple, list):
            return get_args(candidate)[0], None
        elif get_origin(candidate) is dict:
            return get_args(candidate)[1], None
    return None, None


def _field(model: type[BaseModel], place: Place, source: Source) -> FieldInfo | None:
    """The field nearest to the place, so that an entry of a list is explained by its list."""
    annotation: Any = model
    nearest = None
    for depth, part in enumerate(place):
        annotation, field = _step(_models_at(annotation, place[:depth], source), part)
        nearest = field or nearest
    return nearest


def _model_at(model: type[BaseModel], place: Place, source: Source) -> type[BaseModel] | None:
    annotation: Any = model
    for depth, part in enumerate(place):
        annotation, _ = _step(_models_at(annotation, place[:depth], source), part)
    return next((found for found in _models_at(annotation, place, source) if _is_model(found)), None)
