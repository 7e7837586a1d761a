"""`mlconn demo` and `mlconn sandbox` are brought by another distribution and found by its entry points: none of it is imported here."""

from __future__ import annotations

from importlib.metadata import entry_points

import typer

from mlconn_pipelines.errors import ConfigurationError

GROUP = "mlconn.commands"
BROUGHT = ("demo", "sandbox")
_CURE = "Run: pip install mlconn-simulators"


def register(app: typer.Typer) -> None:
    found = {point.name: point for point in entry_points(group=GROUP)}
    for name in BROUGHT:
        if name in found:
            found[name].load()(app)
        else:
            _register_absent(app, name)


def _register_absent(app: typer.Typer, name: str) -> None:
    @app.command(
        name,
        help=f"Not installed. {_CURE}",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def absent() -> None:
        raise ConfigurationError(f"mlconn {name} needs the simulated systems, which are not installed", _CURE)
