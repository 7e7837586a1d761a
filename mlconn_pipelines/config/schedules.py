"""When things happen by themselves: the default of every schedule and interval. Each of them is a setting."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mlconn_pipelines.config.model import Model

POLL_EVERY_S = 10
"""`poll_every_s` of each flow."""
REFERENCE_EVERY_S = 900
"""`reference_every_s` of each integration."""
EDITS_LOOK_EVERY_S = 300
"""`edits_look_every_s` of each integration."""
STOPPED_SAID_EVERY_S = 300
"""Of the sensor that stands in for an integration whose file, with its settings, cannot be read."""
NOTIFICATIONS_FORGOTTEN_EVERY_S = 3_600.0
"""Of the gateway, which is one for all integrations: how often it deletes what was taken long ago."""

DAYS_OF_CRON = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
DayOfWeek = Literal["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]


class Schedules(Model):
    """What an integration does beside its flows."""

    watch_every_s: int = Field(30, ge=10, le=3600, description="how often failed runs are looked for and alerts delivered")
    overdue_every_s: int = Field(
        900, ge=60, le=86_400, description="how often overdue acknowledgments and the flows' checks are worked out"
    )
    outage_alert_after_s: float = Field(
        600.0, ge=0, le=86_400, description="how long a system gives no answer before people are told"
    )
    reference_look_every_s: int = Field(
        15, ge=5, le=3600, description="how often it is looked whether reference data is due; its reading is reference_every_s"
    )
    notification_look_every_s: int = Field(
        5, ge=1, le=3600, description="how often it is looked whether the gateway took a notification"
    )
    edits_look_every_s: int = Field(
        EDITS_LOOK_EVERY_S,
        ge=10,
        le=86_400,
        description="how often it is looked whether people edited what a sync flow wrote; every run of the flow looks too",
    )
    fresh_within_s: int = Field(
        900,
        ge=60,
        le=86_400,
        description="what changed in the ERP so long ago has been read, else the check of freshness fails",
    )
    scorecard_days_back: int = Field(31, ge=1, le=400, description="how many days the partners' scorecard is of")
    reconcile_at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = Field(
        "02:40", description="when the ledger is compared with the ERP each night: HH:MM by the integration's clock"
    )
    subscriptions_at_minute: int = Field(
        7, ge=0, le=59, description="minute of each hour in which subscriptions to the ERP's notifications are looked after"
    )
    deletions_on: DayOfWeek = Field(
        "sunday",
        description="day of the week on which, at reconcile_at, a sync integration looks for records that were deleted for good",
    )
    held_look_every_s: int = Field(
        60,
        ge=10,
        le=3600,
        description="how often a sync integration asks whether what a held document waits for is there; a run asks at once",
    )

    @property
    def deletions_cron(self) -> str:
        return f"{self.reconcile_cron[:-1]}{DAYS_OF_CRON.index(self.deletions_on)}"

    @property
    def reconcile_cron(self) -> str:
        hour, minute = self.reconcile_at.split(":")
        return f"{int(minute)} {int(hour)} * * *"
