"""`mlconn agents`: who may dial in, with which keys, and what they say."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlconn_pipelines.cli import agent_releases
from mlconn_pipelines.cli.options import Config, Json
from mlconn_pipelines.cli.output import FINE, FOUND, print_json, print_table, say, tell
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.agents.keys import Signer
    from mlconn_pipelines.flows.ports.agents import AgentRow, JobRow
    from mlconn_pipelines.wiring.stores import Stores

Name = Annotated[str, typer.Argument(metavar="AGENT", help="Name of the agent.")]
LOOK_EVERY_S = 1.0
DAYS = 400


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Agents beside a Sage 100 server, which dial in.")
    for name, command in (
        ("invite", invite),
        ("list", list_),
        ("show", show),
        ("cancel", cancel),
        ("revoke", revoke),
        ("logs", logs),
    ):
        group.command(name)(command)
    for name, make, words in (
        ("root-key", new_root_key, "The key that vouches for those that sign jobs; kept offline."),
        ("job-key", new_job_key, "The key that runs sign jobs with; kept in the vault."),
    ):
        keys = typer.Typer(no_args_is_help=True, help=words)
        keys.command("new")(make)
        keys.callback()(lambda: None)  # so that `new` is said although it is the only one
        group.add_typer(keys, name=name)
    agent_releases.register(group)
    app.add_typer(group, name="agents")


def invite(
    agent: Name,
    integration: Annotated[
        str, typer.Option("--integration", metavar="INTEGRATION", help="Whose work it does; needed for a new agent.")
    ] = "",
    companies: Annotated[
        list[str] | None,
        typer.Option("--company", metavar="CODE", help="Company of the Sage server that it works for; may be repeated."),
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a code that enrolls one agent, once, within 15 minutes. An agent of that name keeps working until it is used."""
    from mlconn_pipelines.agents.enrollment import CODE_LIVES_S, new_code, secret_of
    from mlconn_pipelines.agents.envelope import NAME
    from mlconn_pipelines.cli.acting import stores_for

    if not re.fullmatch(NAME, agent):
        raise ConfigurationError("an agent's name is 1 to 40 letters, digits, - and _", "Such as: warehouse-1")
    with stores_for(config) as stores:
        known = stores.agents.agent(agent)
        integration = integration or (known.integration if known else "")
        named = companies or (list(known.companies) if known else [])
        if not integration or not named:
            raise ConfigurationError(f"agent {agent} is new", "Give --integration, and --company for each of its companies.")
        code, now = new_code(), int(stores.queue.now().timestamp())
        stores.agents.invite(secret_of(code), agent, integration, named, now)
    if as_json:
        told = {"agent": agent, "integration": integration, "companies": named, "code": code, "expires": now + CODE_LIVES_S}
        print_json(told)
        return
    tell(code)
    say(f"Type it beside the Sage server within {CODE_LIVES_S // 60} minutes: mlconn-sage-agent enroll. It is shown only here.")


def list_(config: Config = None, as_json: Json = False) -> None:
    """All agents: whose they are, whether they may, and when they spoke last."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        rows = stores.agents.agents()
    if as_json:
        print_json([_told(row) for row in rows])
    else:
        columns = ("agent", "integration", "companies", "standing", "version", "seen_at")
        told = [_told(row) for row in rows]
        print_table(columns, ([one[column] for column in columns] for one in told), empty="no agents")


def show(agent: Name, config: Config = None, as_json: Json = False) -> None:
    """One agent with its keys, what it said of itself when it started, and the jobs that are open with it."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        row = _known(stores, agent)
        keys = [
            {"key": key.id, "valid_from": key.valid_from, "valid_until": key.valid_until} for key in stores.agents.keys(agent)
        ]
        jobs = [_told_job(job) for job in stores.agent_jobs.open_jobs(agent)]
    told = {**_told(row), "server": row.server, "enrolled_at": row.enrolled_at, "protocol": _protocol(row)}
    if row.update_to:
        told["update_to"] = row.update_to
    if as_json:
        print_json({**told, "keys": keys, "about": row.about, "jobs": jobs})
        return
    about = {name: value for name, value in row.about.items() if name not in ("version", "proto_min", "proto_max", "jobs")}
    print_table(("what", "value"), [*told.items(), ("keys", [key["key"] for key in keys]), *about.items()])
    if jobs:
        print_table(tuple(jobs[0]), (job.values() for job in jobs), title="open jobs")
    if behind := sum(job["outcome"] == "unsupported" for job in jobs):
        say(f"{behind} of these need another version of the agent than {row.version}.")


def cancel(
    job: Annotated[str, typer.Argument(metavar="JOB", help="As `agents show` names it.")], config: Config = None
) -> None:
    """Have a job not begun; exit code 1 where its agent has accepted it, for then only its result says what became of it."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        row = stores.agent_jobs.job(job)
        if row is None:
            raise ConfigurationError(f"there is no job {job!r}", "`mlconn agents show AGENT` names those that are open.")
        is_cancelled = stores.agent_jobs.cancel(job)
    if is_cancelled:
        tell(f"Job {job} is cancelled: {row.agent_id} does not begin it.")
    else:
        say(f"Job {job} is {row.state}: it cannot be cancelled any more.")
    raise typer.Exit(FINE if is_cancelled else FOUND)


def revoke(agent: Name, config: Config = None) -> None:
    """Give it no jobs any more and take nothing of it, from now on. An invitation lets it in again."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        _known(stores, agent)
        stores.agents.revoke(agent)
    tell(f"Agent {agent} is revoked. What it had accepted stays open until somebody looks into Sage.")


def logs(
    agent: Name,
    wait_s: Annotated[int, typer.Option("--wait", metavar="SECONDS", help="How long to wait for it.", min=0, max=600)] = 60,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Ask the agent for the last lines of its log, and show them; exit code 1 where it sends none, with those of before."""
    from mlconn_pipelines.cli.acting import stores_for

    with stores_for(config) as stores:
        before = row = _known(stores, agent)
        stores.agents.want_log(agent)
        until = time.monotonic() + wait_s
        while row.log_at == before.log_at and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)
            row = _known(stores, agent)
    came = row.log_at != before.log_at
    if as_json:
        print_json({"agent": agent, "at": row.log_at, "new": came, "log": row.log})
    else:
        for line in row.log.splitlines():
            tell(line)
        if not came:
            say(
                f"{agent} sent no log within {wait_s} seconds; {f'this is of {row.log_at}' if row.log_at else 'there is none'}."
            )
    raise typer.Exit(FINE if came else FOUND)


def new_root_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; it must not be there.")],
    as_json: Json = False,
) -> None:
    """Make the root key. FILE is kept offline; the public half, which is shown, goes into the agent's build."""
    from mlconn_pipelines.agents.keys import Signer, new_private
    from mlconn_pipelines.private_files import create_private

    private = new_private()
    if not file.parent.is_dir() or not create_private(file, private.hex() + "\n"):
        raise ConfigurationError(f"{file} is there already, or its folder is not", "Name a new file in a folder that exists.")
    root = Signer(private)
    if as_json:
        print_json({"file": file, "key": root.key_id, "public": root.public.hex()})
    else:
        tell(root.public.hex())
        say(f"This is the public half, for the agent's build. Take {file} off this machine, and keep a second copy elsewhere.")


def new_job_key(
    root: Annotated[Path, typer.Option("--root", metavar="FILE", help="The root key, as `agents root-key new` wrote it.")],
    days: Annotated[int, typer.Option("--days", metavar="N", help="How long agents take jobs of it.", min=1, max=4000)] = DAYS,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make a key that runs sign jobs with, vouched for by the root; the one before ends by itself."""
    from mlconn_pipelines.cli.acting import stores_for
    from mlconn_pipelines.wiring.agents import make_job_key

    signer = root_of(root)
    with stores_for(config, with_vault=True) as stores:
        now = int(stores.queue.now().timestamp())
        # An hour earlier: the root may be used on another machine than the agent's, and clocks differ.
        key = make_job_key(stores, signer, now - 3_600, now + days * 86_400)
    if as_json:
        print_json({"key": key.id, "valid_from": key.valid_from, "valid_until": key.valid_until, "root": signer.key_id})
    else:
        tell(f"Jobs are signed with key {key.id} from now on, for {days} days.")


def root_of(file: Path) -> Signer:
    from mlconn_pipelines.agents.keys import Signer
    from mlconn_pipelines.private_files import read_private

    try:
        return Signer(bytes.fromhex(read_private(file)))
    except (OSError, ValueError):
        raise ConfigurationError(f"{file} is no root key", "Name the file that `mlconn agents root-key new` wrote.") from None


def _known(stores: Stores, agent: str) -> AgentRow:
    row = stores.agents.agent(agent)
    if row is None:
        raise ConfigurationError(f"there is no agent {agent!r}", "`mlconn agents list` shows the names.")
    return row


def _protocol(row: AgentRow) -> int | str | None:
    from mlconn_pipelines.agents.envelope import OLDEST_PROTOCOL, PROTOCOL

    if row.proto or "proto_max" not in row.about:
        return row.proto or None
    theirs = f"{row.about['proto_min']} to {row.about['proto_max']}"
    return f"none in common: the agent speaks {theirs}, this release {OLDEST_PROTOCOL} to {PROTOCOL}; it gets no jobs"


def _told_job(row: JobRow) -> dict[str, object]:
    names = ("verb", "company", "state", "attempt", "accepted_at")
    result = row.result or {}
    told = {name: result.get(name, "") for name in ("outcome", "category", "text")}
    return {"job": row.id, **{name: getattr(row, name) for name in names}, **told}


def _told(row: AgentRow) -> dict[str, object]:
    names = ("integration", "companies", "standing", "version", "seen_at")
    return {"agent": row.id, **{name: getattr(row, name) for name in names}}
