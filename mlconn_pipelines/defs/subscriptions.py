"""Every hour: subscriptions to the ERP's notifications are renewed, and made again where they lapsed."""

import dagster as dg

from mlconn_pipelines.config.integration import EdiIntegration
from mlconn_pipelines.defs.keys import Keys, tags_of
from mlconn_pipelines.defs.resources import PipelinesResource
from mlconn_pipelines.defs.sentences import in_one_sentence
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.subscribing import repair_subscriptions
from mlconn_pipelines.printable import printable
from mlconn_pipelines.wiring.systems import system_of

SUBSCRIPTIONS = "subscriptions"
"""The flow name of these runs in tags."""


def subscribes(integration: EdiIntegration) -> bool:
    """Whether the integration keeps subscriptions of its own."""
    return system_of(integration.erp).subscribes and integration.events is not None and integration.events.erp is not None


def subscription_schedule(integration: EdiIntegration, keys: Keys) -> dg.ScheduleDefinition:
    """Every hour; a subscription is renewed once a day."""
    return dg.ScheduleDefinition(
        name=f"{keys.integration}_{SUBSCRIPTIONS}_schedule",
        job=subscription_job(integration, keys),
        cron_schedule=f"{integration.schedules.subscriptions_at_minute} * * * *",
        execution_timezone=integration.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every hour: are all subscriptions to the ERP's notifications there? Each is renewed once a day.",
    )


def subscription_job(integration: EdiIntegration, keys: Keys) -> dg.JobDefinition:
    """One op; its run fails, and so raises an alert, when a subscription can be neither made nor renewed."""
    name = integration.integration

    @dg.op(name=f"{keys.integration}_repair_{SUBSCRIPTIONS}", description="Makes, renews and removes subscriptions.")
    @in_one_sentence
    def repair(context: dg.OpExecutionContext, pipelines: PipelinesResource) -> None:
        pipeline = pipelines.of(name)
        done = repair_subscriptions(pipeline.engine, pipeline.subscribing, pipeline.routes())
        context.log.info(printable(done.words()))
        if done.problems:
            raise ConnectorError(
                f"{len(done.problems)} subscriptions could not be kept: {'; '.join(done.problems)}",
                "Polling goes on. Can the ERP reach the gateway under events.public_url? `mlconn subscriptions repair` tries at once.",
            )

    @dg.job(
        name=keys.job(SUBSCRIPTIONS),
        executor_def=dg.in_process_executor,
        tags=tags_of(name, SUBSCRIPTIONS),
        description="Keeps the subscriptions to the ERP's notifications alive.",
    )
    def subscriptions() -> None:
        repair()

    return subscriptions
