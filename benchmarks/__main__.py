"""`python -m benchmarks [--only NAME] [--quick]`: measure, print one table, write `benchmarks/results.json`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time

from benchmarks.figures import RESULTS, Figure, say, table, write

NAMES = (
    "end_to_end",
    "memory",
    "rate_limit",
    "idle_poll",
    "ledger_size",
    "latency",
    "gateway",
    "agents",
    "x12",
    "business_central",
    "salesforce",
    "salesforce_balances",
    "change_events",
    "sync_latency",
    "sage_latency",
    "builds",
)
"""Modules of this package, in the order in which they are measured; each has `measure(quick)`."""


def main() -> int:
    """Exit codes: 0 every target holds, 1 one does not, or could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What the product must reach, measured.")
    parser.add_argument(
        "--only", metavar="NAME", choices=NAMES, action="append", help=f"one of {', '.join(NAMES)}; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="fewer documents; prints, and writes no results")
    options = parser.parse_args()
    figures: list[Figure] = []
    failed = []
    for name in options.only or NAMES:
        say(f"{name} …")
        began = time.monotonic()
        try:
            for one in importlib.import_module(f"benchmarks.{name}").measure(options.quick):
                figures.append(one)
                say(f"  {one.name}: {one.value:g} {one.unit} (target {one.target or 'none'})")
        except Exception as trouble:  # the others are measured all the same
            failed.append(name)
            say(f"  {name} could not be measured: {type(trouble).__name__}: {trouble}")
        say(f"  {time.monotonic() - began:.0f} s")
    if figures:
        print(table(figures))
    if not options.quick:
        write(figures, RESULTS)
    return 1 if failed or any(one.holds is False for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
