"""Settings of a partner that differ between two configurations, each of which can be put back alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, cast

from mlconn_pipelines.flows.tracing.naming import partner_setting
from mlconn_pipelines.flows.tracing.places import Key, Part, Path
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.x12.guide import SetRules

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class ChangedSetting:
    """name: as the partner file has it. put_back: the partner with this one setting as it was before."""

    name: str
    before: str
    after: str
    put_back: Callable[[Partner], Partner]


def changed_settings(before: Partner, after: Partner) -> list[ChangedSetting]:
    """What a partner's file says otherwise, setting by setting; entries of tables (units, fixed elements) one by one."""
    return [
        ChangedSetting(partner_setting(path), _shown(old), _shown(new), _putting_back(path, old))
        for path, old, new in _differences(before, after)
    ]


def _putting_back(path: Path, old: Any) -> Callable[[Partner], Partner]:
    return lambda partner: cast("Partner", _with(partner, path, old))


def _differences(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    if before == after:
        return
    # Rules of a set that only one side has are compared with rules that say nothing.
    if isinstance(after, SetRules) and before is _ABSENT:
        before = type(after)()
    elif isinstance(before, SetRules) and after is _ABSENT:
        after = type(before)()
    if is_dataclass(before) and not isinstance(before, type) and type(before) is type(after):
        for field in fields(before):
            yield from _differences(getattr(before, field.name), getattr(after, field.name), (*path, field.name))
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from _differences(before.get(name, _ABSENT), after.get(name, _ABSENT), (*path, Key(name)))
    else:
        yield path, before, after


def _with(value: Any, path: Path, leaf: Any) -> Any:
    if not path:
        return leaf
    part, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        name = cast("Key", part).of
        inner = _with(value.get(name, _ABSENT), rest, leaf)
        return {**value, name: inner} if inner is not _ABSENT else {k: v for k, v in value.items() if k != name}
    if value is _ABSENT:
        value = SetRules()  # the one table whose entries hold settings of their own
    return replace(value, **{_field(part): _with(getattr(value, _field(part)), rest, leaf)})


def _field(part: Part) -> str:
    return str(part)


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "(none)"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
