"""What Dagster is given for a configuration: assets, jobs, sensors, schedules, and how they are presented."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import yaml

from mlconn_pipelines.config.loading import check_configuration
from mlconn_pipelines.config.stopping import RELEASE
from mlconn_pipelines.definitions import defs
from mlconn_pipelines.defs.keys import BACKFILL
from mlconn_pipelines.defs.partitions import DAY
from mlconn_pipelines.errors import ConfigurationError
from mlconn_pipelines.flows.running import OUTBOUND_STEPS, between
from mlconn_pipelines.ports.mapping import OutboundSet
from mlconn_pipelines.systems.sap_business_one.connection import SapBusinessOneConnection
from mlconn_pipelines.systems.sap_business_one.mapping.sets import OUTBOUND

PARTNER: dict[str, Any] = {
    "x12": {
        "ours": {"qualifier": "ZZ", "id": "ACME"},
        "theirs": {"qualifier": "ZZ", "id": "NORTH"},
    },
    "units": {"EA": "EA"},
}
SEND_FROM = dt.date(2026, 3, 10)
GROUPS = {f"acme_{name}" for name in ("outbound", "inbound", "folders", "reference", "reports", "external")}
RECORDS = ("invoices", "purchase_orders", "delivery_notes")
LINK = dg.DagsterAssetMetadataValue


def integration(**changes: Any) -> dict[str, Any]:
    return {
        "integration": "acme",
        "mode": "live",
        "time_zone": "America/Chicago",
        "owner": "team:edi",
        "erp": {
            "kind": "sap_business_one",
            "url": "https://sap.invalid:50000/b1s/v2",
            "company_db": "ACME",
            "credential": "erp",
            "order_target": "Orders",
        },
        "cleo": {"url": "https://acme.cleo.invalid", "credential": "cleo"},
        "partners": ["northwind", "ferrolux"],
        "flows": {
            "x12_810": {"send_from": SEND_FROM},
            "x12_850": {"send_from": SEND_FROM},
            "x12_856": {"send_from": SEND_FROM},
            "inbound": {"send_from": SEND_FROM, "folders": ["from_northwind", "from_ferrolux"]},
        },
        **changes,
    }


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Writes a configuration and gives its definitions."""
    monkeypatch.setenv("MLCONN_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("MLCONN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLCONN_DATABASE_URL", raising=False)

    def write(*integrations: dict[str, Any], folders: tuple[str, str] = ("to_northwind", "to_ferrolux")) -> dg.Definitions:
        (tmp_path / "config" / "partners").mkdir(parents=True, exist_ok=True)
        partners: dict[str, dict[str, Any]] = {
            "northwind": {"partner": "northwind", "name": "Northwind", "customer_codes": ["C1"], "folder": folders[0]},
            "ferrolux": {"partner": "ferrolux", "name": "Ferrolux", "supplier_codes": ["V1"], "folder": folders[1]},
        }
        partners["ferrolux"] |= {"x12": {**PARTNER["x12"], "theirs": {"qualifier": "ZZ", "id": "FERRO"}}}
        for name, partner in partners.items():
            (tmp_path / "config" / "partners" / f"{name}.yaml").write_text(yaml.safe_dump(PARTNER | partner))
        for one in integrations or (integration(),):
            (tmp_path / "config" / f"{one['integration']}.yaml").write_text(yaml.safe_dump(one))
        return defs()

    yield write


def test_a_mistake_in_one_integrations_file_leaves_the_others_to_load(configured: Any, tmp_path: Path) -> None:
    whole = configured(integration(), integration(integration="beta"))
    broken = integration(integration="beta", mode="prod")
    broken["erp"] = broken["erp"] | {"credential": "erp_beta"}
    definitions = configured(integration(), broken)
    dg.Definitions.validate_loadable(definitions)
    keys = {key.path[0] for key in definitions.resolve_all_asset_keys()}
    assert ({key.path[0] for key in whole.resolve_all_asset_keys()}, keys) == ({"acme", "beta"}, {"acme"})
    sensor = definitions.resolve_sensor_def("beta_stopped_sensor")
    with dg.build_sensor_context() as context:
        said = sensor.evaluate_tick(context).skip_message
    line = (tmp_path / "config" / "beta.yaml").read_text().split("mode: prod")[0].count("\n") + 1
    assert f"{tmp_path / 'config' / 'beta.yaml'}:{line}: mode is 'prod'" in said


VENDORS = OutboundSet("vendors", "", "V", "vendor_records", "supplier", "Vendor", kind="vendor", is_master_data=True)


@pytest.fixture
def with_vendors(configured: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Writes a configuration of a system that has vendors to send. forms: of the two partners."""

    def write(*forms: str) -> None:
        monkeypatch.setitem(cast(Any, OUTBOUND), "vendors", VENDORS)
        monkeypatch.setitem(cast(Any, SapBusinessOneConnection.outbound_partner_kinds), "vendors", "supplier")
        configured(whole := integration())
        for name, form in zip(("northwind", "ferrolux"), forms, strict=False):
            with (tmp_path / "config" / "partners" / f"{name}.yaml").open("a") as file:
                file.write(f"vendors: {form}\n")
        flows = whole["flows"] | {"vendors": {"send_from": dt.date(2026, 1, 5)}}
        (tmp_path / "config" / "acme.yaml").write_text(yaml.safe_dump(whole | {"flows": flows}))

    return write


def test_vendors_are_assets_of_the_one_folder_that_takes_them_and_of_no_day(with_vendors: Any) -> None:
    with_vendors("csv")
    definitions = defs()
    dg.Definitions.validate_loadable(definitions)
    graph = definitions.resolve_asset_graph()
    documents = dg.AssetKey(["acme", "outbound", "vendors"])
    assert graph.get(documents).parent_keys == {dg.AssetKey(["acme", "sap_business_one", "vendor_records"])}
    assert {key.path[-1] for key in graph.get(documents).child_keys} == {"to_northwind", "x12_824", "x12_997"}
    assert graph.get(documents).kinds == set() and "mlconn/set" not in graph.get(documents).tags
    compared = {key.asset_key.path[-1] for key in graph.asset_check_keys if key.name == "counts_and_amounts_equal_the_erp"}
    assert compared == {"invoices", "delivery_notes", "purchase_orders", "vendor_records"}
    assert {"acme_vendors"} <= set(definitions.get_repository_def().job_names)


@pytest.mark.parametrize(
    ("forms", "says"),
    [
        ((), "vendors is on, but no partner of 'acme' takes vendors"),
        (("csv", "json"), "partner 'northwind' takes the vendors of 'acme' already"),
    ],
)
def test_vendors_go_to_exactly_one_partner(with_vendors: Any, tmp_path: Path, forms: tuple[str, ...], says: str) -> None:
    with_vendors(*forms)
    with pytest.raises(ConfigurationError, match=says):
        check_configuration(tmp_path / "config")


@pytest.mark.parametrize("stopped", [("northwind",), ("northwind", "ferrolux")])
def test_a_mistake_in_a_partners_file_takes_only_their_folder_away(
    configured: Any, tmp_path: Path, stopped: tuple[str, ...]
) -> None:
    configured()
    for name in stopped:
        path = tmp_path / "config" / "partners" / f"{name}.yaml"
        path.write_text(path.read_text() + "no_setting: 1\n")
    definitions = defs()
    dg.Definitions.validate_loadable(definitions)
    keys = {key.to_user_string() for key in definitions.resolve_all_asset_keys()}
    assert "acme/cleo/inbox" in keys and "acme/outbound/x12_810" in keys
    assert {name for name in ("northwind", "ferrolux") if f"acme/cleo/to_{name}" in keys} == {"northwind", "ferrolux"} - set(
        stopped
    )
    assert "acme_x12_810_sensor" in {sensor.name for sensor in definitions.get_repository_def().sensor_defs}


def test_the_whole_set_of_an_integration(configured: Any) -> None:
    definitions = configured()
    dg.Definitions.validate_loadable(definitions)
    repository = definitions.get_repository_def()
    keys = sorted(key.to_user_string() for key in definitions.resolve_all_asset_keys())
    assert keys == [
        "acme/cleo/inbox",
        "acme/cleo/to_ferrolux",
        "acme/cleo/to_northwind",
        "acme/external/cleo",
        "acme/external/sap_business_one",
        *(f"acme/inbound/x12_{one}" for one in ("810", "824", "850", "855", "856", "861", "870", "997")),
        *(f"acme/outbound/x12_{one}" for one in ("810", "824", "850", "856", "997")),
        "acme/partners/ferrolux",
        "acme/partners/northwind",
        "acme/reports/backtest",
        "acme/reports/partner_scorecard",
        "acme/sap_business_one/accounts",
        "acme/sap_business_one/alternate_catalogue_numbers",
        "acme/sap_business_one/business_partners",
        "acme/sap_business_one/currencies",
        "acme/sap_business_one/delivery_notes",
        "acme/sap_business_one/dimensions",
        "acme/sap_business_one/distribution_rules",
        "acme/sap_business_one/invoices",
        "acme/sap_business_one/items",
        "acme/sap_business_one/orders_received",
        "acme/sap_business_one/profit_centers",
        "acme/sap_business_one/purchase_orders",
        "acme/sap_business_one/unit_groups",
        "acme/sap_business_one/units_of_measure",
    ]
    assert sorted(repository.job_names) == [
        "__ASSET_JOB",
        "acme_backtest",
        "acme_inbound",
        "acme_reconciliation",
        "acme_reference",
        "acme_x12_810",
        "acme_x12_850",
        "acme_x12_856",
    ]
    running = {sensor.name: sensor.minimum_interval_seconds for sensor in repository.sensor_defs}
    assert running == {
        "acme_inbound_sensor": 10,
        "acme_reference_sensor": 15,
        "acme_watch_sensor": 30,
        "acme_x12_810_sensor": 10,
        "acme_x12_850_sensor": 10,
        "acme_x12_856_sensor": 10,
    }
    assert {sensor.default_status for sensor in repository.sensor_defs} == {dg.DefaultSensorStatus.RUNNING}
    assert [schedule.name for schedule in repository.schedule_defs] == ["acme_reconciliation_schedule"]


def test_every_asset_says_what_it_is_and_whose(configured: Any) -> None:
    for spec in configured().resolve_all_asset_specs():
        name = spec.key.to_user_string()
        assert spec.description and len(spec.description) > 15, name
        assert spec.owners == ["team:edi"], name
        assert spec.group_name in GROUPS, name
        assert spec.kinds in ({"cleo"}, {"x12"}, {"sap_business_one"}, {"pandas"}, {"partner"}), name
        assert spec.tags, name
        assert spec.code_version == (None if spec.group_name == "acme_external" else RELEASE), name
        assert all(re.fullmatch(r"(dagster|mlconn)/[a-z][a-z0-9_]*", label) for label in spec.metadata), name


def test_every_table_states_its_columns(configured: Any) -> None:
    schemas = {
        spec.key.to_user_string(): [column.name for column in spec.metadata["dagster/column_schema"].columns]
        for spec in configured().resolve_all_asset_specs()
        if "dagster/column_schema" in spec.metadata
    }
    documents = ["document", "set", "number", "partner", "state", "reason", "amount", "currency", "lines", "file", "changed"]
    listed = {
        *(f"acme/outbound/x12_{one}" for one in ("810", "824", "850", "856", "997")),
        *(f"acme/inbound/x12_{one}" for one in ("810", "824", "850", "855", "856", "861", "870", "997")),
        *("acme/cleo/to_ferrolux", "acme/cleo/to_northwind", "acme/sap_business_one/orders_received"),
    }
    assert {name for name, columns in schemas.items() if columns == documents} == listed
    assert schemas["acme/sap_business_one/invoices"] == ["document", "number", "amount", "currency", "lines", "changed"]
    assert schemas["acme/sap_business_one/currencies"] == ["code", "iso", "decimals"]


def test_what_lies_outside_stands_at_the_ends_of_the_graph(configured: Any) -> None:
    graph = configured().resolve_asset_graph()
    outside = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys() if graph.get(key).is_external}
    assert {name: {key.to_user_string() for key in node.parent_keys} for name, node in outside.items()} == {
        "acme/external/cleo": set(),
        "acme/external/sap_business_one": set(),
        "acme/partners/ferrolux": {"acme/cleo/to_ferrolux"},
        "acme/partners/northwind": {"acme/cleo/to_northwind"},
    }
    assert not any(graph.get(key).is_external for key in graph.executable_asset_keys)
    assert {key.to_user_string() for key in outside["acme/external/cleo"].child_keys} == {"acme/cleo/inbox"}
    read = {key.path[-1] for key in outside["acme/external/sap_business_one"].child_keys}
    assert {"invoices", "purchase_orders", "delivery_notes", "items", "business_partners"} <= read
    assert "orders_received" not in read, "that is made there, and not read"


def test_what_partners_answer_hangs_on_the_documents_that_it_is_about(configured: Any) -> None:
    graph = configured().resolve_asset_graph()
    for set_id in ("997", "824"):
        parents = {key.to_user_string() for key in graph.get(dg.AssetKey(["acme", "inbound", f"x12_{set_id}"])).parent_keys}
        assert parents == {"acme/cleo/inbox", *(f"acme/outbound/x12_{one}" for one in ("810", "850", "856"))}


def test_documents_link_to_the_reference_data_that_they_are_checked_against(configured: Any) -> None:
    specs = {spec.key.to_user_string(): spec for spec in configured().resolve_all_asset_specs()}
    read = {name for name, spec in specs.items() if spec.group_name == "acme_reference"}
    assert len(read) == 10
    for name in ("acme/outbound/x12_810", "acme/inbound/x12_850", "acme/inbound/x12_855"):
        linked = {value.asset_key.to_user_string() for value in specs[name].metadata.values() if isinstance(value, LINK)}
        assert linked == read, name
        assert not {dep.asset_key.to_user_string() for dep in specs[name].deps} & read, name


def test_only_what_comes_by_a_clock_can_be_late(configured: Any) -> None:
    late = {spec.key: spec.freshness_policy for spec in configured().resolve_all_asset_specs() if spec.freshness_policy}
    groups = {key.path[-2:] == ["reports", "partner_scorecard"] or key.path[1] == "sap_business_one" for key in late}
    assert groups == {True} and len(late) == 11
    scorecard = late[dg.AssetKey(["acme", "reports", "partner_scorecard"])]
    assert scorecard == dg.FreshnessPolicy.cron("40 4 * * *", dt.timedelta(hours=4), "America/Chicago")
    assert late[dg.AssetKey(["acme", "sap_business_one", "items"])] == dg.FreshnessPolicy.time_window(dt.timedelta(hours=2))


def test_every_check_and_job_says_what_it_is(configured: Any) -> None:
    definitions = configured()
    graph = definitions.resolve_asset_graph()
    named = {("/".join(key.asset_key.path[-2:]), key.name) for key in graph.asset_check_keys}
    assert named == {
        *((f"sap_business_one/{asset}", "watermark_fresh") for asset in RECORDS),
        *((f"sap_business_one/{asset}", "counts_and_amounts_equal_the_erp") for asset in RECORDS),
        *(
            (f"outbound/x12_{one}", check)
            for one in ("810", "850", "856")
            for check in ("nothing_set_aside", "no_overdue_acknowledgments", "no_unknown_outcomes")
        ),
        ("sap_business_one/orders_received", "each_reference_once"),
        ("cleo/inbox", "nothing_set_aside"),
        ("cleo/inbox", "no_unknown_outcomes"),
        *((f"inbound/x12_{one}", "nothing_set_aside") for one in ("810", "824", "850", "855", "856", "861", "870", "997")),
        *((f"inbound/x12_{one}", "no_unknown_outcomes") for one in ("810", "850", "855", "856")),
    }
    for key in graph.asset_check_keys:
        assert graph.get_check_spec(key).description
    repository = definitions.get_repository_def()
    assert all(definitions.resolve_job_def(name).description for name in repository.job_names if not name.startswith("__"))
    assert all(sensor.description for sensor in repository.sensor_defs)


def test_documents_are_filed_by_day_in_single_runs(configured: Any) -> None:
    """All assets of a job share one policy, without which Dagster falls back to a run for every day of a range."""
    definitions = configured()
    graph = definitions.resolve_asset_graph()
    for key in definitions.resolve_all_asset_keys():
        node = graph.get(key)
        if node.group_name in ("acme_reference", "acme_reports", "acme_external"):
            assert node.partitions_def is None
            continue
        assert node.backfill_policy == dg.BackfillPolicy.single_run(), key
        days = node.partitions_def
        assert isinstance(days, dg.DailyPartitionsDefinition)
        assert days.timezone == "America/Chicago"
        assert days.get_last_partition_key() == dt.datetime.now(ZoneInfo("America/Chicago")).strftime(DAY)
        assert days.get_first_partition_key() == "2026-01-07"


def test_a_go_live_that_lies_ahead_leaves_today_a_partition(configured: Any) -> None:
    ahead = dt.date.today() + dt.timedelta(days=45)
    flows = {"x12_810": {"send_from": ahead}}
    definitions = configured(integration(flows=flows, partners=["northwind"]))
    days = definitions.resolve_asset_graph().get(dg.AssetKey(["acme", "outbound", "x12_810"])).partitions_def
    assert days.has_partition_key((dt.date.today() - dt.timedelta(days=1)).strftime(DAY))


def test_jobs_leave_live_to_those_who_say_so(configured: Any) -> None:
    """A job that somebody launches or backfills in the UI carries its own tags: below live runs, in a lane of its own."""
    job = configured().resolve_job_def("acme_x12_810")
    assert {name: value for name, value in job.tags.items() if name.startswith(("mlconn/", "dagster/"))} == {
        "mlconn/integration": "acme",
        "mlconn/flow": "x12_810",
        "mlconn/mode": BACKFILL,
        "mlconn/lane": "acme/x12_810/backfill",
        "dagster/priority": "-5",
        "dagster/retry_strategy": "ALL_STEPS",
        "dagster/max_runtime": "3600",
    }


def test_steps_are_visible_and_the_nightly_comparison_is_no_part_of_a_run(configured: Any) -> None:
    definitions = configured()
    steps = {node.name for node in definitions.resolve_job_def("acme_x12_810").graph.nodes}
    assert "acme__sap_business_one__invoices" in steps
    assert {node.name for node in definitions.resolve_job_def("acme_x12_810").all_node_defs} >= {
        "acme_x12_810_validate",
        "acme_x12_810_render",
        "acme_cleo_folders",
        "acme_x12_810_checks",
    }
    documents = definitions.resolve_job_def("acme_x12_810").graph.node_named("acme__outbound__x12_810").definition
    ops = [f"acme_x12_810_{step.name}" for step in between(OUTBOUND_STEPS, "fetch", "send")]
    assert [node.name for node in documents.nodes_in_topological_order] == ops, "in the order of the flow's steps"
    assert not any("counts_and_amounts" in step for step in steps)
    assert {node.name for node in definitions.resolve_job_def("acme_inbound").all_node_defs} >= {
        "acme_inbound_documents",
        "acme_answers",
        "acme_cleo_folders",
        "acme_inbound_checks",
    }


def test_folders_hang_on_what_their_partners_get(configured: Any) -> None:
    graph = configured().resolve_asset_graph()
    parents = {
        name: {key.path[-1] for key in graph.get(dg.AssetKey(["acme", "cleo", name])).parent_keys}
        for name in ("to_northwind", "to_ferrolux")
    }
    assert parents == {"to_northwind": {"x12_810", "x12_856", "x12_997"}, "to_ferrolux": {"x12_850", "x12_824", "x12_997"}}


def test_folders_of_like_names_stay_apart(configured: Any) -> None:
    definitions = configured(folders=("inbox", "in/box"))
    dg.Definitions.validate_loadable(definitions)
    cleo = {key.path[-1] for key in definitions.resolve_all_asset_keys() if key.path[1] == "cleo"}
    assert cleo == {"inbox", "inbox_2", "in_box"}


def test_an_integration_without_inbound_flow_or_with_nothing_else(configured: Any) -> None:
    outbound = integration(flows={"x12_810": {"send_from": SEND_FROM}}, partners=["northwind"])
    dg.Definitions.validate_loadable(configured(outbound))
    inbound = integration(flows={"inbound": {"send_from": SEND_FROM, "folders": ["from_northwind"]}})
    definitions = configured(inbound)
    dg.Definitions.validate_loadable(definitions)
    jobs = ["__ASSET_JOB", "acme_inbound", "acme_reconciliation", "acme_reference"]
    assert sorted(definitions.get_repository_def().job_names) == jobs


def test_received_orders_are_called_what_they_become(configured: Any) -> None:
    """The default target takes suppliers, as asked for."""
    erp = {name: value for name, value in integration()["erp"].items() if name != "order_target"}
    definitions = configured(integration(erp=erp, partners=["ferrolux"], flows={"inbound": integration()["flows"]["inbound"]}))
    names = {key.to_user_string() for key in definitions.resolve_all_asset_keys()}
    assert "acme/sap_business_one/purchase_orders_received" in names


def test_two_integrations_share_nothing_but_resources(configured: Any) -> None:
    definitions = configured(integration(), integration(integration="globex"))
    dg.Definitions.validate_loadable(definitions)
    firsts = {key.path[0] for key in definitions.resolve_all_asset_keys()}
    assert firsts == {"acme", "globex"}


def test_loading_the_definitions_loads_nothing_that_a_run_does_not_need(configured: Any) -> None:
    """Every run pays for what is imported here."""
    configured()
    probe = (
        "import sys, mlconn_pipelines.definitions as loaded; loaded.defs(); "
        "print(*(name for name in ('pandas', 'numpy', 'pyx12', 'typer', 'starlette', 'uvicorn') if name in sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=120)
    assert said.stdout.split() == []


def test_finance_operations_has_its_own_assets_and_no_job_for_what_it_does_not_send(configured: Any) -> None:
    erp = {
        "kind": "finance_operations",
        "url": "https://org.invalid",
        "company": "usmf",
        "tenant": "contoso.example",
        "credential": "erp",
    }
    flows = {name: flow for name, flow in integration()["flows"].items() if name in ("x12_850", "inbound")}
    definitions = configured(integration(erp=erp, flows=flows))
    keys = {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}
    assert {key for key in keys if "/finance_operations/" in key} == {
        f"acme/finance_operations/{name}"
        for name in (
            *("purchase_order_confirmations", "vendor_invoices_received"),
            *("vendors", "released_products", "vendor_item_numbers", "main_accounts", "company_accounts"),
            *("dimension_formats", "dimension_values"),
        )
    }
    assert {"acme/outbound/x12_850", "acme/inbound/x12_810", "acme/outbound/x12_824"} <= keys
    assert "acme/outbound/x12_810" not in keys
