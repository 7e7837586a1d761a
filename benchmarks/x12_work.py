"""One piece of X12 work in a process of its own: `python -m benchmarks.x12_work WORK FILE`. Prints one JSON line.

cpu_s: processor time of the work alone, the interpreter's start and the imports not counted. peak_mb: of the whole process.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import mmap
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    """WORK: a function of this module. FILE: what it reads."""
    work, file = WORKS[sys.argv[1]], Path(sys.argv[2])
    print(json.dumps({**work(file), "peak_mb": _peak_mb()}))


def validate(file: Path) -> dict[str, float]:
    """Reads and validates everything; the second to fourth time, as a worker does that has seen this partner before."""
    from mlconn_pipelines.x12.reader import read
    from mlconn_pipelines.x12.validation import validate as findings_of

    data = file.read_bytes()

    def once() -> None:
        for interchange in read(data).interchanges:
            for group, transaction_set in interchange.sets():
                if findings_of(transaction_set, group.version):
                    raise RuntimeError("the sample file is not clean")

    return _timed(once)


def documents(file: Path) -> dict[str, float]:
    """The same, and every set made into its document."""
    from mlconn_pipelines.x12.parsing import parse_document
    from mlconn_pipelines.x12.reader import read
    from mlconn_pipelines.x12.validation import validate as findings_of

    data = file.read_bytes()

    def once() -> None:
        for interchange in read(data).interchanges:
            for group, transaction_set in interchange.sets():
                if findings_of(transaction_set, group.version) or parse_document(transaction_set)[0] is None:
                    raise RuntimeError("the sample file is not clean")

    return _timed(once)


def check(file: Path) -> dict[str, float]:
    """A mapped file of any size, once."""
    from mlconn_pipelines.x12.check import check_file

    with file.open("rb") as opened:
        data = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    began = time.process_time()
    report = check_file(data)
    if not report.is_clean or not report.transaction_sets:
        raise RuntimeError("the sample file is not clean")
    return {"cpu_s": time.process_time() - began}


def command(file: Path) -> dict[str, float]:
    """`mlconn x12 check FILE`, in this process, so that its memory is this process's."""
    from mlconn_pipelines.cli.app import main as mlconn

    sys.argv = ["mlconn", "x12", "check", str(file)]
    began = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        mlconn()
    if ": accepted; " not in said.getvalue():
        raise RuntimeError(f"mlconn x12 check said: {said.getvalue()[:500]}")
    return {"cpu_s": time.process_time() - began}


def pyx12(file: Path) -> dict[str, float]:
    """pyx12's validation with our grammar as its map, from the folder beside the file; a 997 written as it always does."""
    import pyx12.params
    import pyx12.x12n_document

    began = time.process_time()
    maps = str(file.parent / "pyx12_map")
    if not pyx12.x12n_document.x12n_document(pyx12.params.ParamsBase(), str(file), io.StringIO(), None, map_path=maps):
        raise RuntimeError("pyx12 finds the sample file wrong")
    return {"cpu_s": time.process_time() - began}


def x12_python(file: Path) -> dict[str, float]:
    """x12-python's parse, which checks next to nothing."""
    from x12 import Parser  # type: ignore[import-not-found]

    text = file.read_text("ascii")

    def once() -> None:
        if not Parser().parse(text).functional_groups[0].transactions:
            raise RuntimeError("x12-python finds no set in the sample file")

    return _timed(once)


def render(file: Path) -> dict[str, float]:
    """An 810 a thousand times without reading it again, then with; of FILE nothing is read."""
    from benchmarks.x12_files import GUIDE, invoice
    from mlconn_pipelines.x12 import rendering

    document, at = invoice(), dt.datetime(2026, 3, 4, 5, 6)

    def thousand() -> None:
        for n in range(1, 1_001):
            made = rendering.render_interchange(document, GUIDE, interchange_number=n, group_number=n, set_number=n, at=at)
            if made.findings:
                raise RuntimeError(f"the sample document is not clean: {made.findings[0].message}")

    with_reread = _timed(thousand)["cpu_s"]
    rendering.reread_findings = lambda content, guide: []
    return {"cpu_s": with_reread, "without_reread_cpu_s": _timed(thousand)["cpu_s"]}


def _timed(work: Callable[[], None], times: int = 3) -> dict[str, float]:
    work()
    took = []
    for _ in range(times):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return {"cpu_s": statistics.median(took)}


def _peak_mb() -> float:
    """Highest resident memory. Not getrusage: it counts what the parent had in memory when it started this process."""
    about = Path("/proc/self/status")
    for line in about.read_text("ascii").splitlines() if about.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


WORKS = {work.__name__: work for work in (validate, documents, check, command, pyx12, x12_python, render)}

if __name__ == "__main__":
    main()
