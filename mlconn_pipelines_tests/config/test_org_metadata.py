"""`mlconn metadata`: the folder that an admin deploys, out of the names in the configuration."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest

from mlconn_pipelines.cli.app import main
from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.wiring.sync.org_fields import deployable
from mlconn_pipelines_tests.config.test_sync_settings import folder_with

MORE = """\
  orders:
    to: opportunities
    status: ERP_Order_Status__c
    delivered_amount: ERP_Delivered__c
    open_quantity: ERP_Open__c
    last_delivery_date: ERP_Delivery_Date__c
    invoice_numbers: ERP_Invoices__c
    as_of: ERP_As_Of__c
    order: {number: ERP_Order_Number__c, status: ERP_Status__c}
  contact_employees: {to: contacts}
  sales_items: {to: products, prices: {lists: [{price_list: 1, currency: USD}]}}
  receivables:
    to: account_balances
    currency: USD
    customer_code: ERP_Code__c
    fields: {credit_limit: ERP_Limit__c, as_of: ERP_As_Of__c, status: Rating}
"""
NS = "{http://soap.sforce.com/2006/04/metadata}"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, Xml.Element]:
    """Documents by path."""
    (tmp_path / "config").mkdir()
    config = folder_with(tmp_path / "config", "  orders: {to: opportunities, status: ERP_Order_Status__c}\n", MORE)
    file = config / "acme_sf.yaml"
    text = file.read_text().replace("credential: org}", "credential: org, change_events: {}}")
    file.write_text(
        text.replace("customer_order_number: PO_Number__c", "customer_order_number: PO_Number__c, item_code: Product2.SKU__c")
    )
    monkeypatch.setattr(sys, "argv", ["mlconn", "metadata", "acme_sf", str(tmp_path / "org"), "--config", str(config)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0, capsys.readouterr().err
    assert "Account.ERP_Balance__c\n" in capsys.readouterr().out
    files = [path for path in (tmp_path / "org").rglob("*") if path.is_file()]
    return {str(path.relative_to(tmp_path / "org")): Xml.fromstring(path.read_bytes()) for path in files}


def test_what_hangs_on_other_objects_comes_with_the_right_to_read_those(tmp_path: Path) -> None:
    """An org refuses a permission set that reads opportunities and no accounts, and shows no products of deals without price books."""
    folder = deployable(load_configuration(folder_with(tmp_path)).sync("acme_sf"))
    rights = Xml.fromstring(folder["permissionsets/mlconn_integration.permissionset"])
    objects = {one.findtext(f"{NS}object"): one.findtext(f"{NS}allowEdit") for one in rights.findall(f"{NS}objectPermissions")}
    assert objects == {"Account": "false", "Opportunity": "true", "Pricebook2": "false", "Product2": "false"}


def shapes(document: Xml.Element) -> dict[str, str]:
    return {str(one.findtext(f"{NS}fullName")): str(one.findtext(f"{NS}type")) for one in document.findall(f"{NS}fields")}


def test_every_custom_field_that_is_named_is_made_with_a_fitting_type(written: dict[str, Xml.Element]) -> None:
    assert shapes(written["objects/Opportunity.object"]) == {
        "ERP_As_Of__c": "DateTime", "ERP_Delivered__c": "Currency", "ERP_Delivery_Date__c": "Date", "ERP_Invoices__c": "Text",
        "ERP_Open__c": "Number", "ERP_Order_Number__c": "Text", "ERP_Order_Status__c": "Text", "PO_Number__c": "Text",
    }  # fmt: skip
    account = {"ERP_As_Of__c": "DateTime", "ERP_Balance__c": "Currency", "ERP_Code__c": "Text", "ERP_Limit__c": "Currency"}
    assert shapes(written["objects/Account.object"]) == account, "Rating is a standard field"
    assert shapes(written["objects/Product2.object"]) == {"ERP_Item__c": "Text", "SKU__c": "Text"}
    assert shapes(written["objects/PricebookEntry.object"]) == {"ERP_Price__c": "Text"}
    for entity, name in (("Order", "ERP_Order_Number__c"), ("Contact", "ERP_Code__c"), ("PricebookEntry", "ERP_Price__c")):
        (key,) = [one for one in written[f"objects/{entity}.object"] if one.findtext(f"{NS}fullName") == name]
        assert (key.findtext(f"{NS}externalId"), key.findtext(f"{NS}unique")) == ("true", "true")


def test_the_permission_set_lets_us_write_only_what_we_write(written: dict[str, Xml.Element]) -> None:
    rights = written["permissionsets/mlconn_integration.permissionset"]
    fields = {one.findtext(f"{NS}field"): one.findtext(f"{NS}editable") for one in rights.findall(f"{NS}fieldPermissions")}
    assert fields["Opportunity.ERP_Order_Status__c"] == fields["Account.ERP_Balance__c"] == "true"
    assert fields["Opportunity.PO_Number__c"] == fields["Product2.SKU__c"] == fields["Account.ERP_Code__c"] == "false"
    objects = {
        one.findtext(f"{NS}object"): (
            one.findtext(f"{NS}allowEdit"),
            one.findtext(f"{NS}allowCreate"),
            one.findtext(f"{NS}allowDelete"),
        )
        for one in rights.findall(f"{NS}objectPermissions")
    }
    assert objects["Order"] == objects["Contact"] == ("true", "true", "false")
    assert objects["Product2"] == objects["Pricebook2"] == ("true", "true", "false") and "PricebookEntry" not in objects
    assert objects["Account"] == objects["Opportunity"] == ("true", "false", "false")
    assert {one.findtext(f"{NS}viewAllRecords") for one in rights.findall(f"{NS}objectPermissions")} == {"true"}


def test_the_package_names_every_component_and_the_streams(written: dict[str, Xml.Element]) -> None:
    package = {
        str(one.findtext(f"{NS}name")): [str(member.text) for member in one.findall(f"{NS}members")]
        for one in written["package.xml"].findall(f"{NS}types")
    }
    made = {f"{Path(path).stem}.{name}" for path, one in written.items() if path.startswith("objects/") for name in shapes(one)}
    assert set(package["CustomField"]) == made and package["PermissionSet"] == ["mlconn_integration"]
    assert package["PlatformEventChannelMember"] == ["ChangeEvents_OpportunityChangeEvent", "ChangeEvents_OrderChangeEvent"]
    member = written["platformEventChannelMembers/ChangeEvents_OpportunityChangeEvent.platformEventChannelMember"]
    assert (member.findtext(f"{NS}eventChannel"), member.findtext(f"{NS}selectedEntity")) == (
        "ChangeEvents",
        "OpportunityChangeEvent",
    )
    assert written["package.xml"].findtext(f"{NS}version") == "63.0"
