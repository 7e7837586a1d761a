"""An integration's pipeline out of its configuration: ledger, connector, mapping, exchange, partners and destinations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from mlconn_pipelines.config.loading import Configuration, load_configuration
from mlconn_pipelines.flows.partners import Partners
from mlconn_pipelines.flows.pipeline import Pipeline
from mlconn_pipelines.settings import Settings, read_settings
from mlconn_pipelines.systems.cleo.api.exchange import CleoExchange
from mlconn_pipelines.transport.alert import deliver
from mlconn_pipelines.wiring.destinations import destinations_of
from mlconn_pipelines.wiring.engine import engine_of
from mlconn_pipelines.wiring.partners import partner_of
from mlconn_pipelines.wiring.stores import Stores, open_stores
from mlconn_pipelines.wiring.subscriber import subscriber_of
from mlconn_pipelines.wiring.systems import reach_of, system_of


@contextmanager
def open_pipeline(
    name: str,
    configuration: Configuration | None = None,
    settings: Settings | None = None,
    stores: Stores | None = None,
) -> Iterator[Pipeline]:
    """The integration `name`, ready for use; its connections are closed at the end. No system is asked yet.

    configuration, settings: read from the usual places where not given. stores: of this process, opened here where not given.
    Errors: ConfigurationError, VaultError.
    """
    settings = settings or read_settings()
    configuration = configuration or load_configuration(settings.config)
    integration = configuration.integration(name)
    system = system_of(integration.erp)
    with ExitStack() as stack:
        stores = stores or stack.enter_context(open_stores(settings))
        erp = system.open(integration.erp, reach_of(stores, name))
        stack.callback(erp.close)
        exchange = CleoExchange(
            integration.cleo, stores.credentials, stores.sessions(integration.cleo.credential, name), stores.limiter
        )
        stack.callback(exchange.close)
        written = configuration.partners_of(name)
        yield Pipeline(
            engine=engine_of(
                configuration,
                name,
                stores,
                partial(deliver, settings=integration.alerts, integration=name, credentials=stores.credentials),
            ),
            settings=integration,
            operator=stores.operator,
            erp=erp,
            mapping=system.mapping(integration.erp),
            exchange=exchange,
            partners=Partners(map(partner_of, written), configuration.stopped_of(name)),
            destinations=destinations_of(written, integration.cleo, exchange, stores.credentials, stores.limiter, stack),
            deliveries_at_once=integration.cleo.uploads_at_once,
            posts_at_once=integration.erp.calls_in_flight,
            leaves_files=integration.cleo.after_receipt == "leave",
            subscriber=subscriber_of(integration, erp, stores.credentials),
        )
