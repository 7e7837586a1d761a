"""The agent without its tunnel, on Windows: `jobs.py JOURNAL`, a job as JSON on each line of its input, results on those of its output."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sage_100_agent.journal import Journal
from sage_100_agent.supervision.allowance import Allowance
from sage_100_agent.supervision.supervisor import Supervisor

SETTINGS = {
    "home": r"C:\Sage\MAS90\Home",
    "companies": {"MER": {"user": "EDI", "password": "secret"}},
    "reference_columns": {"purchase_order": "Comment", "receipt": "Comment", "ap_invoice": "Comment"},
    "batches": {},
    "ansi": "cp1252",
}

if __name__ == "__main__":
    journal = Journal(Path(sys.argv[1]))
    supervisor = Supervisor([sys.executable, "-m", "sage_100_agent.worker"], SETTINGS, journal, Allowance(frozenset({"MER"})))
    supervisor.end_strays()
    supervisor.recover()
    rows: list[object] = []
    for line in sys.stdin:
        rows.clear()
        result = supervisor.run(json.loads(line), lambda page, cursor: rows.extend(page))
        worker = supervisor._worker
        told = {"rows": rows, "hosts": [host.pid for host in worker.hosts] if worker else []}
        print(json.dumps(result | told), flush=True)
    supervisor.close()
    journal.close()
