"""The ledger's stores over one database, each its own class in its own module."""

from __future__ import annotations

import sqlalchemy as sa

from mlconn_pipelines.ledger.acknowledgments import PostgresAcknowledgments
from mlconn_pipelines.ledger.agent_jobs import PostgresAgentJobs
from mlconn_pipelines.ledger.agents import PostgresAgents
from mlconn_pipelines.ledger.claims import PostgresClaims
from mlconn_pipelines.ledger.field_states import PostgresFieldStates
from mlconn_pipelines.ledger.intake import PostgresIntake
from mlconn_pipelines.ledger.operator_actions import PostgresOperator
from mlconn_pipelines.ledger.queue import PostgresQueue
from mlconn_pipelines.ledger.totals import PostgresReports
from mlconn_pipelines.ledger.watch import PostgresWatch


class LedgerStores:
    """Safe to share between threads. engine: of `ledger_engine`. intake: another one where reference data is read otherwise."""

    def __init__(self, engine: sa.Engine, intake: PostgresIntake | None = None) -> None:
        self.engine = engine
        self.queue = PostgresQueue(engine)
        self.intake = intake or PostgresIntake(engine)
        self.claims = PostgresClaims(engine)
        self.acknowledgments = PostgresAcknowledgments(engine)
        self.operator = PostgresOperator(engine)
        self.watch = PostgresWatch(engine)
        self.field_states = PostgresFieldStates(engine)
        self.agents = PostgresAgents(engine)
        self.agent_jobs = PostgresAgentJobs(engine)
        self.reports = PostgresReports(engine)
