"""One answer in twenty is wrong, on both sides; rounds of runs until nothing moves any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlconn_pipelines.errors import ConnectorError
from mlconn_pipelines_tests.scenario import Scene

AFTER_STORING = {"cut_after", "500_after", "502_after", "cut_body", "slow_after"}
BEFORE_STORING = {"429", "500", "500_empty", "502_html", "503", "cut_before"}
EVERY_ERP_S_FAULTS = (*BEFORE_STORING, *AFTER_STORING)
CLEO_FAULTS = [*BEFORE_STORING, *AFTER_STORING, "expired", "refresh_refused", "vanished"]
ROUNDS_MAX = 40
QUIET_ROUNDS = 3


def arm(scene: Scene, seed: int, lies: Sequence[str] = ()) -> None:
    """One request in twenty, on both sides; a 401 only where it is no sign-in, since two of those stop a connection.

    lies: further faults, of `sandbox.lies`.
    """
    options: dict[str, Any] = {"seed": seed, "seconds": 0.2, "retry_after": 0}
    erp = scene.system
    erp.faults.arm("random", rate=0.05, names=[*EVERY_ERP_S_FAULTS, *erp.own_faults, *lies], **options)
    scene.cleo.faults.arm("random", rate=0.05, names=[*CLEO_FAULTS, *lies], **options)
    erp.fail_at_random(seed)
    for path in (erp.read_path, *erp.post_paths):
        erp.faults.arm("random", path=path, rate=0.01, names=["401"], seed=seed)
    for path in ("/folders", "/files"):
        scene.cleo.faults.arm("random", path=path, rate=0.01, names=["401"], seed=seed)


def run_until_settled(scene: Scene) -> None:
    """Rounds with faults until nothing moves any more."""
    quiet, before = 0, None
    now: object = None
    for _ in range(ROUNDS_MAX):
        try:
            scene.run()
        except (
            ConnectorError
        ) as ended:  # a lie that a whole run hangs on, such as a listing without our company; the next goes on
            quiet, now = 0, str(ended)
            continue
        scene.hours_pass()
        now = rows = scene.rows("SELECT flow, direction, state, count(*) FROM document GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
        open_ = sum(row["count"] for row in rows if row["state"] in ("pending_validation", "ready"))
        quiet = quiet + 1 if now == before and not open_ and not scene.announced_soon() else 0
        if quiet == QUIET_ROUNDS:
            return
        before = now
    raise AssertionError(f"still not settled: {now}")
