"""Draining Salesforce by the client alone, beside a bare loop over the same pages; and first reads into the ledger, with their quota."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any
from unittest.mock import patch

import httpx

from benchmarks.change_events import NAME, configured
from benchmarks.figures import Figure, figure, median, note, say
from benchmarks.peers import NotMeasured, installed_by_pip, run_program
from benchmarks.scene import ROOT, server
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.flows.fetching import fetch_changes
from mlconn_pipelines.flows.sync.pipeline import SyncPipeline
from mlconn_pipelines.settings import read_settings
from mlconn_pipelines.systems.salesforce.api.connector import Org, open_org
from mlconn_pipelines.systems.salesforce.connection import SalesforceConnection
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines.wiring.sync.opening import open_sync
from mlconn_pipelines_tests.transport.in_memory import MemoryCredentials, MemorySessions

OPPORTUNITIES, ACCOUNTS = 50_000, 250_000
STORED, STORED_A_SECOND = 20_000, 1_000
REQUESTS_MAX = 8
"""Of 1,000 accounts: six that read them whole, and one that lists them, twice where a read was broken off."""
QUICK = 10
"""By how much less is read where it is to be quick."""
BARE_MAX = 1.3
AIRBYTE, AIRBYTE_MIN = "2.10.3", 3
TIMES = 3
PAGE = 2_000
START = dt.date(2026, 11, 20)


def measure(quick: bool) -> Iterator[Figure]:
    """The readers take turns, and the server answers from memory."""
    yield from _drained(OPPORTUNITIES // (QUICK if quick else 1))
    yield from _stored(STORED // (QUICK if quick else 1))
    yield from _first_read(ACCOUNTS // (QUICK if quick else 1))
    yield from _first_read_stored(ACCOUNTS // (QUICK if quick else 1))


def _drained(wanted: int) -> Iterator[Figure]:
    with simulated_org("Opportunity", wanted) as (described, _), closing_org(described) as org:
        records, pages, _ = _drain(org, "Opportunity")
        if records < wanted:
            raise RuntimeError(f"{records} of {wanted} opportunities were read")
        soql = f"SELECT {','.join(org.descriptions.selected('Opportunity'))} FROM Opportunity ORDER BY SystemModstamp, Id"
        token, ours, bare = org.api.granted().access_token, [], []
        for _ in range(TIMES):
            bare.append(_bare(described["url"], token, soql, pages))
            ours.append(_drain(org, "Opportunity")[2])
        airbyte = [_airbyte(described) for _ in range(TIMES + 1)][1:]  # the first one fills the server's memory
    say("  ours " + " ".join(f"{one:.2f}" for one in ours) + " s, bare " + " ".join(f"{one:.2f}" for one in bare) + " s")
    about = f"{records} opportunities whole, {pages} pages of {PAGE}; median of {TIMES}, in turns; without the ledger"
    yield note("Salesforce drained", records / median(ours), "opportunities/s", about)
    yield figure("Salesforce drained, of a bare loop's time", median(ours) / median(bare), "times", "<=", BARE_MAX, about)
    if all(airbyte):
        peer = f"airbyte-source-salesforce {AIRBYTE}, its REST stream, records counted; median of {TIMES}"
        yield figure("Salesforce drained, speed of airbyte's", median(airbyte) / median(ours), "times", ">=", AIRBYTE_MIN, peer)


def _airbyte(described: Mapping[str, Any]) -> float:
    """Seconds of its run; 0 where it could not be installed or run here."""
    try:
        folder = installed_by_pip(ROOT / "peers", "airbyte-source-salesforce", AIRBYTE)
        program = [sys.executable, "peers/salesforce/airbyte.py", json.dumps(described), "Opportunity"]
        said: dict[str, float] = json.loads(run_program(program, {"PYTHONPATH": str(folder)}))
    except NotMeasured as why:
        say(f"  airbyte-source-salesforce was not measured: {why}")
        return 0.0
    say(f"  airbyte {said['seconds']:.2f} s")
    return said["seconds"]


def _stored(wanted: int) -> Iterator[Figure]:
    """Into the ledger, as the flow of won deals reads them first."""
    with simulated_org("Opportunity", wanted) as (described, _), _opened(described) as opened:
        run = opened.run("opportunities", "bench", START)
        began = time.perf_counter()
        tally = fetch_changes(opened.route("opportunities"), run)
        spent = time.perf_counter() - began
    if tally["new"] < wanted:
        raise RuntimeError(f"{tally['new']} of {wanted} opportunities were stored")
    about = f"{tally['new']} opportunities, read whole and stored as documents, {spent:.0f} s"
    yield figure("Salesforce into the ledger", tally["new"] / spent, "opportunities/s", ">=", STORED_A_SECOND, about)


@contextmanager
def _opened(described: Mapping[str, Any], flows: dict[str, Any] | None = None) -> Iterator[SyncPipeline]:
    """A sync integration of that org with a ledger of its own. flows: beside that of deals."""
    folder = (ROOT / "salesforce").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with server() as database:
            environment = configured(folder, {"http": described["url"], **described}, database.url(), flows=flows)
            settings = read_settings(environment)
            with (
                open_stores(settings) as stores,
                open_sync(NAME, load_configuration(settings.config), settings, stores) as opened,
            ):
                yield opened
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class BrokenOff(Exception):
    """What ends the first half of a read."""


def _first_read_stored(wanted: int) -> Iterator[Figure]:
    """Into the ledger, as the flow of accounts reads them first; broken off at half, as by a kill, and begun again."""
    flows = {
        "accounts": {"to": "business_partners", "series": "sap", "group": "sap", "payment_terms": "sap", "with_won_deal": False}
    }
    with simulated_org("Account", wanted) as (described, used), _opened(described, flows) as opened:
        route, run = opened.route("accounts"), opened.run("accounts", "bench", START)
        real, stored = route.engine.queue.store_fetched, 0

        def until_half(*given: Any, **named: Any) -> Any:
            nonlocal stored
            if stored >= wanted // 2:
                raise BrokenOff
            counts = real(*given, **named)
            stored += counts.new
            return counts

        before, began = used(), time.perf_counter()
        with patch.object(route.engine.queue, "store_fetched", until_half), suppress(BrokenOff):
            fetch_changes(route, run)
        tally = fetch_changes(route, run)
        spent, asked = time.perf_counter() - began, used() - before
        again = fetch_changes(route, run)["new"]
    if stored + tally["new"] < wanted or again or stored < wanted // 2:
        raise RuntimeError(f"{stored} and {tally['new']} of {wanted} accounts were stored, and {again} once more")
    about = f"{stored} and {tally['new']} accounts, broken off at half and begun again, {spent:.0f} s"
    yield figure("Salesforce accounts into the ledger", wanted / spent, "accounts/s", ">=", STORED_A_SECOND, about)
    yield figure(
        "Salesforce accounts into the ledger, API requests a 1,000",
        asked / wanted * 1000,
        "requests",
        "<=",
        REQUESTS_MAX,
        about,
    )


def _first_read(wanted: int) -> Iterator[Figure]:
    """Broken off once and taken up at its watermark by another client."""
    with simulated_org("Account", wanted) as (described, used):
        before = used()
        seen: set[str] = set()
        since = None
        began = time.perf_counter()
        for stops_after in (wanted // 2, None):
            with closing_org(described) as org:
                for rows in org.reader.changed_records("Account", since):
                    seen.update(row["Id"] for row in rows)
                    since = org.reader.newest(org.reader.key_stamps_of(rows), since)
                    if stops_after is not None and len(seen) >= stops_after:
                        break
        spent = time.perf_counter() - began
        if len(seen) < wanted:
            raise RuntimeError(f"{len(seen)} of {wanted} accounts were read")
        about = f"{len(seen)} accounts whole, broken off at half and taken up at the watermark, {spent:.0f} s"
        yield figure(
            "Salesforce first read, API requests a 1,000 accounts",
            (used() - before) / len(seen) * 1000,
            "requests",
            "<=",
            1,
            about,
        )


@contextmanager
def closing_org(described: Mapping[str, Any]) -> Iterator[Org]:
    """A client without a database: sessions and nothing else in memory."""
    connection = SalesforceConnection.model_validate({"kind": "salesforce", "url": described["url"], "credential": "sf"})
    credentials = MemoryCredentials(sf={name: described[name] for name in ("client_id", "client_secret")})
    org = open_org(connection, credentials, MemorySessions(), None)
    with closing(org.api):
        org.descriptions.selected("Opportunity")
        org.descriptions.selected("Account")
        yield org


def _drain(org: Org, entity: str) -> tuple[int, int, float]:
    """(records, pages, seconds)"""
    began = time.perf_counter()
    sizes = [len(rows) for rows in org.reader.changed_records(entity, None)]
    return sum(sizes), len(sizes), time.perf_counter() - began


def _bare(url: str, token: str, soql: str, pages: int) -> float:
    """Seconds for the same pages by the server's links, read as JSON and thrown away."""
    headers = {"Authorization": f"Bearer {token}", "Sforce-Query-Options": f"batchSize={PAGE}"}
    with httpx.Client(base_url=url, headers=headers, timeout=120.0) as client:
        began = time.perf_counter()
        page = client.get("/services/data/v63.0/queryAll", params={"q": soql}).raise_for_status().json()
        asked = 1
        while not page["done"]:
            page = client.get(page["nextRecordsUrl"]).raise_for_status().json()
            asked += 1
        if asked != pages:
            raise RuntimeError(f"{asked} pages instead of {pages}")
        return time.perf_counter() - began


@contextmanager
def simulated_org(entity: str, count: int) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """What the org says of itself, and a function that says how many API requests it has counted."""
    command = [sys.executable, "-m", "benchmarks.salesforce_org", entity, str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        said, asked = process.stdout, process.stdin

        def used() -> int:
            asked.write("\n")
            asked.flush()
            return int(json.loads(said.readline())[0])

        try:
            yield json.loads(said.readline()), used
        finally:
            asked.close()
