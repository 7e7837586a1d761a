"""The published proof: `python -m mlconn_pipelines_tests.resilience.prove`.

For each ERP, documents go both ways, and for Salesforce won deals become orders whose progress goes back, while processes are killed
at steps drawn by chance, one answer in twenty is wrong, servers lie and carry requests out after their client has gone. Sage 100, which
is reached by way of its agent, has a part of its own (`prove_sage_100`). Afterwards both sides are compared document by document, by
what the simulated systems hold. It prints a table of what was lost, doubled, explained and left unknown, and writes it into
docs/reliability.md.
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
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.database.urls import psycopg_conninfo
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.ledger.schema import upgrade
from mlconn_pipelines_tests.integration.sync_scene import NAME as SYNC_INTEGRATION
from mlconn_pipelines_tests.integration.sync_scene import SyncScene, sync_scene
from mlconn_pipelines_tests.resilience import liar, sync_rounds
from mlconn_pipelines_tests.resilience.accounting import Account, account
from mlconn_pipelines_tests.resilience.conftest import TIME_OUT_S, Process, after_time_out
from mlconn_pipelines_tests.resilience.prove_sage_100 import SageProof, prove_sage_100
from mlconn_pipelines_tests.resilience.prove_sage_100 import page_of as page_of_sage_100
from mlconn_pipelines_tests.resilience.random_faults import arm, run_until_settled
from mlconn_pipelines_tests.resilience.worker import Errand
from mlconn_pipelines_tests.scenario import Scene, scene
from mlconn_pipelines_tests.systems.all_systems import ANSWERED, API_PROVIDER, SAGE, SYSTEMS_OVER_HTTP
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.lies import LIES
from mlconn_simulators.partner.habits import Habits

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- prove:begin -->", "<!-- prove:end -->"
BEGIN_SAGE, END_SAGE = "<!-- prove-sage-100:begin -->", "<!-- prove-sage-100:end -->"
"""Of Sage 100, whose table has other columns: what dies there is more, and its envelopes are no requests of ours."""
DOCUMENTS, DOCUMENTS_NIGHTLY = 2_000, 10_000
DOCUMENTS_A_KILL = 60
STEPS = ("after claim", "after sending", "before complete", "after complete")
RUNS_A_KILL = 3
NTH = (1, 1, 2, 3, 5, 8, 13, 21)
ACTS = {INBOUND: ("deliver", "create", "store_files", "remove")}
SYNC = "salesforce"
SYNC_ACTS = {"opportunities": "create", "orders": "update"}
CLIENT_TIME_OUT_S = 1.0
HABITS = replace(Habits(), late=0.05)
MATRIX = (
    "Every kind of request, answered once by every kind of answer that is none, round by round, documents going both ways in each. A "
    "cell holds the rounds after which nothing was lost, doubled or unexplained, of those in which that lie struck that request."
)


@dataclass(frozen=True)
class Proof:
    """One ERP: its account, what struck (kills and wrong answers by name), and the rounds of lies, a kind of request at a time."""

    account: Account
    struck: dict[str, int]
    rounds: Sequence[liar.Told]

    @property
    def is_clean(self) -> bool:
        return self.account.is_clean and not any(told.wrong for told in self.rounds)


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


def prove(database: EmbeddedServer, system: type[System], documents: int, seed: int) -> Proof:
    """One ERP: a scene of everything at once with kills, and one for each part of the matrix of lies, round by round."""
    options = {"erp": {"timeout_s": CLIENT_TIME_OUT_S}, "cleo": {"timeout_s": CLIENT_TIME_OUT_S}}
    with _scene(
        database,
        system.kind,
        "all",
        system=system,
        documents=documents,
        seed=seed,
        habits=HABITS,
        late_max_s=1.0,
        act_time_out_s=2.0,
        **options,
    ) as made:
        made.refresh_reference()
        arm(made, seed, LIES)
        for menu in (made.system.faults, made.cleo.faults):  # carried out after our time-out
            menu.arm("random", rate=0.01, method="POST", names=["slow"], seconds=CLIENT_TIME_OUT_S + 0.5, seed=seed)
        kills = _kill_again_and_again(made, system, max(4, documents // DOCUMENTS_A_KILL), random.Random(seed))
        run_until_settled(made)
        struck = {"kills": kills, **dict((made.system.faults.given + made.cleo.faults.given).most_common())}
        accounted = account(made)
    _say(f"  {system.kind}: every lie to every kind of request …")
    rounds: list[liar.Told] = []
    for each in (system, *(other for other in (*ANSWERED, API_PROVIDER) if other.kind == system.kind)):
        with _scene(database, system.kind, f"lies{each.variant}", **liar.scene_options(each)) as made:
            rounds += liar.matrix(made, each, seed)
    return Proof(accounted, struck, rounds)


def prove_sync(database: EmbeddedServer, deals: int, seed: int, rounds: int = len(liar.ALL_LIES)) -> Proof:
    """As `prove`, for won deals of Salesforce that become orders in SAP Business One, and what goes back to them."""
    slow = {"erp": {"timeout_s": CLIENT_TIME_OUT_S}, "salesforce": {"timeout_s": CLIENT_TIME_OUT_S}}
    with _sync_scene(database, "all", **{**sync_rounds.scene_options(1), "act_time_out_s": 2.0, **slow}) as made:
        made.run()
        sync_rounds.arm(made, seed, LIES)
        for menu in sync_rounds.menus(made).values():  # carried out after our time-out
            menu.arm("random", rate=0.01, names=["slow"], seconds=CLIENT_TIME_OUT_S + 0.5, seed=seed)
        kills = _kill_sync_again_and_again(made, deals, max(4, deals // DOCUMENTS_A_KILL), random.Random(seed))
        sync_rounds.settle(made)
        given = made.erp.faults.given + made.org.faults.given
        struck = {"kills": kills, **dict(given.most_common())}
        accounted = sync_rounds.account(made)
    _say(f"  {SYNC}: every lie to every kind of request …")
    with _sync_scene(database, "lies", **sync_rounds.scene_options(rounds)) as made:
        return Proof(accounted, struck, sync_rounds.matrix(made, seed, rounds))


def _kill_sync_again_and_again(made: SyncScene, deals: int, kills: int, dice: random.Random) -> int:
    """Deals are won in as many parts as processes are to die, each at a step drawn by chance."""
    died = 0
    for number in range(RUNS_A_KILL * kills):
        made.org.win(max(0, min(deals // kills + 1, deals - number * (deals // kills + 1))))
        sync_rounds.deliver_one(made)
        flow = dice.choice(list(SYNC_ACTS))
        act = SYNC_ACTS[flow]
        step = dice.choice((*STEPS, "after store_fetched", "after store_checked", f"before {act}", f"after {act}"))
        process = Process(
            Errand(dict(made.environment), (flow,), TIME_OUT_S, at=step, nth=dice.choice(NTH), integration=SYNC_INTEGRATION)
        )
        try:
            process.go().ended(120.0)
            died += process.was_killed
        finally:
            process.end()
        after_time_out()
        sync_rounds.run_each(made)
        _say(f"  {SYNC}: {died} of {kills} killed in {number + 1} runs, the last at {step!r} of {flow}")
        if died == kills and (number + 1) * (deals // kills + 1) >= deals:
            break
    return died


@contextmanager
def _sync_scene(database: EmbeddedServer, part: str, **options: Any) -> Iterator[SyncScene]:
    with (
        _database(database, f"prove_{SYNC}_{part}") as url,
        tempfile.TemporaryDirectory(prefix="mlconn-prove-") as folder,
        sync_scene(Path(folder), url, **options) as made,
    ):
        yield made


@contextmanager
def _scene(database: EmbeddedServer, kind: str, part: str, **options: Any) -> Iterator[Scene]:
    with (
        _database(database, f"prove_{kind}_{part}") as url,
        tempfile.TemporaryDirectory(prefix="mlconn-prove-") as folder,
        scene(Path(folder), url, **options) as made,
    ):
        yield made


@contextmanager
def _database(database: EmbeddedServer, name: str) -> Iterator[str]:
    """A new one with our tables; gone with its server."""
    with psycopg.connect(psycopg_conninfo(database.url("postgres")), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    upgrade(database.url(name))
    yield database.url(name)


def _kill_again_and_again(made: Scene, system: type[System], kills: int, dice: random.Random) -> int:
    """Runs in processes that die at a step drawn by chance, until so many did; a run that comes to no such step ends well."""
    died = 0
    for number in range(RUNS_A_KILL * kills):
        flow = dice.choice([*system.kinds, INBOUND])
        act = dice.choice(ACTS.get(flow, ("deliver",)))
        step = dice.choice((*STEPS, f"before {act}", f"after {act}"))
        process = Process(Errand(dict(made.environment), (flow,), TIME_OUT_S, at=step, nth=dice.choice(NTH)))
        try:
            process.go().ended(120.0)
            died += process.was_killed
        finally:
            process.end()
        after_time_out()
        _say(f"  {system.kind}: {died} of {kills} killed in {number + 1} runs, the last at {step!r} of {flow}")
        if died == kills:
            break
    return died


def page_of(proofs: dict[str, Proof], documents: int, seed: int, took_s: float) -> str:
    """The section of docs/reliability.md."""
    rows = [
        "| system | documents | delivered | explained | unknown, with evidence | lost | doubled | unexplained | kills | wrong answers |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, proof in proofs.items():
        made = proof.account
        wrong = sum(count for fault, count in proof.struck.items() if fault not in ("kills", "random"))
        figures = (
            made.documents,
            made.delivered,
            made.explained,
            made.unknown,
            len(made.lost),
            len(made.doubled),
            len(made.unexplained),
            proof.struck["kills"],
            wrong,
        )
        rows.append(f"| {name} | " + " | ".join(map(str, figures)) + " |")
    told = [f"- {name}: {words}" for name, proof in proofs.items() for each in proof.account.wrong.values() for words in each]
    first = (
        f"`make prove` of {dt.datetime.now(dt.UTC):%Y-%m-%d}, seed {seed}, {documents} documents in the ERPs together beside what "
        f"partners sent, {took_s:.0f} s:"
    )
    parts = [BEGIN, "", first, "", *rows, *([""] if told else []), *told, "", MATRIX]
    for name, proof in proofs.items():
        unclean = [
            f"- {', '.join(map(str, told.cells))}: {what}: {words}"
            for told in proof.rounds
            for what, each in told.wrong.items()
            for words in each
        ]
        parts += ["", f"**{name}**", "", *liar.table(proof.rounds), *([""] if unclean else []), *unclean]
    return "\n".join([*parts, "", END])


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
    kinds = [*(each.kind for each in SYSTEMS_OVER_HTTP), SYNC, SAGE.kind]
    parser.add_argument("--system", action="append", choices=kinds, help="only these; repeatable")
    parser.add_argument(
        "--rounds", type=int, help="of lies to Sage 100's envelopes, of each kind of document; all of them by default"
    )
    parser.add_argument("--json", action="store_true", help="one object on standard output in place of the table")
    parser.add_argument("--no-page", action="store_true", help="leave docs/reliability.md as it is")
    options = parser.parse_args(arguments)
    documents = DOCUMENTS_NIGHTLY if options.nightly else options.documents
    systems = [each for each in SYSTEMS_OVER_HTTP if not options.system or each.kind in options.system]
    with_sync = not options.system or SYNC in options.system
    with_sage = not options.system or SAGE.kind in options.system
    share = documents // (len(systems) + with_sync + with_sage)
    proofs: dict[str, Proof] = {}
    sage: SageProof | None = None
    began = time.monotonic()
    with server() as database:
        for system in systems:
            _say(f"{system.kind}: {share} documents, seed {options.seed} …")
            proofs[system.kind] = prove(database, system, share, options.seed)
        if with_sync:
            _say(f"{SYNC}: {share} deals, seed {options.seed} …")
            proofs[SYNC] = prove_sync(database, share, options.seed)
        took_s, began = time.monotonic() - began, time.monotonic()
        if with_sage:
            _say(f"{SAGE.kind}: {share} documents, seed {options.seed} …")
            sage = prove_sage_100(partial(_scene, database, SAGE.kind), share, options.seed, HABITS, _say, options.rounds)
    pages = []
    if proofs:
        pages.append(page_of(proofs, share * len(proofs), options.seed, took_s))
    if sage is not None:
        first = (
            f"`make prove` of {dt.datetime.now(dt.UTC):%Y-%m-%d}, seed {options.seed}, {share} orders in Sage beside what "
            f"their vendors sent, {time.monotonic() - began:.0f} s:"
        )
        pages.append("\n".join([BEGIN_SAGE, "", *page_of_sage_100(sage, first), "", END_SAGE]))
    print(json.dumps(_as_json(proofs, sage, options.seed), indent=1) if options.json else "\n".join(pages))
    if not options.no_page:
        _write([page for page in pages if page.startswith(BEGIN_SAGE) or not options.system])
    return 0 if all(proof.is_clean for proof in (*proofs.values(), *([sage] if sage else []))) else 1


def _write(pages: Sequence[str]) -> None:
    """Each in the place of the one before it: that of one system alone never takes the place of all of them."""
    text = PAGE.read_text(encoding="utf-8")
    for page in pages:
        begin, end = page.partition("\n")[0], page.rpartition("\n")[2]
        text = text.partition(begin)[0] + page + text.partition(end)[2]
    PAGE.write_text(text, encoding="utf-8")


def _as_json(proofs: dict[str, Proof], sage: SageProof | None, seed: int) -> dict[str, Any]:
    systems = {}
    if sage is not None:
        told = [{"cells": [str(cell) for cell in round.struck], **round.wrong} for round in sage.rounds]
        systems[SAGE.kind] = {**asdict(sage.account), "struck": {**sage.struck, **sage.wrong}, "lies": told}
    for name, proof in proofs.items():
        lies = [{"cells": [str(cell) for cell in told.struck], **told.wrong} for told in proof.rounds]
        systems[name] = {**asdict(proof.account), "struck": proof.struck, "lies": lies}
    return {"seed": seed, "systems": systems}


if __name__ == "__main__":
    sys.exit(main())
