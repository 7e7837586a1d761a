"""This build beside the one before it: the same work in turn, pair by pair, in processor seconds of our own processes.

`python -m benchmarks.builds --before REVISION` prints, for each piece of work, the ratio before/now of nine pairs (1.05: this
build needs 5 % less), its median and its spread. Both builds run on the installed packages of today, each from its own source.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from benchmarks.figures import Figure, median, say, table
from benchmarks.x12_files import write_orders

BEFORE = "2fadc82"
"""The last commit before the present line of work; each issue that promises a ratio moves it."""

ROOT = Path(".bench") / "builds"
HERE = Path(__file__).resolve().parents[1]
PAIRS, PAIRS_QUICK = 9, 3
DOCUMENTS = 400
ORDERS = 1_000


@dataclass(frozen=True, slots=True)
class Work:
    """name: as the table has it. least: what the median ratio must reach. line: for `benchmarks.one_build`, empty for X12 work."""

    name: str
    least: float
    line: str = ""
    x12: str = ""


WORKS = (
    Work("end to end, outbound 810, SAP", 0.97, line=f"sap_business_one outbound {DOCUMENTS}"),
    Work("end to end, inbound 850 and its 997, SAP", 0.97, line=f"sap_business_one inbound {DOCUMENTS}"),
    Work("end to end, outbound 810, Business Central", 0.97, line=f"business_central outbound {DOCUMENTS}"),
    Work("end to end, outbound 850, Finance & Operations", 0.97, line=f"finance_operations outbound {DOCUMENTS}"),
    Work("end to end, inbound 810 and its 997, Finance & Operations", 0.97, line=f"finance_operations inbound {DOCUMENTS}"),
    Work("X12 read and validation", 0.97, x12="validate"),
    Work("X12 read, validation, documents", 0.9, x12="documents"),
)


class Build:
    """A folder with one build's source, and the process that does its end-to-end work when asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("MLCONN_", "DAGSTER_"))}
        self.environment["PYTHONPATH"] = str(folder)
        self._worker: subprocess.Popen[str] | None = None

    def __enter__(self) -> Build:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._worker is not None and self._worker.stdin is not None:
            self._worker.stdin.close()
            self._worker.wait(60)

    def end_to_end_ms(self, line: str) -> float:
        """Milliseconds of processor per document."""
        if self._worker is None:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.one_build"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self._answer()
        assert self._worker.stdin is not None
        self._worker.stdin.write(line + "\n")
        self._worker.stdin.flush()
        return self._answer()["cpu_ms"]

    def x12_ms(self, work: str, file: Path) -> float:
        """Milliseconds of processor for the file."""
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.x12_work", work, str(file)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        return float(json.loads(done.stdout)["cpu_s"]) * 1_000

    def _answer(self) -> Mapping[str, float]:
        assert self._worker is not None and self._worker.stdout is not None
        line = self._worker.stdout.readline()
        if not line:
            raise RuntimeError(f"the build in {self.folder.name} ended: run `python -m benchmarks.one_build` there to see why")
        answer: Mapping[str, float] = json.loads(line)
        return answer


def export(revision: str) -> Path:
    """The source of a revision in a folder of its own, with this file's partner as it is here: both builds are asked for the same."""
    folder = (ROOT / revision).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    packed = subprocess.run(["git", "archive", revision], cwd=HERE, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    shutil.copy(HERE / "benchmarks" / "one_build.py", folder / "benchmarks" / "one_build.py")
    return folder


def measure(quick: bool, before: str = BEFORE, only: Sequence[str] = ()) -> Iterator[Figure]:
    """A ratio for each piece of work whose name holds one of `only`, or for all."""
    pairs = PAIRS_QUICK if quick else PAIRS
    ROOT.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        for folder in (ROOT.parent, ROOT):
            folder.chmod(0o711)  # the database server's own account passes through
    orders = write_orders(ROOT / "orders.edi", ORDERS).absolute()
    with ExitStack() as stack:
        old, new = (stack.enter_context(Build(folder)) for folder in (export(before), HERE))
        for work in WORKS:
            if not only or any(word in work.name for word in only):
                yield _ratio(work, before, list(_pairs(work, old, new, orders, pairs)))


def _pairs(work: Work, old: Build, new: Build, orders: Path, pairs: int) -> Iterator[tuple[float, float]]:
    def take(build: Build) -> float:
        return build.end_to_end_ms(work.line) if work.line else build.x12_ms(work.x12, orders)

    for build in (old, new):
        take(build)  # what is compiled and cached at the first time is no one's fault
    sides: tuple[Callable[[], float], Callable[[], float]] = (lambda: take(old), lambda: take(new))
    for number in range(pairs):
        first = number % 2  # neither is always the first
        took = {first: sides[first]()}
        took[1 - first] = sides[1 - first]()
        say(f"  {work.name}: before {took[0]:.2f} ms, now {took[1]:.2f} ms, ratio {took[0] / took[1]:.3f}")
        yield took[0], took[1]


def _ratio(work: Work, before: str, pairs: Sequence[tuple[float, float]]) -> Figure:
    ratios = sorted(old / new for old, new in pairs)
    middle = median(ratios)
    about = (
        f"build {before} against this one, {len(ratios)} pairs in turn, processor seconds; "
        f"{ratios[0]:.3f} to {ratios[-1]:.3f}; medians {median([old for old, _ in pairs]):.2f} and "
        f"{median([new for _, new in pairs]):.2f} ms" + (" a document" if work.line else "")
    )
    return Figure(f"{work.name}, before/now", round(middle, 3), "times", f">= {work.least:g}", middle >= work.least, about)


def main() -> int:
    """Exit codes: 0 every ratio holds, 1 one does not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.builds", description="This build beside an older one.")
    parser.add_argument("--before", default=BEFORE, metavar="REVISION", help=f"a git revision; {BEFORE} where none is named")
    parser.add_argument("--quick", action="store_true", help=f"{PAIRS_QUICK} pairs in place of {PAIRS}")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="work whose name holds the word")
    options = parser.parse_args()
    figures = list(measure(options.quick, options.before, options.only))
    print(table(figures))
    return 0 if all(one.holds for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
