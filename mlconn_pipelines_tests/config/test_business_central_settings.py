"""A configuration with Business Central in it: the starter, the mistakes that only it allows, and what each setting decides."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from mlconn_pipelines.config.loading import check_configuration, load_configuration
from mlconn_pipelines.config.mistakes import ConfigurationMistakes
from mlconn_pipelines.config.starting import starters, write_starter
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.systems.business_central.connection import BusinessCentralConnection
from mlconn_pipelines.wiring.systems import SYSTEMS, mapping_of

ACME, CEDARMILL = "acme.yaml", "partners/cedarmill.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter(tmp_path / "conf", dt.date(2026, 3, 1), "business_central")
    return tmp_path / "conf"


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in the starter any more"
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(folder)
    assert not isinstance(caught.value, ConfigurationMistakes), caught.value
    return str(caught.value)


def connection(folder: Path) -> BusinessCentralConnection:
    erp = load_configuration(folder).integration("acme").erp
    assert isinstance(erp, BusinessCentralConnection)
    return erp


def test_the_starter_loads(folder: Path) -> None:
    erp = connection(folder)
    assert (erp.environment, erp.company, erp.orders_sent) == ("Production", "CRONUS USA, Inc.", "salesOrders")
    assert str(erp.authority) == "https://login.microsoftonline.com/"
    bluepeak, _ = load_configuration(folder).partners_of("acme")
    assert (bluepeak.customer_codes, bluepeak.ship_to) == (("10000",), {"0142": "10010"})


def test_there_is_a_starter_for_it_and_a_wrong_name_lists_them(tmp_path: Path) -> None:
    assert {"sap_business_one", "business_central"} <= set(starters()) <= set(SYSTEMS)
    with pytest.raises(ConfigurationError, match=r"there is no ERP 'navision'\. There are: .*business_central"):
        write_starter(tmp_path / "x", dt.date(2026, 3, 1), "navision")


def test_the_settings_reach_the_mapping(folder: Path) -> None:
    assert mapping_of(connection(folder)).outbound.sets["x12_850"].entity == "salesOrders"
    edit(folder, ACME, "orders_sent: salesOrders ", "orders_sent: purchaseOrders ")
    mapping = mapping_of(connection(folder))
    assert mapping.outbound.sets["x12_850"].entity == mapping.suppliers.entity == "purchaseOrders"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: business_central", "kind: bussiness_central", ":10: erp.kind is 'bussiness_central'. Did you mean 'business_central'?"),
        ("  kind: business_central\n", "", "'kind' is missing in erp"),
        ("  tenant: acme.onmicrosoft.com ", "  company_db: x\n  tenant: a ", "unknown setting 'company_db' in erp. Did you mean"),
        ("  tenant: acme.onmicrosoft.com ", "  # tenant ", "'tenant' is missing in erp. Add `tenant:` (Entra directory"),
        ("company: CRONUS USA, Inc.", "company:", "erp.company has no value"),
        ("  # calls_in_flight: 4 ", "  calls_in_flight: 6 #", "at most 5"),
        ("orders_sent: salesOrders", "orders_sent: orders", "'salesOrders' or 'purchaseOrders'"),
        ("environment: Production", "environment: a/b", "erp.environment is 'a/b'"),
        ("credential: cleo_acme", "credential: bc_acme #", "which is another system"),
        ("  # authority: https://login.microsoftonline.com ", "  authority: https://me:geheim@login.example #", "holds a user name"),
        ("  inbound: ", "  x12_856:\n    send_from: 2026-03-01\n  inbound: ", "business_central has no flow x12_856"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_about_this_erps_settings(folder: Path, old: str, new: str, says: str) -> None:
    edit(folder, ACME, old, new)
    assert says in refusal(folder)
    assert "geheim" not in refusal(folder)


def test_an_850_needs_a_customer_and_no_other_target_is_offered(folder: Path) -> None:
    edit(folder, CEDARMILL, '["855", ', '["850", "855", ')
    said = refusal(folder)
    assert "cannot become a record of salesOrders: that takes a customer" in said
    assert "Give their customer_codes here" in said and "would fit" not in said


def test_purchase_orders_need_a_supplier_to_go_to(folder: Path) -> None:
    edit(folder, ACME, "orders_sent: salesOrders ", "orders_sent: purchaseOrders ")
    edit(folder, ACME, "  - cedarmill\n", "")
    assert "x12_850 goes to suppliers" in refusal(folder)


def test_two_companies_of_one_tenant_share_a_credential_and_two_tenants_do_not(folder: Path) -> None:
    text = (folder / ACME).read_text(encoding="utf-8").replace("credential: cleo_acme", "credential: cleo_beta")
    beta = text.replace("integration: acme", "integration: beta").replace("company: CRONUS USA, Inc.", "company: Fabrikam")
    (folder / "beta.yaml").write_text(beta, encoding="utf-8")
    assert set(load_configuration(folder).integrations) == {"acme", "beta"}
    (folder / "beta.yaml").write_text(beta.replace("tenant: acme.onmicrosoft.com", "tenant: beta.example"), encoding="utf-8")
    assert "credential 'bc_acme' is also that of erp" in refusal(folder)
