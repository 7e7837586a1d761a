"""What the demo says of the gateway's counts."""

from __future__ import annotations

from mlconn_pipelines.gateway.counts import Counts
from mlconn_simulators.demo.events import told


def test_calls_are_told_by_system_and_handshakes_and_refusals_are_none() -> None:
    counts = Counts()
    for integration, source, outcome, seconds in (
        ("acme_bc", "business-central", "handshake", 0.001),
        ("acme_bc", "business-central", "stored", 0.3),
        ("acme_fo", "finance-operations", "ignored", 0.001),
        ("acme", "cleo", "stored", 0.02),
        ("acme_bc", "cleo", "stored", 0.02),
        ("acme", "sap-business-one", "forged", 0.001),
        ("-", "-", "no_such_page", 0.0),
    ):
        counts.request(integration, source, outcome, seconds)
    assert told(counts.text()) == (
        "The gateway took 3 calls that tell of changes (Business Central 1, Cleo 2), refused 2 and answered 6 of 7 within 200 ms"
    )
    assert told(Counts().text()) == "The gateway took 0 calls that tell of changes, refused 0 and answered 0 of 0 within 200 ms"
