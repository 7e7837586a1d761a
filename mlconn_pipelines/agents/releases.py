"""Releases of the agent: signed by the offline root, since whoever could have agents run other programs would have their Sage servers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.agents.canonical import Malformed, text, whole
from mlconn_pipelines.agents.keys import Signer, Signs

VERSION = r"[0-9]{1,5}(\.[0-9]{1,5}){1,3}"
SIZE_MAX = 300 * 1024 * 1024
PART_BYTES = 512 * 1024
"""So that an answer with a part of it, in base 64, keeps within what agents read of one."""


def offer(root: Signer, version: str, content: bytes) -> dict[str, Any]:
    """What agents are offered. Errors: Malformed."""
    values = {"version": version, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    text(values, "version", 40, VERSION)
    whole(values, "size", 1, SIZE_MAX)
    return root.signed(Signs.RELEASE, values)


def version_of(offered: Mapping[str, Any], content: bytes) -> str:
    """The version of an offer that is of these bytes; who signed it, agents judge. Errors: Malformed."""
    if (offered.get("sha256"), offered.get("size")) != (hashlib.sha256(content).hexdigest(), len(content)):
        raise Malformed("expected the file that was signed")
    return text(offered, "version", 40, VERSION)
