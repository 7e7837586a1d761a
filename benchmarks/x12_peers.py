"""Other X12 readers, each in a folder of its own under `.bench/peers`, from the registries that pip and npm are set up with."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from benchmarks.peers import NotMeasured, installed_by_pip, run_program

_NODE_PROGRAM = """
const { createReadStream } = require('node:fs');
const { createRequire } = require('node:module');
const { X12parser } = createRequire(process.argv[1] + '/')('x12-parser');
const once = () => new Promise((done, fail) => {
  let segments = 0;
  const before = process.cpuUsage();
  createReadStream(process.argv[2]).pipe(new X12parser())
    .on('data', () => { segments += 1; }).on('error', fail)
    .on('end', () => { const took = process.cpuUsage(before); done([segments, (took.user + took.system) / 1e6]); });
});
(async () => {
  await once();
  const runs = [await once(), await once(), await once()].sort((a, b) => a[1] - b[1]);
  console.log(JSON.stringify({ segments: runs[1][0], cpu_s: runs[1][1] }));
})();
"""


def install_x12_python(peers: Path) -> Path:
    """The folder to put on PYTHONPATH."""
    return installed_by_pip(peers, "x12-python", "0.1.0")


def install_x12_parser(peers: Path) -> Path:
    """The folder with its node_modules."""
    folder = peers / "x12-parser-1.3.0"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NotMeasured("node and npm are not there")
    if not (folder / "node_modules" / "x12-parser").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        run_program(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), "x12-parser@1.3.0"])
    return folder


def read_with_x12_parser(folder: Path, file: Path) -> dict[str, float]:
    """Its read of a file, the median of three after a first one."""
    return _result(["node", "-e", _NODE_PROGRAM, str(folder.resolve()), str(file.resolve())])


def work(name: str, file: Path, also_on_path: Path | None = None) -> dict[str, float]:
    """A piece of work of `x12_work` in a process of its own."""
    path = [str(also_on_path.resolve())] if also_on_path else []
    path += [entry for entry in (str(Path.cwd()), os.environ.get("PYTHONPATH", "")) if entry]
    return _result([sys.executable, "-m", "benchmarks.x12_work", name, str(file)], {"PYTHONPATH": os.pathsep.join(path)})


def _result(arguments: list[str], environment: dict[str, str] | None = None) -> dict[str, float]:
    said = run_program(arguments, environment)
    result: dict[str, float] = json.loads(said.splitlines()[-1])
    return result
