"""A pipeline for looking back: today's configuration over a ledger that writes nothing and the records that it stored."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, cast

from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.backtesting.received import stored_erp
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.ledger.originals import PastIntake, PostgresOriginals
from mlconn_pipelines.ledger.stores import LedgerStores
from mlconn_pipelines.ports.delivery import FileExchange
from mlconn_pipelines.wiring.engine import engine_of
from mlconn_pipelines.wiring.partners import partner_of
from mlconn_pipelines.wiring.systems import mapping_of


class NoExchange:
    """No file is listed, fetched or delivered."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectorError(f"looking back asks Cleo nothing, and {name!r} was asked")


def past_pipeline(configuration: Configuration, name: str, engine: Any) -> tuple[Pipeline, PostgresOriginals, PastIntake]:
    """engine: of `ledger.originals.read_only`. No system is opened, and no key of the vault is needed."""
    integration = configuration.integration(name)
    mapping = mapping_of(integration.erp)
    originals, intake = PostgresOriginals(engine), PastIntake(engine)
    stores = LedgerStores(engine, intake)
    flows_of: dict[str, list[str]] = defaultdict(list)
    for declared in mapping.outbound.sets.values():
        # What suppliers answer to is the order that was sent, whichever entity the flow reads it from.
        flows_of[mapping.suppliers.entity if declared.set_id == "850" else declared.entity].append(declared.flow)
    pipeline = Pipeline(
        engine=engine_of(configuration, name, stores),
        settings=integration,
        operator=stores.operator,
        erp=stored_erp(originals, name, flows_of),
        mapping=mapping,
        exchange=cast("FileExchange", NoExchange()),
        partners=Partners(map(partner_of, configuration.partners_of(name)), configuration.stopped_of(name)),
        destinations={},
    )
    return pipeline, originals, intake
