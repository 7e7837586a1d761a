"""`mlconn credentials`: what connections sign in with. Values come from a prompt or standard input, never from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import print_json, print_table, tell
from mlconn_pipelines.errors import ConfigurationError

SHOWN_WHILE_TYPED = frozenset({"username", "client_id"})

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the vault entry, as the configuration's `credential` says.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Passwords and other secrets, encrypted in the vault.")
    for name, command in (("set", set_), ("list", list_), ("rotate", rotate), ("remove", remove)):
        group.command(name)(command)
    app.add_typer(group, name="credentials")


def set_(
    name: Name,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            metavar="FIELD",
            help="A field to ask for, such as totp_secret, client_id, client_secret or headers; username and password if left out.",
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Store a credential whole; a connection that was stopped by a wrong password may then be used again.

    From a terminal each value is asked for. Otherwise standard input is read: a JSON object, or lines of FIELD=VALUE.
    """
    from mlconn_pipelines.cli.acting import stores_for

    wanted = fields or ["username", "password"]
    if wrong := [field for field in wanted if not field.isidentifier()]:
        # Not repeated: whoever writes password=... here has typed a secret.
        raise ConfigurationError(
            f"{len(wrong)} --field is no field name", "Give names only; values are asked for or read from standard input."
        )
    with stores_for(config, with_vault=True) as stores:
        values = _asked(wanted) if sys.stdin.isatty() else _read(sys.stdin.read(), fields)
        replaced = stores.credentials.set(name, values)
    tell(f"{'Replaced' if replaced else 'Stored'} credential {name} ({', '.join(values)}).")


def list_(config: Config = None, as_json: Json = False) -> None:
    """Names, fields and dates; no values."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        rows = stores.credentials.list()
    if as_json:
        print_json([{"name": r.name, "fields": r.fields, "created": r.created_at, "changed": r.changed_at} for r in rows])
    else:
        print_table(("name", "fields", "changed"), ((r.name, r.fields, r.changed_at) for r in rows), empty="no credentials")


def rotate(config: Config = None) -> None:
    """Encrypt everything with a new key, and forget the old ones.

    With a key file the new key is made here. With MLCONN_VAULT_KEY put the new key first in it, say this, then take the old
    one out.
    """
    from mlconn_pipelines.cli.acting import settings_for
    from mlconn_pipelines.ledger.credentials import CredentialStore
    from mlconn_pipelines.vault import Vault, add_key, keep_newest
    from mlconn_pipelines.wiring.stores import open_stores

    settings = settings_for(config)
    with open_stores(settings) as stores:
        if settings.vault_keys:
            count = stores.credentials.rotate()
            tell(
                f"{count} credentials are encrypted with the first key of MLCONN_VAULT_KEY; the others can be taken out of it."
            )
            return
        count = CredentialStore(stores.engine, Vault(add_key(settings.vault_key_file))).rotate()
        keep_newest(settings.vault_key_file)
    tell(f"{count} credentials are encrypted with a new key in {settings.vault_key_file}. Back it up apart from the database.")


def remove(name: Name, config: Config = None) -> None:
    """Forget a credential and its session."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        stores.credentials.remove(name)
    tell(f"Removed credential {name}.")


def _asked(fields: Sequence[str]) -> dict[str, str]:
    return {field: typer.prompt(field, hide_input=field not in SHOWN_WHILE_TYPED, err=True) for field in fields}


def _read(text: str, fields: Sequence[str] | None) -> dict[str, str]:
    """The values of a JSON object or of FIELD=VALUE lines. ConfigurationError repeats none of it."""
    if text.lstrip().startswith("{"):
        try:
            values = {str(field): str(value) for field, value in json.loads(text).items()}
        except ValueError:
            raise ConfigurationError(
                "standard input is no JSON object", 'Write {"username": "...", "password": "..."}.'
            ) from None
    else:
        pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
        if not pairs or not all(field.strip().isidentifier() and equals for field, equals, _ in pairs):
            raise ConfigurationError(
                "standard input holds no values",
                "Write lines of FIELD=VALUE (username=..., password=...) or a JSON object, or run it in a terminal.",
            )
        values = {field.strip(): value.strip() for field, _, value in pairs}
    if missing := [field for field in fields or () if field not in values]:
        raise ConfigurationError(f"standard input has no {', '.join(missing)}", "Every --field needs a value.")
    return values
