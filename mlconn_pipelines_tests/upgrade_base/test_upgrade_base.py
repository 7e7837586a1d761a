"""A ledger that release 0.1 left (make.py says how, the archive by which commit) under the program of today."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.cli.app import main
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.database.backup import restore
from mlconn_pipelines.documents.lifecycle import FORMER_EVENTS, state_word
from mlconn_pipelines.flows.backtesting.running import backtest
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.ledger.audit import verify
from mlconn_pipelines.ledger.document_history import story
from mlconn_pipelines.ledger.engine import ledger_engine
from mlconn_pipelines.ledger.history import PostgresHistory
from mlconn_pipelines.ledger.schema import newest_version, upgrade
from mlconn_pipelines.wiring.translation import translation_of
from mlconn_pipelines_tests.scenario import scene
from mlconn_pipelines_tests.systems.all_systems import each_system_over_http
from mlconn_pipelines_tests.systems.system import System
from mlconn_pipelines_tests.upgrade_base.make import DOCUMENTS, names

pytestmark = pytest.mark.database

HERE = Path(__file__).parent


@cache
def known(kind: str) -> Mapping[str, bytes]:
    """Everything in SYSTEM.known.tar.xz, by name."""
    with tarfile.open(HERE / f"{kind}.known.tar.xz") as archive:
        return {member.name: file.read() for member in archive if (file := archive.extractfile(member))}


def facts(kind: str) -> Any:
    return json.loads(known(kind)["facts.json"])


def upgraded(url: str, kind: str) -> None:
    restore({"mlconn": url}, HERE / f"{kind}.tar")
    upgrade(url)


def configuration(folder: Path, kind: str) -> Path:
    for name, content in known(kind).items():
        if name.startswith("config/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    return folder / "config"


@each_system_over_http
def test_every_document_keeps_its_story_its_bytes_and_its_seal(system: type[System], database_url: str, tmp_path: Path) -> None:
    upgraded(database_url, system.kind)
    before = facts(system.kind)
    engine = ledger_engine(database_url)
    try:
        for name, told in json.loads(known(system.kind)["stories.json"]).items():
            now = json.loads(json.dumps(story(engine, name), default=str))
            assert_told(told, now)
        sealed = verify(engine)
        assert sealed.ok and sealed.last_sha256 == before["last_sha256"]
        with engine.connect() as connection:
            query = (
                "SELECT c.id, c.document_id, c.file_name, i.content FROM claim c JOIN interchange i ON i.id = c.interchange_id"
            )
            claims = connection.exec_driver_sql(query).all()
        assert {str(claim.id): hashlib.sha256(claim.content).hexdigest() for claim in claims} == before["claims"]

        config = configuration(tmp_path, system.kind)
        report = backtest(translation_of(load_configuration(config), "acme"), PostgresHistory(engine), dt.date(2000, 1, 1))
        # The 997 of a file that came once more has a name and a time that its document does not tell.
        repeated = {claim.document_id for claim in claims if "_again" in claim.file_name}
        assert report.documents > 20 and report.documents - report.identical == len(repeated)
        assert {example.document for group in report.groups.values() for example in group.examples} <= repeated
    finally:
        engine.dispose()


def assert_told(told: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Whatever the release before knew is still there, in today's words."""
    for part, was in told.items():
        rows = zip([was], [now[part]], strict=True) if isinstance(was, dict) else zip(was, now[part], strict=True)
        for old, new in rows:
            translated = in_todays_words(part, old)
            assert translated == {name: new[name] for name in translated}, (told["document"]["id"], part)


COLUMNS = {"newest": "is_current", "stands": "is_effective", "later": "pending_record", "set_aside_by": "held_by"} | {
    "looks": "check_count",
    "next_look_at": "next_check_at",
    "our_reference": "correlation_reference",
    "answers": "responds_to",
}


def in_todays_words(part: str, row: Mapping[str, Any]) -> dict[str, Any]:
    states = {name: state_word(row[name]) for name in ("state", "from_state", "to_state") if name in row}
    if part == "claims" and row["state"] == "refused":
        states = {"state": "refused"}
    event = {"event": FORMER_EVENTS.get(row["event"], row["event"])} if "event" in row else {}
    return {COLUMNS.get(name, name): value for name, value in (row | states | event).items()}


@each_system_over_http
def test_nothing_is_sent_again(
    system: type[System], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same records are there, read by a program that has only the ledger to know them by."""
    upgraded(database_url, system.kind)
    before = facts(system.kind)
    options = {"documents": DOCUMENTS.get(system, 16), "initial_orders": 0, "today": dt.date.fromisoformat(before["today"])}
    with scene(tmp_path, database_url, system=system, vault_key=before["vault_key"], act_time_out_s=60.0, **options) as opened:
        opened.rows("UPDATE claim SET absence_proves_at = now() + interval '1 day' WHERE absence_proves_at IS NOT NULL")
        opened.rows("DELETE FROM watermark")  # whatever there is is read again
        for _ in range(2):
            opened.run(*system.kinds, INBOUND)
        assert [file.name for file in opened.uploads()] == [] == opened.system.created()
        now = names(opened)
        assert [(what, name) for what, was in before["dagster"].items() for name in was if name not in now[what]] == []


def test_an_upgrade_is_rehearsed_beside_the_ledger_in_use(
    ledger_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And leaves that one, and the server, as they were."""
    config = configuration(tmp_path, "business_central")
    for name, value in {"CONFIG": config, "HOME": tmp_path, "DATABASE_URL": ledger_database}.items():
        monkeypatch.setenv(f"MLCONN_{name}", str(value))
    file = HERE / "business_central.tar"
    monkeypatch.setattr("sys.argv", ["mlconn", "upgrade", "--rehearse", str(file), "--days", "20000", "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    told = json.loads(capsys.readouterr().out)
    assert (told["from"], told["to"], told["audit_whole"]) == ("0007", newest_version(), True)
    sent, received = told["compared"]
    repeated = 1  # the 997 of a file that came once more, see above
    assert sent["documents"] == 31 and (sent["would_change"], sent["would_be_refused"]) == (repeated, 0)
    assert received["documents"] > 20 and received["would_be_refused"] == 0
    assert ended.value.code == 1
    engine = ledger_engine(ledger_database)
    with engine.connect() as connection:
        query = (
            "SELECT (SELECT count(*) FROM document), (SELECT count(*) FROM pg_database WHERE datname LIKE 'mlconn_rehearsal%%')"
        )
        assert connection.exec_driver_sql(query).one() == (0, 0)
    engine.dispose()
