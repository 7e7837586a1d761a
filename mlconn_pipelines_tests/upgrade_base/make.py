"""Makes the upgrade base: a ledger as one release left it, with what that release knew of it.

`python -m mlconn_pipelines_tests.upgrade_base.make` writes for every simulated ERP SYSTEM.tar (of `mlconn db backup`) and
SYSTEM.known.tar.xz: configuration, every file's hash and the text of some, each document's story, the seal and what Dagster calls things.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mlconn_pipelines.database.backup import backup
from mlconn_pipelines.database.databases import create_missing
from mlconn_pipelines.database.server import EmbeddedServer
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.ledger.audit import verify
from mlconn_pipelines.ledger.document_history import story
from mlconn_pipelines.ledger.schema import upgrade
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.scenario import Scene, run_of, scene
from mlconn_pipelines_tests.systems.all_systems import SAP, SYSTEMS_OVER_HTTP
from mlconn_pipelines_tests.systems.system import System
from mlconn_simulators.partner.habits import Habits

HERE = Path(__file__).parent
HABITS = Habits(missing=0.15, late=0.0, rejecting=0.1, accepting_with_error=0.1, advised=0.4, advice_rejects=0.5)
TODAY = dt.date(2026, 11, 20)
DOCUMENTS = {SAP: 60}
SHOWN = 6
"""Of so many files the text is kept."""


def live(scene: Scene) -> None:
    """Whatever a document can come to."""
    flow, (pay, _, _, correct) = scene.system.flow, scene.system.changes()
    scene.settle(rounds=6)
    scene.run(*scene.system.kinds, preview=True)
    sent, later = scene.system.write(scene), [scene.system.write(scene) for _ in range(2)]
    scene.run(flow)
    for change, one in zip((correct, correct, pay), (sent, *later), strict=True):
        change(scene, one)
    scene.run(flow)
    not_taken = scene.system.write(scene)
    scene.cleo.faults.arm("503", path="/files", method="POST", count=None)
    scene.run(flow)
    scene.cleo.faults.disarm()
    correct(scene, not_taken)
    scene.run(flow)
    decide(scene)
    came = scene.rows(
        "SELECT content FROM interchange WHERE direction = 'inbound' AND file_name LIKE '850%%' ORDER BY id LIMIT 1"
    )
    for row in came:
        clerks.put(scene, bytes(row["content"]), "again.edi")
    if came:
        wrong = clerks.order_file(scene, [clerks.an_order(scene)], 777)
        clerks.put(
            scene,
            re.sub(rb"BEG.00.\w+.", lambda found: found[0].replace(found[0][6:8], b"NO", 1) + b"X" * 40, wrong),
            "wrong.edi",
        )
    clerks.put(scene, b"This is no X12.", "readme.txt")
    scene.system.send(scene)
    scene.system.faults.arm("cut_after", path=scene.system.post_paths[0], method="POST")
    scene.run(INBOUND)
    scene.settle(rounds=2)
    for _ in range(2):
        scene.system.write(scene)
    scene.cleo.faults.arm("cut_after", path="/files", method="POST")
    scene.run(flow)
    scene.rows("UPDATE acknowledgment SET within_h = 0 WHERE state = 'awaited' AND mod(id, 2) = 0")
    with scene.pipeline() as pipeline:
        pipeline.watch.mark_overdue(pipeline.name)
        pipeline.watch.seal_audit()
        held = [
            row
            for name in (*scene.system.kinds, INBOUND)
            for row in pipeline.engine.queue.documents(pipeline.name, name, (State.ON_HOLD,), due_only=False)
        ]
        if len(held) > 2:
            pipeline.operator.reprocess(run_of(pipeline, held[-2].flow), held[-2].id, "looked at again")
        if held:
            pipeline.operator.dismiss(run_of(pipeline, held[-1].flow), held[-1].id, "decided after the seal")


def decide(scene: Scene) -> None:
    """What people do: approve, dismiss, replay, send once more."""
    with scene.pipeline() as pipeline:
        held = pipeline.engine.queue.documents(pipeline.name, scene.system.flow, (State.ON_HOLD,), due_only=False)
        run = replace(run_of(pipeline, scene.system.flow), run_id="clerk")
        if len(held) > 2:
            pipeline.operator.dismiss(run, held[0].id, "not for EDI")
            pipeline.operator.approve(run, held[1].id, "looked at")
        for flow in scene.system.kinds:
            rejected = pipeline.engine.queue.documents(pipeline.name, flow, (State.REJECTED_BY_PARTNER,), due_only=False)
            for one in rejected[:1]:
                pipeline.operator.reprocess(replace(run, flow=flow), one.id, "the partner lost it", redeliver=True)


def known(scene: Scene) -> dict[str, bytes]:
    """Files of the second archive, by name."""
    with open_stores(scene.settings) as stores:
        ids = [row["id"] for row in scene.rows("SELECT id FROM document ORDER BY id")]
        stories = {name: story(stores.engine, name) for name in ids}
        sealed = verify(stores.engine)
    assert sealed.ok and sealed.blocks
    sent = scene.rows("SELECT c.id, i.content FROM claim c JOIN interchange i ON i.id = c.interchange_id ORDER BY c.id")
    facts = {
        "made_by": subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip(),
        "today": TODAY,
        "vault_key": scene.environment["MLCONN_VAULT_KEY"],
        "last_sha256": sealed.last_sha256,
        "claims": {row["id"]: hashlib.sha256(row["content"]).hexdigest() for row in sent},
        "files": {file.name: hashlib.sha256(file.content).hexdigest() for file in scene.cleo.received},
        "dagster": names(scene),
    }
    config = {
        f"config/{file.relative_to(scene.settings.config)}": file.read_bytes() for file in scene.settings.config.rglob("*.yaml")
    }
    shown = {f"files/{file.name}": file.content for file in list(scene.cleo.received)[:SHOWN]}
    return config | shown | {"facts.json": as_json(facts), "stories.json": as_json(stories)}


def as_json(value: Any) -> bytes:
    return json.dumps(value, default=str, sort_keys=True, separators=(",", ":")).encode()


def names(scene: Scene) -> Mapping[str, list[str]]:
    """What Dagster remembers things by: a sensor that was switched off is known by its name."""
    os.environ.update({name: value for name, value in scene.environment.items() if name.startswith("MLCONN_")})
    from mlconn_pipelines.definitions import defs as definitions

    repository = definitions().get_repository_def()
    return {
        "assets": sorted(key.to_user_string() for key in repository.asset_graph.get_all_asset_keys()),
        "checks": sorted(key.to_user_string() for key in repository.asset_graph.asset_check_keys),
        "jobs": sorted(repository.job_names),
        "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
        "schedules": sorted(schedule.name for schedule in repository.schedule_defs),
        "repository": [repository.name],
    }


def make(server: EmbeddedServer, system: type[System]) -> None:
    url = server.url(system.kind)
    create_missing(server.url("postgres"), [system.kind])
    upgrade(url)
    documents = DOCUMENTS.get(system, 16)
    with (
        tempfile.TemporaryDirectory() as folder,
        scene(
            Path(folder), url, system=system, documents=documents, habits=HABITS, today=TODAY, act_time_out_s=60.0,
            initial_orders=12,
        ) as made,
    ):  # fmt: skip
        live(made)
        files = known(made)
        target = HERE / f"{system.kind}.tar"
        target.unlink(missing_ok=True)
        backup({"mlconn": url}, target)
        target.chmod(0o644)
        with tarfile.open(HERE / f"{system.kind}.known.tar.xz", "w:xz") as archive:
            for name, content in sorted(files.items()):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        rows = made.rows(
            "SELECT flow, direction, set_id, state, count(*) FROM document GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
        sys.stdout.write("\n".join(" ".join(map(str, row.values())) for row in rows) + "\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o711)
        server = EmbeddedServer(Path(place) / "postgres")
        server.start()
        try:
            for each in SYSTEMS_OVER_HTTP:
                make(server, each)
        finally:
            server.remove()
