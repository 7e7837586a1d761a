"""A ledger that the release before filled: every record read again under this one, every invoice paid, and nothing looks changed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.systems.finance_operations.records.variants import DIMENSIONS
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import LATER_SYSTEMS, SYSTEMS_OVER_HTTP, name_of
from mlconn_pipelines_tests.systems.business_central.described import BusinessCentral
from mlconn_pipelines_tests.systems.finance_operations.described import FinanceOperations
from mlconn_pipelines_tests.systems.system import System, Written
from mlconn_simulators.finance_operations.masters import MAIN

pytestmark = pytest.mark.database

NEW_FIELDS = frozenset({*DIMENSIONS.values(), "itemVariantId", "dimensionSetLines", "DefaultLedgerDimensionDisplayValue"})
"""What a record lacks that was read by a release which did not ask for it."""


def as_the_release_before(scene: Scene, narrow: bool) -> None:
    """Hashes as it made them, without a version; each record is still to be read again. narrow: as if it had asked for less."""
    with scene.pipeline() as pipeline:
        entities = {flow: declared.entity for flow, declared in pipeline.mapping.outbound.sets.items()}
        for row in scene.rows("SELECT id, flow, raw FROM document WHERE direction = 'outbound' AND raw IS NOT NULL"):
            if row["flow"] not in entities:
                continue
            hashed = before(pipeline, entities[row["flow"]], row["raw"])
            raw = narrowed(row["raw"]) if narrow else row["raw"]
            scene.rows(
                "UPDATE document SET content_hash = %s, latest_hash = %s, projection = '', stamp = 'before', raw = %s WHERE id = %s",
                hashed,
                hashed,
                Jsonb(raw),
                row["id"],
            )
    scene.rows("DELETE FROM watermark")


def before(pipeline: Pipeline, entity: str, raw: Mapping[str, Any]) -> str:
    hashed = pipeline.mapping.outbound.hashing(entity).as_of("", raw)
    assert hashed is not None
    return hashed


def narrowed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: narrowed(inner) for name, inner in value.items() if name not in NEW_FIELDS}
    return [narrowed(inner) for inner in value] if isinstance(value, list) else value


def seen(scene: Scene) -> list[dict[str, Any]]:
    return scene.rows(
        "SELECT id, flow, state, revision, is_current, exception, reason_code, canonical FROM document "
        "WHERE direction = 'outbound' ORDER BY id"
    )


def with_a_variant(scene: Scene) -> Written:
    """A document over an item in a variant, where the ERP has such."""
    system = scene.system
    if isinstance(system, FinanceOperations):
        written = system.write(scene)
        with system.sandbox.lock:
            line = system.sandbox.purchasing.lines(MAIN, written.number)[0]
            system.sandbox.purchasing.change_line(line, {"ProductColorId": "RED", "ProductSizeId": "XL"})
        system.sandbox.confirm(MAIN, written.number)
        return written
    if isinstance(system, BusinessCentral):
        item = clerks.sound_items(scene, system.partner)[0]
        variant = system.company.add_variant(item.code, "BLUE")
        line = {
            "lineType": "Item",
            "lineObjectNumber": item.code,
            "itemVariantId": variant,
            "quantity": 3,
            "unitPrice": Decimal("2.5"),
        }
        customer = scene.partner_named(system.partner).customer_code
        made = system.company.add_document(
            "salesInvoices", customerNumber=customer, externalDocumentNumber="PO-BLUE", salesInvoiceLines=[line]
        )
        system.company.act("salesInvoices", made, "post")
        return Written(made, str(system.company.record("salesInvoices", made)["number"]))
    return system.write(scene)


@pytest.mark.parametrize(
    ("system", "narrow"),
    [*((each, False) for each in SYSTEMS_OVER_HTTP), *((each, True) for each in LATER_SYSTEMS)],
    ids=name_of,
)
def test_nothing_looks_changed_to_a_release_that_hashes_more(stage: Stage, system: type[System], narrow: bool) -> None:
    flows = {flow: {"after_sending": "change_set" if flow == "x12_850" else "on_hold"} for flow in system.kinds}
    scene = stage(system=system, documents=24, flows=flows)
    scene.know_reference()
    written = [with_a_variant(scene), *(scene.system.write(scene) for _ in range(3))]
    scene.refresh_reference()
    scene.settle()
    assert {"accepted"} < set(scene.states(system.flow)), "held ones too"
    known, uploads = seen(scene), len(scene.uploads())
    as_the_release_before(scene, narrow)
    pay, close, save, correct = scene.system.changes()
    for act, one in zip((pay, close, save, pay), written, strict=True):
        act(scene, one)
    scene.system.move_clock(scene.system.long_ago / 60)
    scene.run()

    assert seen(scene) == known
    assert len(scene.uploads()) == uploads
    assert scene.rows("SELECT cause FROM alert WHERE resolved_at IS NULL AND cause LIKE 'changed%%'") == []
    [read_again] = scene.rows(
        "SELECT count(*) FILTER (WHERE stamp = 'before') AS left, count(*) FILTER (WHERE projection = '') AS older FROM document "
        "WHERE direction = 'outbound' AND is_current AND flow = ANY(%s)",
        list(system.kinds),
    )
    assert read_again == {"left": 0, "older": 0}

    correct(scene, written[-1])
    scene.run()
    told = [one for one in seen(scene) if one not in known]
    assert told, "what is corrected is told all the same"
