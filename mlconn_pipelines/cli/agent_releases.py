"""`mlconn agents release` and `mlconn agents update`: other versions of the agent, signed offline, fetched by agents from the gateway."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import print_json, print_table, tell
from mlconn_pipelines.errors import ConfigurationError

File = Annotated[Path, typer.Argument(metavar="FILE", help="The agent's folder as a zip file.")]


def register(agents: typer.Typer) -> None:
    """Below `mlconn agents`."""
    group = typer.Typer(no_args_is_help=True, help="Releases of the agent.")
    for name, command in (("sign", sign), ("add", add), ("list", list_)):
        group.command(name)(command)
    agents.add_typer(group, name="release")
    agents.command("update")(update)


def sign(
    file: File,
    version: Annotated[str, typer.Option("--version", metavar="VERSION", help="Such as 0.2.0; agents take newer ones only.")],
    root: Annotated[Path, typer.Option("--root", metavar="FILE", help="The root key, as `agents root-key new` wrote it.")],
) -> None:
    """Sign a release where the root key is; writes FILE.offer.json beside it. Needs neither database nor network."""
    from mlconn_pipelines.agents.canonical import Malformed
    from mlconn_pipelines.agents.releases import offer
    from mlconn_pipelines.cli.agents import root_of

    signer = root_of(root)
    try:
        offered = offer(signer, version, _read(file))
    except Malformed as wrong:
        raise ConfigurationError(f"{file} as version {version}: {wrong}") from None
    place = _offer_of(file)
    place.write_text(json.dumps(offered, indent=1) + "\n", encoding="utf-8")
    tell(
        f"{place} is signed with root key {signer.key_id}. Run with both files, where the database is: mlconn agents release add {file}"
    )


def add(file: File, config: Config = None) -> None:
    """Keep a signed release in the database, from where agents fetch it."""
    from mlconn_pipelines.agents.canonical import Malformed
    from mlconn_pipelines.cli.acting import stores_for

    try:
        offered: dict[str, Any] = json.loads(_read(_offer_of(file)))
        with stores_for(config) as stores:
            is_new = stores.agents.add_release(offered, _read(file))
    except (Malformed, ValueError) as wrong:
        raise ConfigurationError(
            f"{file} does not go with {_offer_of(file).name}: {wrong}", "Sign it again: mlconn agents release sign"
        ) from None
    version = offered["version"]
    tell(
        f"Release {version} is there{'' if is_new else ' already'}. Agents fetch it by: mlconn agents update AGENT --to {version}"
    )


def list_(config: Config = None, as_json: Json = False) -> None:
    """Releases that agents may fetch, the newest first."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        versions = list(stores.agents.releases())
    if as_json:
        print_json(versions)
    else:
        print_table(("version",), ([version] for version in versions), empty="no releases")


def update(
    agents: Annotated[list[str], typer.Argument(metavar="AGENT", help="Names of agents.")],
    to: Annotated[str, typer.Option("--to", metavar="VERSION", help="The release; the newest one where it is left out.")] = "",
    stop: Annotated[bool, typer.Option("--stop", help="Offer them none any more.")] = False,
    config: Config = None,
) -> None:
    """Offer agents a release. Each fetches it outside its site's working hours, and goes back to its own where that does not work."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        versions = stores.agents.releases()
        version = "" if stop else to or (versions[0] if versions else "")
        if not stop and version not in versions:
            raise ConfigurationError(f"there is no release {version}".rstrip(), "Run: mlconn agents release add FILE")
        if unknown := [agent for agent in agents if stores.agents.agent(agent) is None]:
            raise ConfigurationError(f"there is no agent {unknown[0]!r}", "`mlconn agents list` shows the names.")
        for agent in agents:
            stores.agents.want_update(agent, version)
    named = ", ".join(agents)
    tell(
        f"No release is offered to {named} any more."
        if stop
        else f"Release {version} is offered to {named}; `agents show` says what came of it."
    )


def _offer_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.offer.json")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as wrong:
        raise ConfigurationError(f"{file} cannot be read: {wrong.strerror}") from None
