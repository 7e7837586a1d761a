"""One YAML file as plain values, with the line of everything in it, so that every mistake can be shown where it is written.

Two things differ from what YAML readers do, because X12 is full of codes that look like numbers: what was written is kept
beside the value (a text field can then say `write "00"`), and dates stay text until a field asks for a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mlconn_pipelines.errors import ConfigurationError

DEPTH_MAX = 40
NODES_MAX = 100_000
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_BRACKETS = re.compile(r"[\[{]{20}")
_TRUE = frozenset({"true", "yes", "on"})
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
)
_SPECIAL_TAGS = frozenset({"tag:yaml.org,2002:merge", "tag:yaml.org,2002:value"})

Place = tuple[str | int | float | bool | None, ...]
"""Keys and positions from the top of the file: `("x12", "separators", "segment")`."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """How a single value was written. quoted: in quotes or as a block. meaning: what YAML takes it for: int, bool, str ..."""

    written: str
    quoted: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where things are written in one file. lines: of values, by place; key_lines: of the keys before them; from 1."""

    file: str
    lines: dict[Place, int]
    key_lines: dict[Place, int]
    scalars: dict[Place, Scalar]
    keys: dict[Place, Scalar]

    def name(self, place: Place) -> str:
        """The place as people say it: `x12.separators.segment`, `sends, entry 1`."""
        parts: list[str] = []
        entries = ""
        for length in range(1, len(place) + 1):
            key = self.keys.get(place[:length])
            if key is None and isinstance(place[length - 1], int):
                entries += f", entry {int(place[length - 1] or 0) + 1}"
            else:
                parts.append(key.written if key else str(place[length - 1]))
        return ".".join(parts) + entries

    def line(self, place: Place) -> int:
        """The line of the key or, failing that, of the nearest thing around it."""
        for length in range(len(place), 0, -1):
            if (line := self.key_lines.get(place[:length]) or self.lines.get(place[:length])) is not None:
                return line
        return self.lines.get((), 1)

    def error(self, place: Place, what: str, hint: str = "", also: tuple[str, ...] = (), since: str = "") -> ConfigurationError:
        """A mistake at that place. also: other files that it stops. since: the release of a rule that is still new to people."""
        return ConfigurationError(what, hint, file=self.file, line=self.line(place), also=also, since=since)


def read_yaml(path: Path) -> tuple[dict[Any, Any], Source]:
    """The file's mapping and where its parts are written. ConfigurationError names the first thing that is no YAML."""
    file = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as wrong:
        line = path.read_bytes()[: wrong.start].count(b"\n") + 1
        raise ConfigurationError(
            "the file is not UTF-8 text", "Save it as UTF-8 in the editor.", file=file, line=line
        ) from None
    except OSError as wrong:
        raise ConfigurationError(f"the file cannot be read ({wrong.strerror})", "Check its permissions.", file=file) from None
    try:
        node = _composed(text)
    except yaml.YAMLError as wrong:
        raise _syntax_error(wrong, text, file) from None
    except RecursionError:
        line = next((number for number, one in enumerate(text.splitlines(), start=1) if _BRACKETS.search(one)), 1)
        raise ConfigurationError(
            "the settings are nested without end", "Look for brackets that nobody closes.", file=file, line=line
        ) from None
    if node is None:
        raise ConfigurationError(
            "the file is empty", "Write the settings, or delete the file; `mlconn init` shows one.", file=file, line=1
        )
    source = Source(file, {}, {}, {}, {})
    if not isinstance(node, MappingNode):
        raise ConfigurationError(
            "the file holds no settings", "Write one `name: value` a line.", file=file, line=node.start_mark.line + 1
        )
    values: dict[Any, Any] = _Reader(source).value(node, ())
    return values, source


def _composed(text: str) -> Node | None:
    """By libyaml where the package has it, which is ten times as fast; what it refuses is left to the slow reader's words."""
    if yaml.__with_libyaml__:
        try:
            return yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            pass
    return yaml.compose(text, Loader=yaml.SafeLoader)


class _Reader:
    """Turns nodes into values and notes where they stand."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._nodes = 0

    def value(self, node: Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self._source.lines[place] = line
        self._nodes += 1
        if len(place) > DEPTH_MAX or self._nodes > NODES_MAX:
            raise self._refused(line, "the settings are nested without end", "Look for an alias (*name) inside its own anchor.")
        if node.tag not in _PLAIN_TAGS | _SPECIAL_TAGS:
            raise self._refused(
                line, f"{_tag_as_written(node.tag)} is a YAML tag, which is not read here", "Write the plain value."
            )
        if isinstance(node, MappingNode):
            return dict(self._entries(node, place))
        if isinstance(node, SequenceNode):
            return [self.value(item, (*place, number)) for number, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        scalar = _scalar(node)
        self._source.scalars[place] = scalar
        return plain_value(scalar)

    def _entries(self, node: MappingNode, place: Place) -> Iterator[tuple[Any, Any]]:
        seen: dict[Any, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                raise self._refused(line, "a list or mapping stands where a name belongs", "Write `name: value`.")
            scalar = _scalar(key_node)
            key = plain_value(scalar)
            if key in seen:
                raise self._refused(
                    line, f"{scalar.written!r} is given twice (first in line {seen[key]})", "Keep one of the two."
                )
            seen[key] = line
            self._source.key_lines[(*place, key)] = line
            self._source.keys[(*place, key)] = scalar
            yield key, self.value(value_node, (*place, key))

    def _refused(self, line: int, what: str, hint: str) -> ConfigurationError:
        return ConfigurationError(what, hint, file=self._source.file, line=line)


def plain_value(scalar: Scalar) -> str | int | float | bool | None:
    """What a value means; anything but a number, true, false and nothing is text as written.

    >>> [plain_value(Scalar(text, False, kind)) for text, kind in (("00", "int"), ("4.50", "float"), ("no", "bool"), ("08", "str"))]
    [0, 4.5, False, '08']
    >>> plain_value(Scalar("00", True, "str"))
    '00'
    """
    text = scalar.written
    match scalar.meaning:
        case "int" if _INTEGER.fullmatch(text):
            return int(text)
        case "float" if _DECIMAL.fullmatch(text):
            return float(text)
        case "bool":
            return text.lower() in _TRUE
        case "null":
            return None
    return text


def _scalar(node: ScalarNode) -> Scalar:
    return Scalar(node.value, bool(node.style), _tag_as_written(node.tag).lstrip("!"))


def _tag_as_written(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")


def _syntax_error(wrong: yaml.YAMLError, text: str, file: str) -> ConfigurationError:
    """What the YAML reader says, in the words of someone who has never read its source."""
    problem = str(getattr(wrong, "problem", "") or getattr(wrong, "reason", "") or wrong).strip()
    mark = getattr(wrong, "problem_mark", None) or getattr(wrong, "context_mark", None)
    line = mark.line + 1 if mark is not None else text[: getattr(wrong, "position", 0)].count("\n") + 1
    written = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    if "\\t" in problem or (written[: len(written) - len(written.lstrip())].count("\t")):
        return ConfigurationError("a tab stands in this line", "YAML indents with spaces; replace it.", file=file, line=line)
    if "special characters" in problem:
        return ConfigurationError("the line holds a control character", "Remove it.", file=file, line=line)
    if "expected a single document" in problem or "but found another document" in problem:
        return ConfigurationError("a second document begins here (---)", "Write one file for each.", file=file, line=line)
    if (open_line := _unclosed_quotation(text, line)) is not None:
        return ConfigurationError(
            "a quotation mark is opened and not closed in this line", "Close the quotation mark.", file=file, line=open_line
        )
    hints = {
        "mapping values are not allowed here": "A colon and a space begin a value: indent the line as its neighbours, "
        "or put a text that holds a colon in quotes.",
        "could not find expected ':'": "Write `name: value`, with a colon and a space.",
        "found undefined alias": "A value that begins with * must be put in quotes.",
        "found unknown escape character": "Use single quotes, or write the backslash twice.",
    }
    hint = next((words for part, words in hints.items() if part in problem), None)
    return ConfigurationError(
        f"this is no YAML: {problem}",
        hint or "Look at this line and the one before it: a colon, a quotation mark, a bracket or the indentation is wrong.",
        file=file,
        line=line,
    )


def _unclosed_quotation(text: str, last_line: int) -> int | None:
    """The first line, up to the one where the reader gave up, that leaves a double quotation mark open."""
    for number, line in enumerate(text.split("\n")[:last_line], start=1):
        if re.sub(r"(^|\s)#.*", "", line).count('"') % 2:
            return number
    return None
