"""Events in the demo: the simulated systems are told where the gateway is, clerks enter documents, and what came of it in words."""

from __future__ import annotations

import re
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from mlconn_pipelines.config.events import CLEO, SECRET_FIELD, source_of
from mlconn_pipelines.errors import MlconnError
from mlconn_simulators.demo.credentials import Vault
from mlconn_simulators.demo.description import DemoSystem, Described
from mlconn_simulators.demo.reading import TIMEOUT_S, answers, done, state

ENTERED = 3
"""Documents that clerks enter in each ERP once it tells of them."""

SUBSCRIBED_WITHIN_S = 90.0
WITHIN_S = 0.2
"""What the gateway's answers are held against."""

_NAMES: Mapping[str, str] = {
    "sap-business-one": "SAP Business One",
    "business-central": "Business Central",
    "finance-operations": "Finance & Operations",
    CLEO: "Cleo",
}
_SAMPLE = re.compile(r'mlconn_gateway_requests_total\{integration="[^"]*",source="([^"]*)",outcome="([^"]*)"\} (\d+)')
_OF_AGENTS = "agent_"
"""What agents say tells of no changes, and a start of theirs begins with a refusal."""
_ANSWERED = re.compile(r'mlconn_gateway_answer_seconds_bucket\{le="([^"]*)"\} (\d+)')
_LAUNCH = """mutation Launch($job: String!) {
  launchRun(executionParams: {
    selector: {repositoryLocationName: "mlconn_pipelines", repositoryName: "__repository__", jobName: $job}
  }) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } }
}"""


@dataclass(slots=True)
class Events:
    """What happens beside the flows, step by step: `go_on` is called now and then until `over`.

    gateway, ui: addresses; the gateway need not answer yet. missing: who could not be brought to tell, in words.
    """

    systems: Sequence[DemoSystem]
    described: Described
    gateway: str
    ui: str
    over: bool = False
    missing: list[str] = field(default_factory=list)
    _secrets: dict[str, str] = field(default_factory=dict, repr=False)
    _told: bool = False
    _launched_at: float | None = None

    def share_secrets(self, vault: Vault) -> None:
        """A secret for each sender, into the vault; its sender gets it later."""
        for system in self.systems:
            for name in (system.erp_tells, system.cleo_tells):
                self._secrets[name] = secrets.token_hex(24)
                vault.set(name, {SECRET_FIELD: self._secrets[name]})

    def go_on(self) -> None:
        """Take the next step if it can be taken now. Errors: MlconnError where a system refuses it."""
        try:
            if not self._told:
                self._tell_where()
            elif self._launched_at is None:
                self._subscribe()
            elif not self.over and self._subscribed():
                self._enter_documents()
                self.over = True
        except httpx.HTTPStatusError as refusal:
            raise MlconnError(
                f"a simulated system refused to tell of events: {refusal.response.text[:300]}", "See the gateway's log."
            ) from None

    def _tell_where(self) -> None:
        """As administrators and people at Cleo do it, once the gateway can answer: F&O sends it a test message first."""
        if not answers(f"{self.gateway}/ready"):
            return
        for system in self.systems:
            if system.tells is not None:
                address = f"{self.gateway}/hooks/{system.integration}/{source_of(system.kind)}"
                system.tells(self.described, address, self._secrets[system.erp_tells])
            cleo = {"url": f"{self.gateway}/hooks/{system.integration}/{CLEO}"}
            shown = {"X-Mlconn-Secret": self._secrets[system.cleo_tells]}
            done(self.described[system.kind]["cleo"]["state"], "hooks", headers=shown, **cleo)
        self._told = True

    def _subscribe(self) -> None:
        """Our own job does, at once instead of at minute 7."""
        if self._subscribers and not answers(f"{self.ui}/server_info"):
            return
        for system in self._subscribers:
            job = f"{system.integration}_subscriptions"
            query = {"query": _LAUNCH, "variables": {"job": job}}
            answer = httpx.post(f"{self.ui}/graphql", json=query, timeout=TIMEOUT_S)
            answer.raise_for_status()
            said = answer.json().get("data", {}).get("launchRun", {})
            if said.get("__typename") != "LaunchRunSuccess":
                raise MlconnError(f"Dagster did not take {job}: {answer.text[:300]}", f"Look for the job at {self.ui}.")
        self._launched_at = time.monotonic()

    @property
    def _subscribers(self) -> list[DemoSystem]:
        return [system for system in self.systems if system.tells is None and not system.agent]

    def _subscribed(self) -> bool:
        assert self._launched_at is not None
        without = [
            system
            for system in self._subscribers
            if not state(self.described[system.kind]["state"], source="0")["subscriptions"]
        ]
        if without and time.monotonic() - self._launched_at < SUBSCRIBED_WITHIN_S:
            return False
        self.missing += [f"{system.integration} got no subscription within {SUBSCRIBED_WITHIN_S:.0f} s" for system in without]
        return True

    def _enter_documents(self) -> None:
        for system in self.systems:
            done(self.described[system.kind]["state"], "activity", count=ENTERED, sound=True)

    def words(self) -> str:
        """What the gateway took, by its own counts."""
        try:
            counts = httpx.get(f"{self.gateway}/metrics", timeout=TIMEOUT_S).text
        except httpx.HTTPError as trouble:
            return f"The gateway tells no counts: {type(trouble).__name__}."
        return "; ".join([told(counts), *self.missing]) + "."


def told(counts: str) -> str:
    """The gateway's counts in words; handshakes and test messages tell of none. One call may tell of many. counts: its `/metrics`."""
    took: Counter[str] = Counter()
    refused = 0
    for source, outcome, count in _SAMPLE.findall(counts):
        if source.startswith(_OF_AGENTS):
            continue
        if outcome == "stored":
            took[source] += int(count)
        elif outcome not in ("handshake", "ignored"):
            refused += int(count)
    answered = {bound: int(count) for bound, count in _ANSWERED.findall(counts)}
    by_system = ", ".join(f"{name} {took[source]}" for source, name in _NAMES.items() if took[source])
    return (
        f"The gateway took {sum(took.values())} calls that tell of changes"
        + (f" ({by_system})" if by_system else "")
        + f", refused {refused} "
        f"and answered {answered.get(f'{WITHIN_S:g}', 0)} of {answered.get('+Inf', 0)} within {WITHIN_S * 1000:.0f} ms"
    )
