"""The fake ledger: stores in memory over shared dictionaries, for tests of use cases. Held to the contract tests of the real ones."""

from __future__ import annotations

from mlconn_pipelines_tests.fake_ledger.acknowledgments import FakeAcknowledgments
from mlconn_pipelines_tests.fake_ledger.agent_jobs import FakeAgentJobs
from mlconn_pipelines_tests.fake_ledger.agents import FakeAgents
from mlconn_pipelines_tests.fake_ledger.claims import FakeClaims
from mlconn_pipelines_tests.fake_ledger.field_states import FakeFieldStates
from mlconn_pipelines_tests.fake_ledger.intake import FakeIntake
from mlconn_pipelines_tests.fake_ledger.operator_actions import FakeOperator
from mlconn_pipelines_tests.fake_ledger.queue import FakeQueue
from mlconn_pipelines_tests.fake_ledger.shelves import Shelves
from mlconn_pipelines_tests.fake_ledger.watch import FakeWatch


class FakeLedger:
    """As `LedgerStores`. shelves: what is in it."""

    def __init__(self) -> None:
        self.shelves = Shelves()
        self.queue = FakeQueue(self.shelves)
        self.intake = FakeIntake(self.shelves)
        self.claims = FakeClaims(self.shelves)
        self.acknowledgments = FakeAcknowledgments(self.shelves)
        self.operator = FakeOperator(self.shelves)
        self.watch = FakeWatch(self.shelves)
        self.field_states = FakeFieldStates(self.shelves)
        self.agents = FakeAgents(self.shelves)
        self.agent_jobs = FakeAgentJobs(self.shelves)
