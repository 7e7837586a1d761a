"""One run in a process of its own: `python -m benchmarks.run_process FLOW`, told by MLCONN_* where everything is.

Like a run that Dagster starts, it loads the definitions first; unlike one it says what it did as one JSON line.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import resource
import sys
import time


def main() -> None:
    """FLOW: an outbound flow, `inbound`, or `reference`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run_process")
    parser.add_argument("flow")
    parser.add_argument("--wait-for-line", action="store_true", help="begin when a line comes on standard input")
    options = parser.parse_args()

    import mlconn_pipelines.definitions  # noqa: F401 - a run has Dagster and all assets in memory
    from mlconn_pipelines.flows.ports.entries import Run
    from mlconn_pipelines.flows.reference import refresh_reference
    from mlconn_pipelines.flows.running import run_flow
    from mlconn_pipelines.flows.tally import Tally
    from mlconn_pipelines.wiring.pipeline import open_pipeline
    from mlconn_simulators.demo.configuration import INTEGRATION

    times: dict[str, float] = {}
    tallies: dict[str, Tally] = {}
    with open_pipeline(INTEGRATION) as pipeline:
        run = Run(
            INTEGRATION,
            options.flow,
            f"bench-{os.getpid()}",
            dt.datetime.now(dt.UTC).date(),
            config_hash=pipeline.engine.config_hash,
        )
        if options.wait_for_line:
            print("waiting", flush=True)
            sys.stdin.readline()
        cpu_before_s = sum(os.times()[:2])
        began = last = time.time()

        def progress(step: str, tally: Tally) -> None:
            nonlocal last
            times[step], last = round(time.time() - last, 3), time.time()
            tallies[step] = tally

        if options.flow == "reference":
            progress("reference", Tally.of(refresh_reference(pipeline.system, run).values()))
        else:
            run_flow(pipeline, run, progress=progress)
        ended, cpu_s = time.time(), sum(os.times()[:2]) - cpu_before_s
        calls = {"erp": pipeline.erp.calls, "exchange": pipeline.exchange.calls}
    print(
        json.dumps(
            {
                "began": began,
                "ended": ended,
                "steps": times,
                "counts": {step: dict(tally.counts) for step, tally in tallies.items()},
                "problems": [problem for tally in tallies.values() for problem in tally.problems][:20],
                "stopped": [tally.stopped for tally in tallies.values() if tally.stopped],
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "cpu_s": cpu_s,
                "calls": calls,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
