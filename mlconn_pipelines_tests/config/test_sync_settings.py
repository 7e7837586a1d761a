"""A sync integration's file: what it is, and the mistakes that only it allows, with file and line."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import dagster as dg
import jsonschema_rs
import pytest
import yaml

from mlconn_pipelines.config.json_schema import integration_schema
from mlconn_pipelines.config.loading import check_configuration, load_configuration
from mlconn_pipelines.config.mistakes import ConfigurationMistakes
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.defs.resources import PipelinesResource, RunOptions
from mlconn_pipelines.defs.sync import sync_definitions
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.gateway.endpoints import endpoints_of
from mlconn_pipelines.systems.sap_business_one.mapping.sets import REFERENCE
from mlconn_pipelines.systems.sap_business_one.notifications import parse
from mlconn_pipelines.wiring.sync.opening import FLOWS

WRITTEN = """\
integration: acme_sf
mode: preview
erp: {kind: sap_business_one, url: https://sap.example.com:50000/b1s/v2/, company_db: SBODEMOUS, credential: sap}
salesforce: {kind: salesforce, url: https://acme.my.salesforce.com, credential: org}
order_defaults: {tax_code: LA, payment_terms: 2, series: sap}
flows:
  opportunities: {to: orders, send_from: 2026-01-05, customer_order_number: PO_Number__c}
  orders: {to: opportunities, status: ERP_Order_Status__c}
"""


OWNER = "field_ownership: {%s}\nflows:\n"
ACCOUNTS = "{to: business_partners, series: 71, group: sap}"


def folder_with(tmp_path: Path, old: str = "", new: str = "") -> Path:
    assert old in WRITTEN
    (tmp_path / "acme_sf.yaml").write_text(WRITTEN.replace(old, new, 1) if old else WRITTEN, encoding="utf-8")
    return tmp_path


def test_it_is_read_beside_the_others_and_changes_nothing_of_theirs(tmp_path: Path) -> None:
    write_starter(tmp_path, dt.date(2026, 3, 1))
    alone = load_configuration(tmp_path)
    both = load_configuration(folder_with(tmp_path))
    assert (list(both.integrations), list(both.syncs)) == (["acme"], ["acme_sf"])
    assert both.hash_of("acme") == alone.hash_of("acme") and both.hash != alone.hash
    sync = both.sync("acme_sf")
    assert (sync.order_defaults.tax_code, sync.order_defaults.payment_terms, sync.order_defaults.series) == ("LA", 2, None)
    assert (sync.flow_names, sync.go_live) == (("opportunities", "orders"), dt.date(2026, 1, 5))
    with pytest.raises(ConfigurationError, match="exchanges records of two systems, and no X12"):
        both.integration("acme_sf")
    with pytest.raises(ConfigurationError, match="exchanges X12 files"):
        both.sync("acme")


RETURNED = "  orders: {to: opportunities, status: ERP_Order_Status__c}\n"
OWED = "{to: account_balances, currency: USD, fields: %s}"
EVENTS = "events: {public_url: 'https://edi.example.com', %s: {credential: %s}}\n"


def test_webhooks_of_sap_are_taken_as_hints_of_the_flows_that_begin_there(tmp_path: Path) -> None:
    told = load_configuration(folder_with(tmp_path, "order_defaults", EVENTS % ("erp", "sap_tells") + "order_defaults"))
    assert told.sync("acme_sf").is_told
    endpoints = endpoints_of(told)
    assert list(endpoints) == [("acme_sf", "sap-business-one")]
    listener = endpoints["acme_sf", "sap-business-one"].listener
    chain = ("DeliveryNotes", "DownPayments", "Invoices", "Returns", "CreditNotes")
    assert listener.flows == dict.fromkeys((*chain, "Orders"), "orders"), "no field tells payments"
    assert [hint.place for hint in listener.everything(())] == ["Orders"]


def test_an_event_about_a_set_that_two_flows_read_is_a_hint_for_both(tmp_path: Path) -> None:
    flows = (
        "  accounts: {to: business_partners, series: sap, group: sap, payment_terms: sap}\n  customer_codes: {to: accounts}\n"
    )
    flows += "  contact_employees: {to: contacts}\n"
    config = folder_with(tmp_path, "  orders:", f"{flows}  customers: {{to: accounts}}\n  orders:")
    file = config / "acme_sf.yaml"
    file.write_text(file.read_text() + EVENTS % ("erp", "sap_tells"))
    listener = endpoints_of(load_configuration(config))["acme_sf", "sap-business-one"].listener
    event = (
        b'[{"id": "1", "type": "sap.b1.BusinessPartners.Created.v1", "source": "/default/sap.b1/SBODEMOUS", "subject": "C1"}]'
    )
    told = parse(listener, event, "")
    assert [(hint.flow, hint.place) for hint in told.hints] == [
        ("customer_codes", "BusinessPartners"), ("customers", "BusinessPartners"), ("contact_employees", "BusinessPartners"),
    ]  # fmt: skip
    assert told.ignored == 0 and parse(listener, event.replace(b"SBODEMOUS", b"OTHER"), "").ignored == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("tax_code: LA, ", "", 5, "'tax_code' is missing"),
        ("order_defaults: {tax_code: LA, payment_terms: 2, series: sap}\n", "", 0, "'order_defaults' is missing"),
        ("payment_terms: 2", "payment_terms: net 30", 5, "payment_terms"),
        ("to: orders", "to: invoices", 7, "to"),
        (RETURNED, "  orders: {to: opportunities, order: {number: OrderNumber}}\n", 8, "set create: false"),
        ("order_defaults", EVENTS % ("cleo", "c") + "order_defaults", 1, "events names cleo, and there is none here"),
        ("order_defaults", EVENTS % ("erp", "sap") + "order_defaults", 5, "is also what we sign in with"),
        ("customer_order_number", "customer_order_numbr", 7, "Did you mean 'customer_order_number'?"),
        ("status: ERP_Order_Status__c", "status: ERP_Order_Number__c", 6, "two things into one field"),
        ("status: ERP_Order_Status__c", "status: PO_Number__c", 6, "the customer's order number"),
        (RETURNED, f"{RETURNED}  receivables: {{to: account_balances}}\n", 9, "'currency' is missing"),
        (RETURNED, f"{RETURNED}  receivables: {OWED % '{balance: A__c, overdue: A__c}'}\n", 6, "two things into one field"),
        (
            RETURNED,
            f"{RETURNED}  receivables: {OWED % '{status: AccountNumber}'}\n",
            6,
            "the field that holds the customer's code",
        ),
        ("flows:\n", "flows:\n  customer_codes: {to: accounts}\n", 6, "give the flow accounts too"),
        ("flows:\n", f"flows:\n  accounts: {ACCOUNTS}\n", 7, "'payment_terms' is missing"),
        (
            "flows:\n",
            f"flows:\n  accounts: {ACCOUNTS[:-1]}, payment_terms: sap, match_by: [link, link]}}\n",
            6,
            "twice in match_by",
        ),
        ("flows:\n", f"flows:\n  accounts: {ACCOUNTS[:-1]}, payment_terms: sap, card_code: 'C{{'}}\n", 7, "card_code"),
        ("flows:\n", OWNER % "account: {name: salesforce}", 0, "the flow accounts, which carries it to the other side, is off"),
        ("flows:\n", OWNER % "account: {tax_number: erp}", 0, "account.tax_number cannot be owned by erp"),
        ("flows:\n", OWNER % "account: {name: sap}", 6, "owner"),
        ("flows:\n", OWNER % "account: {nam: erp}", 6, "Did you mean 'name'?"),
        ("flows:\n", OWNER % "contact: {phone: {owner: erp, changed_elsewhere: tell}}", 6, "changed_elsewhere"),
        ("credential: org", "credential: sap", 4, "credential 'sap' is also that of"),
        ("https://acme.my", "https://me:secret@acme.my", 4, "holds a user name or password"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com", 4, "own domain"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(folder_with(tmp_path, old, new))
    assert not isinstance(caught.value, ConfigurationMistakes), caught.value
    assert words in str(caught.value) and (not line or caught.value.line == line), caught.value


def test_a_field_has_an_owner_and_says_what_a_change_on_the_other_side_does(tmp_path: Path) -> None:
    rows = "account: {name: erp, phone: {owner: erp, changed_elsewhere: hold}}"
    folder = folder_with(tmp_path, "flows:\n", f"{OWNER % rows}  customers: {{to: accounts}}\n")
    owners = load_configuration(folder).sync("acme_sf").field_ownership
    assert (owners.owned("account", "erp"), owners.held("account", "erp")) == (("name", "phone"), ("phone",))
    assert owners.owned("account", "salesforce") == () and owners.owned("product", "erp") == ("price",)
    assert owners.owned("contact", "salesforce") == ("name", "title", "phone", "email")


def test_a_name_may_be_given_once(tmp_path: Path) -> None:
    write_starter(tmp_path, dt.date(2026, 3, 1))
    with pytest.raises(ConfigurationError, match="'acme' is also the name of"):
        check_configuration(folder_with(tmp_path, "integration: acme_sf", "integration: acme"))


def test_editors_know_its_form() -> None:
    schema = jsonschema_rs.validator_for(integration_schema(), validate_formats=True)
    written = yaml.safe_load(WRITTEN.replace("2026-01-05", "'2026-01-05'"))
    assert [str(error) for error in schema.iter_errors(written)] == []
    owners = {"account": {"name": "erp", "phone": {"owner": "salesforce", "changed_elsewhere": "hold"}}}
    assert schema.is_valid({**written, "field_ownership": owners})
    assert not schema.is_valid({**written, "field_ownership": {"account": {"name": "sap"}}})
    for broken in ({"order_defaults": {}}, {"partners": ["bluepeak"]}, {"erp": {**written["erp"], "company_db": 7}}):
        assert not schema.is_valid({**written, **broken})
    assert not schema.is_valid({**written, "erp": {k: v for k, v in written["erp"].items() if k != "company_db"}})


def test_there_is_a_first_configuration(tmp_path: Path) -> None:
    written = write_starter(tmp_path / "conf", dt.date(2026, 3, 1), beside="salesforce")
    assert [path.name for path in written] == ["acme_sf.yaml"]
    assert check_configuration(tmp_path / "conf").sync("acme_sf").go_live == dt.date(2026, 3, 1)
    with pytest.raises(ConfigurationError, match=r"business_central cannot be in step with 'salesforce'.*they can be: none"):
        write_starter(tmp_path / "other", dt.date(2026, 3, 1), "business_central", beside="salesforce")
    with pytest.raises(ConfigurationError, match="has no trading partners"):
        write_starter(tmp_path / "third", dt.date(2026, 3, 1), samples=["a"], beside="salesforce")


def test_every_setting_that_the_first_configuration_proposes_can_be_switched_on(tmp_path: Path) -> None:
    (file,) = write_starter(tmp_path, dt.date(2026, 3, 1), beside="salesforce")
    text = file.read_text(encoding="utf-8").replace("# ca_file: sap.pem", "")
    file.write_text(re.sub(r"^(\s*)# (\s*[a-z_]+:)", r"\1\2", text, flags=re.MULTILINE), encoding="utf-8")
    sync = check_configuration(tmp_path).sync("acme_sf")
    assert set(sync.flow_names) == {flow.name for flow in FLOWS}
    assert sync.field_ownership.owned("account", "salesforce") == ("phone", "addresses")


def test_no_flow_has_the_name_of_reference_data() -> None:
    """Watermarks are kept by name: a flow and a set that is read by what changed would move each other's. So are assets of SAP."""
    assert {flow.name for flow in FLOWS}.isdisjoint(declared.name for declared in REFERENCE if not declared.whole)
    assets = {flow.declared.asset if flow.between[0] == "erp" else flow.made for flow in FLOWS}
    assert assets.isdisjoint(declared.name for declared in REFERENCE)


def test_all_flows_may_be_on_at_once_and_no_two_share_an_asset(tmp_path: Path) -> None:
    made_of = "{to: business_partners, series: sap, group: sap, payment_terms: sap}"
    more = (
        f"  accounts: {made_of}\n  customer_codes: {{to: accounts}}\n  customers: {{to: accounts}}\n"
        "  contacts: {to: contact_employees}\n  contact_employees: {to: contacts}\n"
        "  sales_items: {to: products}\n  receivables: {to: account_balances, currency: USD}\n"
    )
    configuration = load_configuration(folder_with(tmp_path, "  orders:", f"{more}  orders:"))
    assert set(configuration.sync("acme_sf").flow_names) == {flow.name for flow in FLOWS}
    resources = dg.Definitions(resources={"pipelines": PipelinesResource(), "choice": RunOptions()})
    graph = dg.Definitions.merge(sync_definitions(configuration, "acme_sf"), resources).resolve_asset_graph()
    here = [(flow.between, flow.declared.asset, flow.made) for flow in FLOWS]
    keys = [key for (source, target), records, made in here for key in ((source, records), (target, made))]
    assert len(keys) == len(set(keys)), "two flows would write one asset"
    kinds = {"erp": "sap_business_one", "salesforce": "salesforce"}
    assert {dg.AssetKey(["acme_sf", kinds[end], name]) for end, name in keys} <= set(graph.get_all_asset_keys())


def test_the_day_on_which_deleted_records_are_looked_for_is_a_setting(tmp_path: Path) -> None:
    def crons(chosen: str) -> list[str]:
        configuration = load_configuration(folder_with(tmp_path, "mode: preview\n", f"mode: preview\n{chosen}"))
        return sorted(str(schedule.cron_schedule) for schedule in sync_definitions(configuration, "acme_sf").schedules or ())  # type: ignore[union-attr]

    assert crons("") == ["40 2 * * *", "40 2 * * 0"]
    assert crons("schedules: {reconcile_at: 23:05, deletions_on: friday}\n") == ["5 23 * * *", "5 23 * * 5"]
    with pytest.raises(ConfigurationError, match="deletions_on"):
        crons("schedules: {deletions_on: someday}\n")
