"""A Windows Python under wine, put together from packages: what `make test-windows` runs the agent with.

Needs Debian 12, root (for apt, once), 2 GB of disk and about four minutes. Nothing of it is shipped: a release is built on Windows, with
the interpreter of python.org (docs/connect-sage-100.md).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLACE = ROOT / ".windows"
PYTHON, SITE = PLACE / "python", PLACE / "python" / "Lib" / "site-packages"
PREFIX = PLACE / "prefix"
WINE, WINESERVER = Path("/usr/lib/wine/wine64"), Path("/usr/lib/wine/wineserver64")
COMPILER = "x86_64-w64-mingw32-gcc"
PACKAGES = ("wine", "wine64", "gcc-mingw-w64-x86-64-posix")
STDLIB_LEFT_OUT = (
    "site-packages",
    "test",
    "__pycache__",
    "lib-dynload",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "config-*",
)

LAUNCHER = """\
#include <windows.h>
int wmain(int count, wchar_t **words) {
  HMODULE python = LoadLibraryW(L"python311.dll");
  int (*main)(int, wchar_t **) = python ? (int (*)(int, wchar_t **))(void *)GetProcAddress(python, "Py_Main") : 0;
  return main ? main(count, words) : 99;
}
"""
FORWARDER = "int __stdcall DllMainCRTStartup(void *a, unsigned long b, void *c) { return 1; }\n"
RANDOM = """\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T count) { return SystemFunction036(to, (ULONG)count); }
"""
"""wine 8 lacks bcryptprimitives.dll, which cryptography asks for random bytes. It lies in wine's system folder: nothing takes it along."""


class Missing(Exception):
    """Something that this cannot get by itself; the text says what."""


def variables() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name != "DISPLAY" and not name.startswith("PYTHON")}
    return own | {
        "WINEPREFIX": str(PREFIX),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        "WINESERVER": str(WINESERVER),
        "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=;bcryptprimitives=n",
    }


def windows_path(path: Path) -> str:
    return "Z:" + str(path.resolve()).replace("/", "\\")


def python_command(*words: str) -> list[str]:
    return [str(WINE), str(PYTHON / "python.exe"), *words]


def ran(
    command: Sequence[str], within_s: float = 120, check: bool = True, stdin: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """A program of Windows to its end, over pipes: Python dies there at once if its output is a file."""
    done = subprocess.run(
        command, env=variables() | more, input=stdin, capture_output=True, encoding="utf-8", timeout=within_s, errors="replace"
    )
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def set_up() -> None:
    """Make what is missing. Errors: Missing."""
    _packages()
    PLACE.mkdir(exist_ok=True)
    stamp = PLACE / "made"
    wanted = "".join(
        file.read_text() for file in (Path(__file__), HERE / "requirements.txt", ROOT / "sage_100_agent" / "requirements.lock")
    )
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    for folder in (PYTHON, PREFIX, PLACE / "wheels"):
        shutil.rmtree(folder, ignore_errors=True)
    _interpreter(_wheels())
    _compiled()
    ran([str(WINE), "wineboot", "-i"], 300)
    _random()
    ran(
        python_command(
            "-c", "import ssl, sqlite3, pythoncom, win32com.client, win32serviceutil, httpx, cryptography.hazmat.bindings._rust"
        )
    )
    stamp.write_text(wanted)


def _packages() -> None:
    if WINE.is_file() and shutil.which(COMPILER):
        return
    if sys.platform != "linux" or not shutil.which("apt-get") or os.geteuid() != 0:
        raise Missing(
            f"make test-windows needs {', '.join(PACKAGES)} of Debian 12. Run as root: apt-get install {' '.join(PACKAGES)}"
        )
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
    install = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)


def _wheels() -> list[Path]:
    locked = re.findall(r"^([a-z0-9-]+==[^ ]+)", (ROOT / "sage_100_agent" / "requirements.lock").read_text(), re.MULTILINE)
    other = re.findall(r"^([a-z0-9-]+==\S+)", (HERE / "requirements.txt").read_text(), re.MULTILINE)
    folder = PLACE / "wheels"
    download = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
    ]
    subprocess.run(
        [*download, "--platform", "win_amd64", "--python-version", "3.11", "-d", folder, *locked, *other], check=True
    )
    return sorted(folder.glob("*.whl"))


def _interpreter(wheels: Sequence[Path]) -> None:
    if sys.version_info[:2] != (3, 11):
        raise Missing(
            "make test-windows needs CPython 3.11 here too, whose library it takes: make test-windows PYTHON=python3.11"
        )
    SITE.mkdir(parents=True)
    (PYTHON / "DLLs").mkdir()
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as opened:
            if not wheel.name.startswith("panda3d"):
                opened.extractall(SITE)
                continue
            for name in opened.namelist():
                base = name.rpartition("/")[2]
                if (
                    name.startswith("deploy_libs/")
                    and base
                    and not base.startswith(("api-ms", "tcl", "tk", "_tkinter", "_msi"))
                ):
                    own = base.startswith(("python3", "VCRUN"))
                    (PYTHON / ("" if own else "DLLs") / base).write_bytes(opened.read(name))
    (SITE / "mlconn.pth").write_text(windows_path(ROOT) + "\n")
    library = sysconfig.get_paths()["stdlib"]
    shutil.copytree(library, PYTHON / "Lib", ignore=shutil.ignore_patterns(*STDLIB_LEFT_OUT), dirs_exist_ok=True)


def _compiled() -> None:
    """The launcher under the names that are started (pvxcom.exe: the simulated host is a Python too), and python3.dll."""
    source = PLACE / "made.c"
    source.write_text(LAUNCHER)
    subprocess.run([COMPILER, "-municode", "-O1", "-s", "-o", PYTHON / "python.exe", source], check=True)
    for name in ("pythonw.exe", "pvxcom.exe"):
        shutil.copy(PYTHON / "python.exe", PYTHON / name)
    told = subprocess.run(
        ["x86_64-w64-mingw32-objdump", "-p", PYTHON / "python311.dll"], check=True, capture_output=True, text=True
    ).stdout
    names = sorted(set(re.findall(r"\b(_?Py\w+)$", told.partition("[Ordinal/Name Pointer] Table")[2], re.MULTILINE)))
    assert len(names) > 1000
    definition = PLACE / "python3.def"
    definition.write_text("LIBRARY python3\nEXPORTS\n" + "".join(f"{name} = python311.{name}\n" for name in names))
    source.write_text(FORWARDER)
    subprocess.run([COMPILER, "-shared", "-nostdlib", "-o", PYTHON / "python3.dll", source, definition], check=True)


def _random() -> None:
    source = PLACE / "made.c"
    source.write_text(RANDOM)
    to = PREFIX / "drive_c" / "windows" / "system32" / "bcryptprimitives.dll"
    subprocess.run([COMPILER, "-shared", "-O1", "-s", "-o", to, source, "-ladvapi32"], check=True)


if __name__ == "__main__":
    try:
        set_up()
    except Missing as no:
        sys.exit(str(no))
