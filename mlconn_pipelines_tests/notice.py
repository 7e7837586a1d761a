"""NOTICE: the licence of every locked dependency, out of what the packages say of themselves.

`python -m mlconn_pipelines_tests.notice` writes it anew after the lock has changed. `test_notice.py` fails where a licence is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK, NOTICE = ROOT / "requirements.lock", ROOT / "NOTICE"

HEAD = """\
mlconn_pipelines
Copyright the mlconn_pipelines authors. Licensed under the Apache License, Version 2.0, see LICENSE.

It is installed with the packages below, each under its own licence. None of them is part of this distribution.
Written by `python -m mlconn_pipelines_tests.notice` from requirements.lock.

"""

SPDX: Mapping[str, str] = {
    "1. This LICENSE AGREEMENT is between the Python So": "PSF-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "ISC License": "ISC",
    "LGPL with exceptions": "LGPL-3.0-or-later",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Words in which packages name a licence, as SPDX has it."""

ALLOWED = frozenset(
    [
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
        "Zlib",
    ]
)
"""What may be installed beside an Apache-2.0 program and told apart from it. Another one is a person's decision."""

ELSEWHERE: Mapping[str, str] = {"colorama": "BSD-3-Clause", "pyreadline3": "BSD-3-Clause", "pywin32": "PSF-2.0"}
"""Of packages that only other operating systems install."""


def locked() -> list[str]:
    """Names, in order."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return sorted({match[1].lower() for line in lines if (match := re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)", line))})


def license_of(name: str) -> str:
    """An SPDX expression; empty where the package names none that we know."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return ELSEWHERE.get(name, "")
    expression = next((SPDX.get(words, words) for words in _named(told)), "")
    return expression if expression and set(_ids(expression)) <= ALLOWED else ""


def notice() -> str:
    return HEAD + "".join(f"{name}: {license_of(name) or 'unknown'}\n" for name in locked())


def _named(told: PackageMetadata) -> Iterator[str]:
    values = told.json
    yield from (str(values[key])[:50].strip() for key in ("license_expression", "license") if values.get(key))
    classifiers = [str(one).rpartition(" :: ")[2] for one in values.get("classifier", ()) if str(one).startswith("License ::")]
    if classifiers:
        yield " OR ".join(SPDX.get(one, one) for one in classifiers)


def _ids(expression: str) -> list[str]:
    return [word for word in re.split(r"[\s()]+", expression) if word not in ("", "AND", "OR", "WITH")]


if __name__ == "__main__":
    NOTICE.write_text(notice(), encoding="utf-8")
