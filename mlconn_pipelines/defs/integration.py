"""All definitions of one integration, put together."""

from __future__ import annotations

import dagster as dg

from mlconn_pipelines.config.loading import Configuration
from mlconn_pipelines.config.stopping import RELEASE
from mlconn_pipelines.defs.backtest import backtest_asset
from mlconn_pipelines.defs.checks import FlowChecks
from mlconn_pipelines.defs.external import external_assets
from mlconn_pipelines.defs.folders import folder_assets, folder_days
from mlconn_pipelines.defs.hint_sensor import hint_sensor
from mlconn_pipelines.defs.inbound import inbound_assets, inbound_checks
from mlconn_pipelines.defs.jobs import jobs_of
from mlconn_pipelines.defs.keys import Keys
from mlconn_pipelines.defs.outbound import outbound_assets, outbound_checks
from mlconn_pipelines.defs.quiet_days import QuietDays
from mlconn_pipelines.defs.reconciliation import RECONCILIATION, reconciliation_checks, reconciliation_schedule
from mlconn_pipelines.defs.reference import REFERENCE, reference_asset, reference_used
from mlconn_pipelines.defs.scorecard import scorecard_asset
from mlconn_pipelines.defs.sensors import flow_sensor, reference_sensor
from mlconn_pipelines.defs.subscriptions import subscribes, subscription_schedule
from mlconn_pipelines.defs.twins import twins_check, twins_key
from mlconn_pipelines.defs.watching import watch_sensor
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.wiring.systems import mapping_of


def integration_definitions(configuration: Configuration, name: str) -> dg.Definitions:
    """Assets, checks, jobs, sensors and schedules of the integration `name`."""
    integration = configuration.integrations[name]
    partners = configuration.partners_of(name)
    mapping = mapping_of(integration.erp)
    keys = Keys(name, mapping.system, integration.exchange.kind)
    folders = folder_assets(integration, partners, keys, mapping.outbound.sets)
    quiet = QuietDays(integration, folder_days(integration, partners, keys), folders.asset_deps)
    assets: list[dg.AssetsDefinition] = [folders, scorecard_asset(integration, keys, RECONCILIATION)]
    checks: list[dg.AssetChecksDefinition] = []
    flow_checks: list[FlowChecks] = []
    sensors: list[dg.SensorDefinition] = [reference_sensor(integration, keys)]
    reference = reference_used(keys, mapping.reference.sets)
    assets += [reference_asset(integration, keys, declared) for declared in mapping.reference.sets]
    for flow, settings in integration.flows.outbound().items():
        declared = mapping.outbound.sets[flow]
        assets += outbound_assets(integration, keys, declared, reference)
        watched, evaluated = outbound_checks(integration, keys, declared)
        flow_checks.append(watched)
        checks.append(evaluated)
        checks.append(reconciliation_checks(integration, keys, declared, quiet))
        sensors.append(flow_sensor(integration, keys, flow, settings.poll_every_s))
    if integration.flows.outbound():
        assets.append(backtest_asset(integration, keys))
    if integration.flows.inbound is not None:
        assets += inbound_assets(integration, keys, mapping, tuple(flow_checks), reference)
        watched, evaluated = inbound_checks(integration, keys)
        flow_checks.append(watched)
        checks.append(evaluated)
        sensors.append(flow_sensor(integration, keys, INBOUND, integration.flows.inbound.poll_every_s))
    if (twins := twins_key(integration, keys)) is not None:
        checks.append(twins_check(integration, keys, twins, quiet))
    sensors.append(watch_sensor(integration, keys, flow_checks))
    jobs = jobs_of(integration, keys, mapping, folders, flow_checks)
    if integration.events is not None:
        sensors.append(hint_sensor(integration, keys, [job for job in jobs if job.name != keys.job(REFERENCE)]))
    outside = external_assets(integration, partners, keys, mapping.title)
    made = [asset.map_asset_specs(lambda spec: spec.replace_attributes(code_version=RELEASE or None)) for asset in assets]
    return dg.Definitions(
        assets=dg.map_asset_specs(lambda spec: spec.replace_attributes(owners=[integration.owner]), [*made, *outside]),
        asset_checks=checks,
        jobs=jobs,
        sensors=sensors,
        schedules=[
            reconciliation_schedule(integration, keys),
            *([subscription_schedule(integration, keys)] if subscribes(integration) else []),
        ],
    )
