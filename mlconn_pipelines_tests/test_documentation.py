"""The documents beside the code: links lead somewhere, named files exist, settings are the ones there are, examples load."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mlconn_pipelines.config.events import Events, Sender
from mlconn_pipelines.config.integration import Alerts, EdiIntegration, InboundFlow, OutboundFlow, SyncIntegration, VendorFlow
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.config.partner import ApiProvider, Separators, TradingPartner, X12Guide
from mlconn_pipelines.config.schedules import Schedules
from mlconn_pipelines.config.set_guide import Condition, DatedRules, SetGuide
from mlconn_pipelines.config.sync import (
    AccountsFlow,
    BalanceFields,
    ContactsFlow,
    CustomerCodesFlow,
    ItemPrices,
    OpportunitiesFlow,
    OrderDefaults,
    OrdersFlow,
    PriceRow,
    ReceivablesFlow,
    SalesItemsFlow,
    SyncFlows,
)
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection
from mlconn_pipelines.systems.cleo.connection import CleoConnection, CleoEndpoints
from mlconn_pipelines.systems.finance_operations.connection import FinanceOperationsConnection
from mlconn_pipelines.systems.sage_100.connection import Sage100Connection
from mlconn_pipelines.systems.salesforce.connection import ChangeEvents, SalesforceConnection
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "deploy" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_COMMAND = re.compile(r"(?:^|[`/(]|\$ )mlconn ([^`#|)\n]+)", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("http:", "https:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or anchor in _anchors(target), f"{link}: there is no such heading"


def test_the_requirements_name_tests_that_there_are() -> None:
    text = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]*test_\w+\.py)`", text))
    assert len(named) > 30
    assert [name for name in named if not (Path(__file__).parent / name).is_file()] == []
    wanted = [f"ALL-{n}" for n in range(1, 11)] + [f"B1-{n}" for n in range(1, 11)] + [f"X-{n}" for n in range(1, 7)]
    assert [name for name in wanted if f"| {name} |" not in text] == []


@pytest.mark.parametrize(
    ("page", "models"),
    [
        (
            "configuration.md",
            (
                *(EdiIntegration, SapBusinessOneConnection, BusinessCentralConnection, FinanceOperationsConnection),
                *(Sage100Connection, SalesforceConnection, ChangeEvents),
                *(CleoConnection, CleoEndpoints, OutboundFlow, VendorFlow, InboundFlow, Alerts, Schedules, Events, Sender),
                *(
                    SyncIntegration,
                    OrderDefaults,
                    OpportunitiesFlow,
                    OrdersFlow,
                    SyncFlows,
                    AccountsFlow,
                    CustomerCodesFlow,
                    ContactsFlow,
                    *(SalesItemsFlow, ItemPrices, PriceRow),
                ),
                *(ReceivablesFlow, BalanceFields),
            ),
        ),
        ("partners.md", (TradingPartner, X12Guide, Separators, SetGuide, DatedRules, Condition, ApiProvider)),
    ],
)
def test_every_setting_is_described(page: str, models: tuple[type[BaseModel], ...]) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    missing = [
        f"{model.__name__}.{name}" for model in models for name in model.model_fields if not re.search(rf"\b{name}\b", text)
    ]
    assert missing == []


def test_every_state_is_described() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [state.value for state in State if f"`{state.value}`" not in text] == []


def test_the_configuration_of_the_readme_loads(tmp_path: Path) -> None:
    """As it stands there, comments and all; the second partner is the starter's."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        name = re.match(r"# config/(\S+)", block)
        assert name, "an example does not begin with its file's name"
        target = tmp_path / name[1]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block, encoding="utf-8")
    starter = ROOT / "mlconn_pipelines" / "systems" / "sap_business_one" / "starter" / "partners" / "cedarmill.yaml"
    (tmp_path / "partners" / "cedarmill.yaml").write_text(starter.read_text(encoding="utf-8"), encoding="utf-8")
    configuration = load_configuration(tmp_path)
    assert list(configuration.partners) == ["bluepeak", "cedarmill"]
    assert configuration.integration("acme").mode == "preview"


@cache
def _program() -> Any:
    """All commands, which take a while to be put together."""
    from typer.main import get_command

    from mlconn_pipelines.cli.app import app

    return get_command(app)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_shown_exist(page: Path) -> None:
    """Every `mlconn …` of the documents names a command of the program, and options that it has."""
    unknown = []
    program = _program()
    for shown in _COMMAND.findall(page.read_text(encoding="utf-8")):
        command: Any = program
        words = shown.replace("[", " ").replace("]", " ").split()
        while words and getattr(command, "commands", None):
            if words[0] not in command.commands:
                unknown.append(f"mlconn {shown}")
                break
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
        unknown += [f"mlconn {shown}" for word in words if word.startswith("--") and word not in known]
    assert unknown == []


def test_each_decision_has_a_number_of_its_own() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name.split("-")[0]) for page in pages]
    assert len(numbers) == len(set(numbers))
    assert [
        page.name for page, number in zip(pages, numbers, strict=True) if not page.read_text().startswith(f"# {number}. ")
    ] == []
