"""`mlconn config`: what helps whoever writes the files."""

from __future__ import annotations

import typer

from mlconn_pipelines.cli.options import Config
from mlconn_pipelines.cli.output import tell
from mlconn_pipelines.errors import ConfigurationError

config_app = typer.Typer(no_args_is_help=True, help="What helps whoever writes the configuration's files.")


def register(app: typer.Typer) -> None:
    app.add_typer(config_app, name="config")


@config_app.command()
def schema(config: Config = None) -> None:
    """Write JSON Schemas of the files, so that editors complete names and mark mistakes while typing.

    The files that `mlconn init` writes name them in their first line; put the same line into others.
    """
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.config.json_schema import editors_line, write_schemas

    folder = settings_for(config).config
    if not folder.is_dir():
        raise ConfigurationError(f"there is no configuration folder {folder}", f"`mlconn init {folder}` makes one.")
    for path in write_schemas(folder):
        tell(str(path))
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("partners/*.yaml"))):
        line = editors_line(file.relative_to(folder)).strip()
        if line not in file.read_text(encoding="utf-8", errors="replace"):
            tell(f"{file}: for your editor, put this line first: {line}")


@config_app.command()
def migrate(config: Config = None) -> None:
    """Rewrite former words of settings to today's; comments and everything else of the files stay.

    The former words are read for one release, with a warning.
    """
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.config.renamed import migrate as rewrite

    folder = settings_for(config).config
    if not folder.is_dir():
        raise ConfigurationError(f"there is no configuration folder {folder}", f"`mlconn init {folder}` makes one.")
    done = [one for file in sorted(folder.glob("*.yaml")) for one in rewrite(file)]
    for one in done:
        tell(f"{one.file}:{one.line}: {one.setting}: {one.former} is {one.now} now")
    if not done:
        tell("Nothing is to be rewritten.")
