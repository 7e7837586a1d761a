"""The agent as a folder with a program for Windows: `make agent-windows ROOT_KEY=64 digits`, into dist/windows/.

On Windows `python peers/windows/freeze.py` does it with the interpreter at hand, which is how a release is made, and then signed; elsewhere
it is done under wine, to try it. ROOT_KEY: public half of the platform's root key; left out, the settings file has it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "mlconn-sage-agent"
TO = ROOT / "dist" / "windows"
LEFT_OUT = (
    "tkinter",
    "unittest",
    "pydoc",
    "doctest",
    "setuptools",
    "PIL",
    "numpy",
    "rich",
    "click",
    "trio",
    "pytest",
    "win32ui",
    "dde",
)

VERSION = """\
VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3f, flags=0x0, OS=0x40004, fileType=0x1, subtype=0x0, date=(0, 0)),
  kids=[
    StringFileInfo([StringTable('040904B0', [
      StringStruct('CompanyName', 'mlconn'),
      StringStruct('FileDescription', 'mlconn Sage 100 agent'),
      StringStruct('FileVersion', '{version}'),
      StringStruct('InternalName', '{name}'),
      StringStruct('LegalCopyright', 'Apache-2.0'),
      StringStruct('OriginalFilename', '{name}.exe'),
      StringStruct('ProductName', 'mlconn Sage 100 agent'),
      StringStruct('ProductVersion', '{version}'),
    ])]),
    VarFileInfo([VarStruct('Translation', [1033, 1200])]),
  ],
)
"""


def freeze(root_key: str = "") -> Path:
    """Gives the program. Errors: ValueError for a key that is none."""
    if root_key and not re.fullmatch("[0-9a-f]{64}", root_key):
        raise ValueError("expected ROOT_KEY of 64 hexadecimal digits, as mlconn agents root-key new shows it")
    version = tomllib.loads((ROOT / "sage_100_agent" / "pyproject.toml").read_text())["project"]["version"]
    work = TO / "work"
    shutil.rmtree(TO, ignore_errors=True)
    work.mkdir(parents=True)
    numbers = (*(int(part) for part in version.split(".")), 0, 0, 0)[:4]
    (work / "version.txt").write_text(version)
    (work / "resource.txt").write_text(VERSION.format(numbers=numbers, version=version, name=NAME))
    (work / "start.py").write_text("import sys\n\nfrom sage_100_agent.program.command import main\n\nsys.exit(main())\n")
    data = ["version.txt"]
    if root_key:
        (work / "root-key.txt").write_text(root_key)
        data.append("root-key.txt")
    words = ["--onedir", "--console", "--noconfirm", "--clean", "--log-level", "WARN", "--name", NAME, "--paths", _told(ROOT)]
    words += ["--distpath", _told(TO), "--workpath", _told(work), "--specpath", _told(work)]
    words += ["--version-file", _told(work / "resource.txt"), "--hidden-import", "win32timezone"]
    words += [word for each in LEFT_OUT for word in ("--exclude-module", each)]
    words += [word for each in data for word in ("--add-data", f"{_told(work / each)};sage_100_agent/program")]
    words += [_told(work / "start.py")]
    if sys.platform == "win32":
        subprocess.run([sys.executable, "-m", "PyInstaller", *words], check=True)
    else:
        from peers.windows import environment

        environment.set_up()
        environment.ran(environment.python_command("-m", "PyInstaller", *words), 900)
    shutil.rmtree(work)
    return TO / NAME / f"{NAME}.exe"


def _told(path: Path) -> str:
    if sys.platform == "win32":
        return str(path)
    from peers.windows import environment

    return environment.windows_path(path)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    print(freeze(os.environ.get("ROOT_KEY", "")))
