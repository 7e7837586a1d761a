"""The published proof: `python -m mlconn_pipelines_tests.resilience.prove`.

For each ERP, documents go both ways while processes are killed at steps drawn by chance, one answer in twenty is wrong, servers lie
and carry requests out after their client has gone. Afterwards both sides are compared document by document, by what the simulated
systems hold. It prints a table of what was lost, doubled, explained and left unknown, and writes it into docs/reliability.md.
The same seed strikes the same requests; what threads and processes make of it differs from run to run, and must not matter.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psycopg

from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.flows.pipeline import INBOUND
from mlconn_pipelines.ledger.schema import upgrade
from mlconn_pipelines.sandbox.lies import LIES
from mlconn_pipelines.sandbox.partner.habits import Habits
from mlconn_pipelines_tests.resilience.accounting import Account, account
from mlconn_pipelines_tests.resilience.conftest import TIME_OUT_S, Process, after_time_out
from mlconn_pipelines_tests.resilience.random_faults import arm, run_until_settled
from mlconn_pipelines_tests.resilience.worker import Errand
from mlconn_pipelines_tests.scenario import Scene, scene
from mlconn_pipelines_tests.systems.all_systems import EVERY_SYSTEM
from mlconn_pipelines_tests.systems.system import System

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- prove:begin -->", "<!-- prove:end -->"
DOCUMENTS, DOCUMENTS_NIGHTLY = 2_000, 10_000
DOCUMENTS_A_KILL = 60
STEPS = ("after claim", "after sending", "before complete", "after complete")
ACTS = {INBOUND: ("deliver", "create", "store_files", "remove")}
CLIENT_TIME_OUT_S = 1.0
HABITS = replace(Habits(), late=0.05)


@contextmanager
def server() -> Iterator[EmbeddedServer]:
    """A PostgreSQL of its own, removed at the end. It need not survive a power cut."""
    with tempfile.TemporaryDirectory(prefix="mlconn-prove-") as folder:
        Path(folder).chmod(0o711)  # the server's own account passes through
        made = EmbeddedServer(Path(folder) / "postgres", {"fsync": "off", "full_page_writes": "off", "max_connections": "400"})
        made.start()
        try:
            yield made
        finally:
            made.remove()


def prove(database: EmbeddedServer, system: type[System], documents: int, seed: int) -> tuple[Account, dict[str, int]]:
    """One ERP: its account, and what struck: kills and wrong answers by name."""
    name = f"prove_{system.kind}"
    with psycopg.connect(psycopg_conninfo(database.url("postgres")), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    upgrade(database.url(name))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlconn-prove-")))
        made = stack.enter_context(
            scene(
                folder,
                database.url(name),
                system=system,
                documents=documents,
                seed=seed,
                habits=HABITS,
                late_max_s=1.0,
                act_time_out_s=2.0,
                erp={"timeout_s": CLIENT_TIME_OUT_S},
                cleo={"timeout_s": CLIENT_TIME_OUT_S},
            )
        )
        made.refresh_reference()
        arm(made, seed, LIES)
        for menu in (made.system.faults, made.cleo.faults):  # carried out after our time-out
            menu.arm("random", rate=0.01, method="POST", names=["slow"], seconds=CLIENT_TIME_OUT_S + 0.5, seed=seed)
        kills = _kill_again_and_again(made, system, max(4, documents // DOCUMENTS_A_KILL), random.Random(seed))
        run_until_settled(made)
        struck = made.system.faults.given + made.cleo.faults.given
        return account(made), {"kills": kills, **dict(struck.most_common())}


def _kill_again_and_again(made: Scene, system: type[System], kills: int, dice: random.Random) -> int:
    """Runs in processes that die at a step drawn by chance; how many did."""
    died = 0
    for number in range(kills):
        flow = dice.choice([*system.kinds, INBOUND])
        act = dice.choice(ACTS.get(flow, ("deliver",)))
        step = dice.choice((*STEPS, f"before {act}", f"after {act}"))
        process = Process(Errand(dict(made.environment), (flow,), TIME_OUT_S, at=step, nth=dice.randrange(1, 40)))
        try:
            process.go().ended(120.0)
            died += process.was_killed
        finally:
            process.end()
        after_time_out()
        _say(f"  {system.kind}: {number + 1} of {kills} runs, {died} killed, the last at {step!r} of {flow}")
    return died


def page_of(accounts: dict[str, Account], struck: dict[str, dict[str, int]], documents: int, seed: int, took_s: float) -> str:
    """The section of docs/reliability.md."""
    rows = [
        "| system | documents | delivered | explained | unknown, with evidence | lost | doubled | unexplained | kills | wrong answers |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, made in accounts.items():
        wrong = sum(count for fault, count in struck[name].items() if fault not in ("kills", "random"))
        figures = (
            made.documents,
            made.delivered,
            made.explained,
            made.unknown,
            len(made.lost),
            len(made.doubled),
            len(made.unexplained),
            struck[name]["kills"],
            wrong,
        )
        rows.append(f"| {name} | " + " | ".join(map(str, figures)) + " |")
    told = [f"- {name}: {words}" for name, made in accounts.items() for each in made.wrong.values() for words in each]
    first = (
        f"`make prove` of {dt.datetime.now(dt.UTC):%Y-%m-%d}, seed {seed}, {documents} documents in the ERPs together beside what "
        f"partners sent, {took_s:.0f} s:"
    )
    return "\n".join([BEGIN, "", first, "", *rows, *([""] if told else []), *told, "", END])


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 nothing lost, doubled or unexplained; 1 something was."""
    parser = argparse.ArgumentParser(
        prog="python -m mlconn_pipelines_tests.resilience.prove", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help=f"in all ERPs together ({DOCUMENTS})")
    parser.add_argument("--nightly", action="store_true", help=f"{DOCUMENTS_NIGHTLY} documents")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--system", action="append", choices=[each.kind for each in EVERY_SYSTEM], help="only these; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="one object on standard output in place of the table")
    parser.add_argument("--no-page", action="store_true", help="leave docs/reliability.md as it is")
    options = parser.parse_args(arguments)
    documents = DOCUMENTS_NIGHTLY if options.nightly else options.documents
    systems = [each for each in EVERY_SYSTEM if not options.system or each.kind in options.system]
    accounts: dict[str, Account] = {}
    struck: dict[str, dict[str, int]] = {}
    began = time.monotonic()
    with server() as database:
        for system in systems:
            _say(f"{system.kind}: {documents // len(systems)} documents, seed {options.seed} …")
            accounts[system.kind], struck[system.kind] = prove(database, system, documents // len(systems), options.seed)
    page = page_of(accounts, struck, documents, options.seed, time.monotonic() - began)
    if options.json:
        print(json.dumps(_as_json(accounts, struck, options.seed), indent=1))
    else:
        print(page)
    if not options.no_page and not options.system:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.partition(BEGIN)[0], text.partition(END)[2]
        PAGE.write_text(before + page + after, encoding="utf-8")
    return 0 if all(made.is_clean for made in accounts.values()) else 1


def _as_json(accounts: dict[str, Account], struck: dict[str, dict[str, int]], seed: int) -> dict[str, Any]:
    return {"seed": seed, "systems": {name: {**asdict(made), "struck": struck[name]} for name, made in accounts.items()}}


if __name__ == "__main__":
    sys.exit(main())
