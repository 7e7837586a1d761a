"""Each request about subscriptions answered once by each answer that is none: one subscription an entity in the end, all of them ours.

They are looked after once a day and by themselves, so they are no part of the matrix of documents.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest

from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines.flows.subscribing import repair_subscriptions
from mlconn_pipelines_tests.integration.business_central_scene import BusinessCentralScene
from mlconn_pipelines_tests.integration.test_events import repaired, told
from mlconn_pipelines_tests.resilience.conftest import Stage
from mlconn_pipelines_tests.resilience.liar import ALL_LIES, LATE_COMMIT, REPEATING
from mlconn_pipelines_tests.scenario import wait_until

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.usefixtures("eager")]

ENTITIES = ["salesInvoices", "salesOrders"]
TIME_OUT_S = 0.5


def _list(bc: BusinessCentralScene) -> None:
    bc.company.clock.move(dt.timedelta(minutes=1))


def _renew(bc: BusinessCentralScene) -> None:
    bc.company.clock.move(dt.timedelta(hours=25))


def _make(bc: BusinessCentralScene) -> None:
    bc.company.clock.move(dt.timedelta(days=4))


def _both(bc: BusinessCentralScene) -> None:
    """One of them is to go, as after a flow was switched off."""
    repaired(bc)


ASKED = {
    "list": ("GET", _list),
    "create": ("POST", _make),
    "renew": ("PATCH", _renew),
    "delete": ("DELETE", _both),
}


@pytest.mark.parametrize("asked", ASKED)
def test_one_subscription_an_entity_is_left_whatever_is_answered(stage: Stage, asked: str) -> None:
    method, before = ASKED[asked]
    wanted = ENTITIES[:1] if asked == "delete" else ENTITIES
    with told(stage, erp={"timeout_s": TIME_OUT_S}) as (bc, _):
        repaired(bc)
        for lie in ALL_LIES:
            before(bc)
            name, options = ("slow", {"seconds": 2 * TIME_OUT_S}) if lie == LATE_COMMIT else (lie, {})
            fault = bc.company.faults.arm(name, "/subscriptions", method=method, skip=int(lie in REPEATING), **options)
            done = _looked_after(bc, wanted)
            assert fault.left == 0 or lie in (*REPEATING, "200_looping"), lie
            if asked != "list":
                assert len(set(done) & set(wanted)) >= 1, f"{lie} kept the other one from being looked after: {done}"
            bc.company.faults.disarm()
            assert wait_until(lambda: _settled(bc, wanted), 10.0), (lie, _there(bc))


def _looked_after(bc: BusinessCentralScene, wanted: Sequence[str]) -> list[str]:
    """Entities that have what they need after one go, or what went wrong."""
    with bc.scene.pipeline() as pipeline:
        routes = [route for route in pipeline.routes() if route.declared.entity in wanted]
        try:
            done = repair_subscriptions(pipeline.engine, pipeline.subscribing, routes, bc.company.clock.now())
        except ConnectorError as trouble:
            return [str(trouble)]
    return [*done.made, *done.renewed, *done.kept]


def _settled(bc: BusinessCentralScene, wanted: Sequence[str]) -> bool:
    bc.scene.rows("UPDATE open_attempt SET absence_proves_at = now() - interval '1 s'")
    _looked_after(bc, wanted)
    return _there(bc) == wanted


def _there(bc: BusinessCentralScene) -> list[str]:
    now = bc.company.clock.now()
    return sorted(
        str(one["resource"]).rpartition("/")[2]
        for one in bc.company.state()["subscriptions"]
        if dt.datetime.fromisoformat(str(one["expirationDateTime"])) > now
    )
