"""The simulated org judged by clients that others wrote: each signs in, writes and reads, or subscribes. `make test-peers`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from mlconn_simulators.certificates import Authority

HERE = Path(__file__).parent
WITHIN_S = 60


def main() -> int:
    """Exit codes: 0 all are content, 1 one is not."""
    python, airbyte = _python(".venv", "requirements.txt"), _python(".venv-airbyte", "requirements-airbyte.txt")
    subprocess.run(["npm", "ci", "--silent"], cwd=HERE, check=True)
    clients = {"rest.cjs": ["node"], "events.mjs": ["node"], "rest.py": [str(python)]}
    with tempfile.TemporaryDirectory() as folder:
        pair = Authority(Path(folder), "authority").pair("localhost")
        program = [
            sys.executable,
            "-m",
            "mlconn_simulators.salesforce",
            "--certificate",
            str(pair.certificate),
            "--key",
            str(pair.key),
        ]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as org:
            assert org.stdout is not None
            described = org.stdout.readline()
            try:
                ended = {
                    script: subprocess.run([*how, str(HERE / script), described], timeout=WITHIN_S, check=False).returncode
                    for script, how in clients.items()
                }
                program = [str(airbyte), str(HERE / "airbyte.py"), described, "Opportunity"]
                ended["airbyte.py"] = subprocess.run(program, timeout=WITHIN_S, check=False).returncode
            finally:
                org.terminate()
    failed = [script for script, code in ended.items() if code]
    print(f"{len(ended) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _python(folder: str, requirements: str) -> Path:
    """That of a virtual environment of its own, made when it is missing."""
    python = HERE / folder / "bin" / "python"
    if not python.is_file():
        venv.create(HERE / folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", str(HERE / requirements)], check=True)
    return python


if __name__ == "__main__":
    sys.exit(main())
