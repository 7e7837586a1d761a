"""What the `mlconn x12` commands are given: files of X12, and partners or partner files with their guides."""

from __future__ import annotations

import mmap
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.x12.guide import PartnerGuide


def content_of(file: Path) -> bytes:
    """The bytes of a file, or of standard input for `-`. ConfigurationError: it cannot be read."""
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as wrong:
        raise ConfigurationError(f"{file} cannot be read ({wrong.strerror})", "Name a file that is there.") from None


def mapped_content_of(file: Path) -> bytes | mmap.mmap:
    """The same for files of any size: a file is mapped and not held in memory; what is no regular file is read."""
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size == 0:
            return content_of(file)
        with file.open("rb") as opened:
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError:
        return content_of(file)  # which says what is wrong


def guide_named(partner: str, config: Path | None) -> PartnerGuide:
    """The guide of a partner of the configuration, or of a partner file by its path (`partners/acme.yaml`)."""
    from mlconn_pipelines.config.guides import guide_of

    if partner.endswith((".yaml", ".yml")):
        from mlconn_pipelines.config.loading import load_partner_file

        return guide_of(load_partner_file(Path(partner)))
    from mlconn_pipelines.cli.acting import configuration_for

    configuration = configuration_for(config)
    if partner in configuration.stopped_partners:
        raise ConfigurationError(f"partner {partner} is stopped: {configuration.stopped_partners[partner].why}")
    if partner not in configuration.partners:
        raise ConfigurationError(
            f"there is no trading partner {partner!r}",
            f"There are: {', '.join(configuration.partners)}. A partner file can be named by its path, ending with .yaml.",
        )
    return guide_of(configuration.partners[partner])


def write_page(path: Path, page: str) -> None:
    """A page of HTML into a file. ConfigurationError: it cannot be written."""
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as wrong:
        raise ConfigurationError(
            f"{path} cannot be written ({wrong.strerror})", "Name a file in a folder that is there."
        ) from None
