"""Draining Business Central: every posted sales invoice with its lines, beside a bare loop over the same pages and beside dlt."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import Figure, figure, median, note, say
from benchmarks.peers import NotMeasured, installed_by_pip, run_program
from benchmarks.scene import FIRST_DAY, ROOT, Scene, SimulatedSystems, scene, server
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection

INVOICES, INVOICES_QUICK = 50_000, 5_000
BARE_MAX, DLT_MIN = 1.3, 2.0
SOME = 100
"""Documents that the company starts with; the invoices among them are copied until there are as many as wanted."""
TIMES = 3
INVOICE_SET, LINES = "salesInvoices", "salesInvoiceLines"
PAGE_SIZE: int = BusinessCentralConnection.model_fields["page_size"].default
DLT = "1.31.0"


@dataclass(frozen=True)
class Asked:
    """A read as it was sent."""

    url: str
    prefer: str


def measure(quick: bool) -> Iterator[Figure]:
    """The readers take turns, and the server answers from memory, so that it is them who are measured."""
    wanted = INVOICES_QUICK if quick else INVOICES
    with (
        server() as database,
        SimulatedSystems(system="business_central", documents=SOME, remembers_pages=True) as systems,
        scene(database, systems, reference=False) as made,
    ):
        systems.ask("copy_invoices", count=wanted)
        noted, records = _first_drain(made)
        if records < wanted:
            raise RuntimeError(f"{records} of {wanted} invoices were read")
        token = _token(systems.described)
        ours, bare = [], []
        for _ in range(TIMES):
            bare.append(_bare(noted, token))
            ours.append(_drain(made)[1])
        say(f"  ours {_seconds(ours)}, bare {_seconds(bare)}")
        about = f"{records} invoices with lines, {len(noted)} requests, {PAGE_SIZE} a page; median of {TIMES}, in turns"
        yield note("Business Central drained", records / median(ours), "invoices/s", about)
        yield figure(
            "Business Central drained, of a bare loop's time", median(ours) / median(bare), "times", "<=", BARE_MAX, about
        )
        yield from _beside_dlt(systems.described, token, median(ours), records)


def _beside_dlt(described: Mapping[str, Any], token: str, ours_s: float, records: int) -> Iterator[Figure]:
    try:
        peer = installed_by_pip(ROOT / "peers", "dlt", DLT)
        _dlt(peer, described, token)  # the server makes its pages, and its files are in the machine's memory
        theirs = [_dlt(peer, described, token) for _ in range(TIMES)]
    except NotMeasured as why:
        say(f"  dlt was not measured: {why}")
        return
    if any(one["records"] < records for one in theirs):
        raise RuntimeError(f"dlt read {[one['records'] for one in theirs]} of {records} invoices")
    extracted, whole = median([one["extracted_s"] for one in theirs]), median([one["whole_s"] for one in theirs])
    say(f"  dlt: extracted {extracted:.1f} s, in files {whole:.1f} s")
    about = f"dlt {DLT}, rest_api_source, {PAGE_SIZE} a page, until the rows lie in JSON Lines files; median of {TIMES}"
    yield figure("Business Central drained, times as fast as dlt", whole / ours_s, "times", ">=", DLT_MIN, about)
    yield note(
        "the same, dlt's extraction alone", extracted / ours_s, "times", "its first step, without normalizing and loading"
    )


def _drain(made: Scene) -> tuple[int, float]:
    """What the product reads when it goes live: keys and stamps of everything, then whole records. (records, seconds)."""
    with made.pipeline() as pipeline:
        pipeline.erp.target.reserve()  # signed in, and the company known
        began = time.perf_counter()
        first = dt.date.fromisoformat(FIRST_DAY)
        keys = [stamp.key for page in pipeline.erp.source.changed(INVOICE_SET, None, first) for stamp in page]
        records = sum(1 for _ in pipeline.erp.source.records(INVOICE_SET, keys))
        return records, time.perf_counter() - began


def _first_drain(made: Scene) -> tuple[list[Asked], int]:
    """One drain, with the reads that it sends."""
    with _noted() as noted:
        records, _ = _drain(made)
    return [one for one in noted if f"/{INVOICE_SET}" in one.url], records


@contextmanager
def _noted() -> Iterator[list[Asked]]:
    """The requests that this process sends meanwhile."""
    noted: list[Asked] = []
    send = httpx.Client.send

    def noting(client: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        noted.append(Asked(str(request.url), request.headers.get("Prefer", "")))
        return send(client, request, **options)

    httpx.Client.send = noting  # type: ignore[method-assign]
    try:
        yield noted
    finally:
        httpx.Client.send = send  # type: ignore[method-assign]


def _bare(noted: list[Asked], token: str) -> float:
    """Seconds for the same requests, one after the other, read as JSON and thrown away."""
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=120.0) as client:
        began = time.perf_counter()
        for one in noted:
            response = client.get(one.url, headers={"Prefer": one.prefer})
            response.raise_for_status()
            response.json()
        return time.perf_counter() - began


def _dlt(peer: Path, described: Mapping[str, Any], token: str) -> dict[str, float]:
    central, folder = described["business_central"], (ROOT / "dlt").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    asked = {
        "url": f"{central['api']}/companies({central['company_id']})",
        "path": f"{INVOICE_SET}?$expand={LINES}",
        "token": token,
        "page_size": PAGE_SIZE,
        "folder": str(folder),
    }
    path = os.pathsep.join([str(peer.resolve()), str(Path.cwd())])
    try:
        said = run_program([sys.executable, "-m", "benchmarks.dlt_drain", json.dumps(asked)], {"PYTHONPATH": path})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result: dict[str, float] = json.loads(said.splitlines()[-1])
    return result


def _token(described: Mapping[str, Any]) -> str:
    entra = described["entra"]
    grant = {
        "grant_type": "client_credentials",
        "client_id": entra["client_id"],
        "client_secret": entra["client_secret"],
        "scope": described["business_central"]["scope"],
    }
    return str(httpx.post(entra["token_url"], data=grant).raise_for_status().json()["access_token"])


def _seconds(values: list[float]) -> str:
    return " ".join(f"{value:.1f}" for value in values) + " s"
