"""The X12 engine: how fast it reads, validates, parses and renders on one core, and how it does beside others.

Processor time throughout, of processes of their own, interleaved, so that a busy machine slows both sides of a ratio alike.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figures import Figure, figure, median, note, say
from benchmarks.pyx12_map import write_map
from benchmarks.x12_files import SEGMENTS_OF_ORDER, write_orders
from benchmarks.x12_peers import NotMeasured, install_x12_parser, install_x12_python, read_with_x12_parser, work

ROOT = Path(".bench") / "x12"
PEERS = Path(".bench") / "peers"
ORDERS = 1_000
ORDERS_PYX12 = 100
ORDER_BYTES = 2_058
ROUNDS, ROUNDS_QUICK = 5, 2
STARTS, STARTS_QUICK = 21, 7
_FIRST_CHECK = "import sys; from mlconn_pipelines.x12.check import check_file; check_file(open(sys.argv[1], 'rb').read())"
_MEGABYTE = 1_000_000


def measure(quick: bool) -> Iterator[Figure]:
    """Reading and its peers, documents, rendering, a large file, the first small file of a process."""
    ROOT.mkdir(parents=True, exist_ok=True)
    yield from _rates(ROUNDS_QUICK if quick else ROUNDS)
    yield from _large(10 if quick else 100, 1 if quick else 3)
    yield from _start(STARTS_QUICK if quick else STARTS)


def _rates(rounds: int) -> Iterator[Figure]:
    orders = write_orders(ROOT / "orders_4010.edi", ORDERS)
    orders_5010 = write_orders(ROOT / "orders_5010.edi", ORDERS, "005010")
    hundred, single = write_orders(ROOT / "orders_100.edi", ORDERS_PYX12), write_orders(ROOT / "orders_1.edi", 1)
    write_map(ROOT / "pyx12_map")
    segments = ORDERS * SEGMENTS_OF_ORDER + 4
    missing: dict[str, str] = {}
    works: dict[str, Callable[[], float]] = {
        "validate": lambda: segments / work("validate", orders)["cpu_s"],
        # Its reading of the map is left out, by what a file of one set takes.
        "pyx12": lambda: (
            (ORDERS_PYX12 - 1) * SEGMENTS_OF_ORDER / (work("pyx12", hundred)["cpu_s"] - work("pyx12", single)["cpu_s"])
        ),
        "documents": lambda: segments / work("documents", orders)["cpu_s"],
        "render": lambda: 1_000 / work("render", orders)["cpu_s"],
        "render alone": lambda: 1_000 / work("render", orders)["without_reread_cpu_s"],
    }
    try:
        installed = install_x12_python(PEERS)
        works["x12-python"] = lambda: segments / work("x12_python", orders_5010, installed)["cpu_s"]
    except NotMeasured as why:
        missing["x12-python"] = str(why)
    try:
        node = install_x12_parser(PEERS)
        works["x12-parser"] = lambda: segments / read_with_x12_parser(node, orders)["cpu_s"]
    except NotMeasured as why:
        missing["x12-parser"] = str(why)
    rates: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        for name, run in works.items():
            if name in missing:
                continue
            try:
                rates[name].append(run())
            except NotMeasured as why:
                if name in ("pyx12", "x12-python", "x12-parser"):
                    missing[name] = str(why)
                else:
                    raise
        say(f"  round {number + 1}: " + ", ".join(f"{name} {values[-1]:,.0f}/s" for name, values in rates.items()))
    sample = f"{segments:,} segments in {ORDERS} 850s, {orders.stat().st_size / _MEGABYTE:.2f} MB, one core"
    ours = median(rates["validate"])
    yield figure("X12 read and validation", ours, "segments/s", ">=", 500_000, sample)
    yield _ratio("pyx12 with our grammar as its map", rates["validate"], rates["pyx12"], 40, missing.get("pyx12"))
    yield _ratio("x12-python's parse", rates["validate"], rates["x12-python"], 6, missing.get("x12-python"))
    yield _ratio("x12-parser's read on Node", rates["validate"], rates["x12-parser"], 0.8, missing.get("x12-parser"))
    yield figure("X12 read, validation, documents", median(rates["documents"]), "segments/s", ">=", 150_000, sample)
    about = "810s of 20 lines, each an interchange"
    yield figure("X12 rendering", median(rates["render alone"]), "documents/s", ">=", 4_000, about)
    yield figure(
        "X12 rendering, read again", median(rates["render"]), "documents/s", ">=", 1_000, f"{about}, re-read and validated"
    )


def _ratio(peer: str, ours: list[float], theirs: list[float], limit: float, missing: str | None) -> Figure:
    name = f"X12 read and validation against {peer}"
    if missing or not theirs:
        return Figure(name, 0.0, "(not measured)", f">= {limit:g}", None, f"it could not be installed or run: {missing}")
    about = f"{median(ours):,.0f} to {median(theirs):,.0f} segments/s, medians of {len(theirs)} interleaved runs"
    return figure(name, median(ours) / median(theirs), "times", ">=", limit, about)


def _large(megabytes: int, rounds: int) -> Iterator[Figure]:
    large = write_orders(ROOT / "large.edi", megabytes * _MEGABYTE // ORDER_BYTES)
    tenth = write_orders(ROOT / "tenth.edi", megabytes * _MEGABYTE // ORDER_BYTES // 10)
    sizes = [file.stat().st_size for file in (large, tenth)]
    per_byte: list[list[float]] = [[], []]
    peak = 0.0
    for _ in range(rounds):
        for file, size, took in zip((large, tenth), sizes, per_byte, strict=True):
            result = work("check", file)
            took.append(result["cpu_s"] / size)
            peak = max(peak, result["peak_mb"])
    command_peak = work("command", large)["peak_mb"]
    large.unlink()
    tenth.unlink()
    about = f"one interchange of {sizes[0] / _MEGABYTE:.0f} MB, mapped"
    yield figure("memory to check a large X12 file", peak, "MB", "<=", 150, f"{about}; the whole process")
    yield figure("memory of mlconn x12 check", command_peak, "MB", "<=", 150, f"{about}; the whole process")
    growth = median(per_byte[0]) / median(per_byte[1])
    yield figure("X12 check, time per byte of a large file", growth, "times", "<=", 1.15, f"against a tenth of it; {about}")


def _start(starts: int) -> Iterator[Figure]:
    small = write_orders(ROOT / "orders_1.edi", 1)
    with_check, bare, imports = [], [], []
    _cpu_ms(["-c", _FIRST_CHECK, str(small)])  # compiles what is not compiled yet
    for _ in range(starts):
        with_check.append(_cpu_ms(["-c", _FIRST_CHECK, str(small)])[0])
        bare.append(_cpu_ms(["-c", "pass"])[0])
        timed = _cpu_ms(["-X", "importtime", "-c", "import mlconn_pipelines.x12.check"])[1]
        imports.append(int(timed.splitlines()[-1].split("|")[1]) / 1_000)
    about = f"import and check of one 850, processor time beyond the bare interpreter's; medians of {starts} processes"
    yield figure("first X12 check of a process", median(with_check) - median(bare), "ms", "<=", 80, about)
    yield note("import of the X12 check", median(imports), "ms", "elapsed, by -X importtime, which slows it")


def _cpu_ms(arguments: list[str]) -> tuple[float, str]:
    """Processor time of a child process of the interpreter, and what it said on standard error."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str((ROOT / "compiled").resolve())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1_000, done.stderr
