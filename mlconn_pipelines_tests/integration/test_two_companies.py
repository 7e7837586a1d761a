"""Two companies of one system over sockets: nothing crosses, one sign-in serves both, and the trouble of one is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines.flows.running import run_flow
from mlconn_pipelines.wiring.stores import open_stores
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import run_of
from mlconn_pipelines_tests.systems.all_systems import BC, FO, SAP
from mlconn_pipelines_tests.systems.companies import PARTNERS, SECOND_SAP_CREDENTIAL, Company, two_companies
from mlconn_pipelines_tests.systems.system import System, Written
from mlconn_simulators.demo.configuration import CLEO_CREDENTIAL

pytestmark = pytest.mark.database

Two = tuple[Company, Company]
Open = Callable[[type[System]], Two]


@pytest.fixture
def both(stage: Stage) -> Iterator[Open]:
    with ExitStack() as stack:

        def opened(system: type[System]) -> Two:
            late = 3600 if system is FO else 0.2
            flows = {flow: None for flow in SAP.kinds if flow != system.flow}
            scene = stage(system=system, late_max_s=late, only=list(PARTNERS[system.kind]), flows=flows)
            companies = stack.enter_context(two_companies(scene))
            for company in companies:
                with company.pipeline() as pipeline:
                    refresh_reference(pipeline.system, run_of(pipeline, "reference"))
            return companies

        yield opened


def run(company: Company) -> None:
    """All flows of one company, as a process of its own would."""
    with company.pipeline() as pipeline:
        for flow in pipeline.settings.flow_names:
            run_flow(pipeline, run_of(pipeline, flow))


def settle(*companies: Company) -> None:
    for _ in range(3):
        for company in companies:
            run(company)
        companies[0].scene.wait_for_partners()


def write(company: Company) -> Written:
    return company.scene.system.write(company.scene, company.partner)


def send(company: Company, written: Written) -> None:
    """What becomes a record there: an order, or the invoice for the order that they got."""
    if company.scene.system.inbound_set == "810":
        clerks.answer_order(company.scene, company.partner, written.number, "810")
    else:
        company.scene.partner.send_orders(1, partner=company.partner)


def documents(company: Company, flow: str, *set_ids: str) -> list[tuple[str, str, str]]:
    with company.pipeline() as pipeline:
        rows = pipeline.engine.queue.documents(company.name, flow, tuple(State), due_only=False, set_ids=set_ids)
    return [(row.partner, row.business_number, row.state.value) for row in rows]


@pytest.mark.parametrize("system", [SAP, BC, FO], ids=lambda system: system.kind)
def test_documents_go_out_and_come_in_and_nothing_crosses(both: Open, system: type[System]) -> None:
    one, _ = companies = both(system)
    written = [write(company) for company in companies]
    if system is not FO:  # where both number their documents alike, so that only the company tells them apart
        assert written[0].number == written[1].number
    settle(*companies)
    for company, document in zip(companies, written, strict=True):
        assert documents(company, system.flow, system.set_id) == [(company.partner, document.number, "accepted")]
        (got,) = one.scene.received(system.set_id, document.number, company.partner)
        assert got.faults == []
    for company, document in zip(companies, written, strict=True):
        send(company, document)
    settle(*companies)
    for company in companies:
        (posted,) = documents(company, INBOUND, system.inbound_set)
        assert posted[::2] == (company.partner, "posted")
        references = [each.reference for each in company.scene.system.created()]
        assert sum(reference.startswith(f"{company.name}:{system.target}:") for reference in references) == 1
        assert len(references) == (2 if system is FO else 1), "one environment of F&O keeps those of both"
    rows = one.scene.rows("SELECT DISTINCT integration, partner FROM document ORDER BY 1, 2")
    assert [(row["integration"], row["partner"]) for row in rows] == [(each.name, each.partner) for each in companies]
    marks = one.scene.rows("SELECT integration FROM watermark WHERE name = %s ORDER BY 1", system.flow)
    assert [row["integration"] for row in marks] == ["acme_one", "acme_two"]
    signed_in = [company.scene.system.sign_ins() for company in companies]
    assert signed_in == [(1, 0), (1, 0)], "a database of SAP has its own; all companies of Dynamics share the one"
    cleo = one.scene.rows("SELECT generation FROM session WHERE name = %s", CLEO_CREDENTIAL)
    assert cleo == [{"generation": 1}], "one sign-in to the tenant for both"


@pytest.mark.parametrize("system", [SAP, BC, FO], ids=lambda system: system.kind)
def test_trouble_of_one_company_does_not_stop_the_other(both: Open, system: type[System], impatient: Any) -> None:
    one, two = both(system)
    first, second = write(one), write(two)
    path = "demf" if system is FO else system.read_path
    fault = two.scene.system.faults.arm("500", path, count=None)
    with pytest.raises(ConnectorError):
        run(two)
    settle(one)
    assert documents(one, system.flow, system.set_id) == [(one.partner, first.number, "accepted")]
    assert documents(two, system.flow) == []
    two.scene.system.faults.disarm(fault)
    settle(two)
    assert documents(two, system.flow, system.set_id) == [(two.partner, second.number, "accepted")]


def test_a_refused_user_of_one_database_stops_that_database_alone(both: Open) -> None:
    one, two = both(SAP)
    with open_stores(one.scene.settings) as stores:
        stores.credentials.set(SECOND_SAP_CREDENTIAL, two.scene.system.credential(sound=False))
    first = write(one)
    for _ in range(3):
        with pytest.raises(ConnectorError):
            run(two)
    settle(one)
    assert documents(one, SAP.flow, "810") == [(one.partner, first.number, "accepted")]
    assert two.scene.system.sign_ins() == (1, 2), "two refused tries, then it stands still"
