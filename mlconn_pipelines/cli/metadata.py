"""`mlconn metadata`: what an org needs for a sync integration, as a folder that an admin deploys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Config
from mlconn_pipelines.cli.output import say, tell
from mlconn_pipelines.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    app.command("metadata")(metadata)


def metadata(
    integration: Annotated[str, typer.Argument(metavar="INTEGRATION", help="A sync integration.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.")],
    config: Config = None,
) -> None:
    """Write the custom fields that the configuration names, a permission set and the objects of Change Data Capture, for deployment."""
    from mlconn_pipelines.cli.acting import configuration_for
    from mlconn_pipelines.wiring.sync.org_fields import custom_fields, deployable

    sync = configuration_for(config).sync(integration)
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} is not empty", "Name a new folder; nothing is overwritten.")
    for path, text in deployable(sync).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for field in sorted({(one.entity, one.name) for one in custom_fields(sync)}):
        tell(".".join(field))
    say(f"{folder}: deploy it with `sf project deploy start --metadata-dir {folder} --target-org ORG`, in a sandbox first")
