"""What every test of this room asks at its end: everything left and arrived, and nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.system import Created, Written
from mlconn_simulators.partner.outbox import Sent


def assert_once_each(scene: Scene, written: Sequence[Written], sent: Sequence[Sent]) -> None:
    """written: documents of the ERP that were to leave. sent: of the partner, which were to become records."""
    erp = scene.system
    known = {row.business_number for row in scene.documents(erp.flow)}
    assert known >= {one.number for one in written}
    got = Counter(one.business_number for one in scene.received(erp.set_id))
    assert set(got) == known and set(got.values()) == {1}
    assert not scene.partner.inbox.business_duplicates
    rows = erp.inbound_documents(scene)
    assert [(row.state, row.reason) for row in rows if row.state != State.POSTED] == []
    expected = [Created(row.business_number, erp.reference(row.id)) for row in rows]
    assert sorted(erp.created(), key=str) == sorted(expected, key=str)
    assert sorted(one.number for one in erp.created()) == sorted(one.business_number for one in sent)
    assert erp.left_overs() == []
