"""The parts of a set that a conditional rule is looked at for: the whole of it, or every line, level or party by itself."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from mlconn_pipelines.x12.envelope import Segment
from mlconn_pipelines.x12.grammar.loading import set_definition
from mlconn_pipelines.x12.guide_targets import Target

Numbered = tuple[int, Segment]
"""A segment with its number in the set, ST = 1."""


def scopes_of(segments: Sequence[Segment], each: Target | None, release: str, set_id: str) -> Iterator[Sequence[Numbered]]:
    """Stretches of segments, each beginning with a segment of `each` and going on as long as its loop does.

    None: all segments, once. Of HL a stretch is one level without those below it. Where no grammar tells what belongs to a loop,
    it goes on until the next of its kind.
    """
    numbered = list(enumerate(segments, start=1))
    if each is None:
        yield numbered
        return
    members = loop_members(release, set_id, each.segment)
    is_known = set_definition(release, set_id) is not None
    at = 0
    while at < len(numbered):
        if not each.matches(numbered[at][1]):
            at += 1
            continue
        end = at + 1
        while end < len(numbered) and (numbered[end][1][0] in members if is_known else numbered[end][1][0] != each.segment):
            end += 1
        yield numbered[at:end]
        at = end


@functools.lru_cache(maxsize=512)
def loop_members(release: str, set_id: str, segment: str) -> frozenset[str]:
    """The ids of all segments that may stand in the loops that a segment opens; empty where it opens none."""
    definition = set_definition(release, set_id)
    if definition is None:
        return frozenset()
    found: set[str] = set()
    below = [index for node in definition.nodes if node.is_loop and node.segment == segment for index in node.members]
    while below:
        node = definition.nodes[below.pop()]
        found.add(node.segment)
        below.extend(node.members)
    return frozenset(found - {segment})
