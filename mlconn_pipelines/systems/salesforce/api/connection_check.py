"""What `mlconn check` says of an org: session, version, objects and fields as the integration user has them, quota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlconn_pipelines.errors import MlconnError, Retryable
from mlconn_pipelines.ports.records import ConnectionReport
from mlconn_pipelines.systems.salesforce.api.client import SalesforceApi
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.faults import NotAvailable
from mlconn_pipelines.systems.salesforce.api.objects import OBJECTS, Mapped
from mlconn_pipelines.systems.salesforce.api.quota import Quota

SYSTEM = "Salesforce"
DEPRECATED_UP_TO = 40
"""Versions up to v40.0 are unsupported from Summer '27 on and gone with Summer '28."""


class ConnectionCheck:
    """mapped: what the integration reads and writes."""

    def __init__(self, api: SalesforceApi, descriptions: Descriptions, quota: Quota, mapped: Mapped) -> None:
        self._api, self._descriptions, self._quota, self._mapped = api, descriptions, quota, mapped

    def __call__(self) -> Sequence[ConnectionReport]:
        """Without a session nothing else is looked at; the other looks go on after one that failed."""
        reports: list[ConnectionReport] = []
        looks = (self._session, self._version, *(lambda name=name: self._object(name) for name in self._named()), self._usage)
        for number, look in enumerate(looks):
            try:
                reports.append(look())
            except MlconnError as problem:
                reports.append(ConnectionReport(SYSTEM, False, str(problem)))
                if number == 0:
                    break
        return reports

    def _session(self) -> ConnectionReport:
        granted = self._api.granted()
        where = f"org {granted.organization_id} at {granted.instance_url}, as user {granted.user_id}"
        return ConnectionReport(SYSTEM, True, f"signed in to {where}")

    def _version(self) -> ConnectionReport:
        numbers = [float(str(row["version"])) for row in self._offered()]
        ours = float(self._api.version.removeprefix("v"))
        offered = f"v{min(numbers)} to v{max(numbers)}"
        if ours not in numbers:
            return ConnectionReport(SYSTEM, False, f"api_version {self._api.version} is not offered; the org has {offered}")
        if ours <= DEPRECATED_UP_TO:
            return ConnectionReport(
                SYSTEM, True, f"api_version {self._api.version} ends with Summer '28: write a newer one; the org has {offered}"
            )
        return ConnectionReport(SYSTEM, True, f"api_version {self._api.version} is offered ({offered})")

    def _offered(self) -> Sequence[Mapping[str, object]]:
        rows = self._api.listed("/services/data")
        if not rows or not all(isinstance(row, Mapping) and _is_number(row.get("version")) for row in rows):
            raise Retryable(f"{SYSTEM}: /services/data did not list the versions of the API")
        return rows

    def _named(self) -> Iterator[str]:
        for name in self._mapped:
            yield name
            if name in OBJECTS and (lines := OBJECTS[name].lines) is not None and lines.entity not in self._mapped:
                yield lines.entity

    def _object(self, name: str) -> ConnectionReport:
        try:
            faults = self._descriptions.faults(name)
        except NotAvailable as missing:
            if name in self._mapped and self._mapped[name].may_be_absent:
                return ConnectionReport(SYSTEM, True, f"{name} is not available to the integration user, and is told nothing")
            return ConnectionReport(SYSTEM, False, f"{missing.what}. {missing.hint}")
        if faults:
            return ConnectionReport(SYSTEM, False, "; ".join(faults))
        written = len(self._mapped[name].writes) if name in self._mapped else 0
        read = len(self._descriptions.selected(name))
        return ConnectionReport(SYSTEM, True, f"{name}: {read} fields are read, {written} written")

    def _usage(self) -> ConnectionReport:
        self._api.object("limits")
        used = f"{self._quota.usage} of 24 hours are used" if self._quota.usage else "the org says nothing of its quota"
        return ConnectionReport(SYSTEM, True, f"{used}; we stop at {self._quota.share:.0%}")


def _is_number(value: object) -> bool:
    try:
        return float(str(value)) > 0
    except ValueError:
        return False
