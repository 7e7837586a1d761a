"""Every wrong configuration as a new user would make it: one sentence, with the file, the line and what to write instead."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from mlconn_pipelines.config.checking import FLOWS_WITH_CHANGE_SETS
from mlconn_pipelines.config.loading import Configuration, check_configuration, load_configuration
from mlconn_pipelines.config.mistakes import ConfigurationMistakes
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS
from mlconn_pipelines.errors import ConfigurationError

ACME, BLUEPEAK, CEDARMILL = "acme.yaml", "partners/bluepeak.yaml", "partners/cedarmill.yaml"
GO_LIVE = dt.date(2026, 3, 1)


@dataclass(frozen=True)
class Wrong:
    """One edit of the starter configuration. at: the text whose line is to be named, as it stands after the edit."""

    name: str
    file: str
    old: str
    new: str
    at: str
    says: tuple[str, ...]


WRONG = (
    Wrong("missing key", ACME, "mode: preview  ", "#", "integration: acme", ("'mode' is missing", "Add `mode:`")),
    Wrong("missing key inside", ACME, "  company_db: SBODEMOUS\n", "", "erp:", ("'company_db' is missing in erp",)),
    Wrong("no go-live date", ACME, "  x12_856:                        # delivery notes to customers\n    send_from: 2026-03-01",
          "  x12_856: {}", "x12_856: {}", ("'send_from' is missing in flows.x12_856", "go-live")),
    Wrong("unknown field", ACME, "mode: preview", "mdoe: live\nmode: preview", "mdoe", ("unknown setting 'mdoe'", "Did you mean 'mode'?")),
    Wrong("unknown field inside", ACME, "    send_from: 2026-03-01\n    after", "    send_form: 1\n    send_from: 2026-03-01\n    after",
          "send_form", ("unknown setting 'send_form' in flows.x12_810", "'send_from'")),
    Wrong("unquoted version", BLUEPEAK, 'version: "004010"', "version: 004010", "version: 004010",
          ('Write it in quotes: "004010"', "x12.version")),
    Wrong("unquoted qualifier", CEDARMILL, '"01"', "01", "qualifier: 01", ('Write it in quotes: "01"',)),
    Wrong("unquoted 00 as a fixed value", BLUEPEAK, "BIG07: DI", "BIG07: 00", "BIG07: 00", ('"00"', "x12.sets.810.fixed.BIG07")),
    Wrong("unquoted set as a key", BLUEPEAK, '"856":', "856:", "  856:", ('Write it in quotes: "856"',)),
    Wrong("unquoted location number", BLUEPEAK, '"0142":', "0142:", "0142: DC", ('Write it in quotes: "0142"',)),
    Wrong("unquoted set in a list", BLUEPEAK, '["850", ', "[850, ", "sends:", ('Write it in quotes: "850"',)),
    Wrong("a word that YAML reads as false", BLUEPEAK, "Each: EA", "Each: NO", "Each: NO", ('Write it in quotes: "NO"',)),
    Wrong("unknown set", BLUEPEAK, '"856":', '"857":', '"857":', ("x12.sets.857", "'850'")),
    Wrong("a text where a number belongs", ACME, "  # requests_per_second: 5 ", "  timeout_s: long #", "timeout_s", ("'long'", "a number")),
    Wrong("a number out of bounds", ACME, "  # calls_in_flight: 4 ", "  calls_in_flight: 400 #", "calls_in_flight",
          ("erp.calls_in_flight is '400'", "at most 16")),
    Wrong("a text where a list belongs", ACME, "[inbox]", "inbox", "folders: inbox", ("a list",)),
    Wrong("no proxy's address", ACME, "credential: sap_acme ", "proxy: proxy.example.com\n  credential: sap_acme #", "proxy:",
          ("'proxy.example.com' is no proxy", "http://proxy.example.com:3128, or none")),
    Wrong("a proxy without an address", ACME, "credential: sap_acme ", "proxy: {credential: x}\n  credential: sap_acme #", "proxy:",
          ("'url' is missing in erp.proxy",)),
    Wrong("a password in a proxy's address", ACME, "credential: sap_acme ", "proxy: http://u:p@q:1\n  credential: sap_acme #",
          "proxy:", ("erp.proxy holds a user name or password", "mlconn credentials set")),
    Wrong("no host in no_proxy", ACME, "credential: sap_acme ", "no_proxy: ['a b']\n  credential: sap_acme #", "no_proxy",
          ("'a b' is no host, domain, address or network",)),
    Wrong("an empty list", ACME, "folders: [inbox]", "folders: []", "folders: []", ("at least 1 entry",)),
    Wrong("a value left out", ACME, "credential: sap_acme ", "credential: #", "credential: #", ("erp.credential has no value",)),
    Wrong("no date", ACME, "  x12_850:                        # purchase orders to suppliers\n    send_from: 2026-03-01",
          "  x12_850:\n    send_from: 2026-02-31", "2026-02-31", ("'2026-02-31'", "a date such as 2026-01-31")),
    Wrong("another word", ACME, "mode: preview", "mode: prod", "mode: prod", ("'prod'", "'preview' or 'live'")),
    Wrong("a nearly right word", ACME, "mode: preview", "mode: previw", "mode: previw", ("'previw'", "Did you mean 'preview'?")),
    Wrong("another ERP", ACME, "kind: sap_business_one", "kind: sap", "kind: sap", ("'sap_business_one'",)),
    Wrong("no ERP", ACME, "  kind: sap_business_one\n", "", "erp:", ("'kind' is missing in erp", "Add `kind:`")),
    Wrong("a bad name", ACME, "integration: acme", "integration: ACME Inc", "integration: ACME", ("lower-case letters",)),
    Wrong("an address without scheme", ACME, "https://sap.example.com", "sap.example.com", "url: sap.example", ("https://",)),
    Wrong("a password in an address", ACME, "https://sap.example.com", "https://me:geheim@sap.example.com", "url: https://me",
          ("mlconn credentials set",)),
    Wrong("a time zone that is none", ACME, "America/Chicago", "Chicago", "time_zone", ("'Chicago'", "America/Chicago")),
    Wrong("an unknown partner", ACME, "  - cedarmill", "  - cedarmil", "- cedarmil", ("no trading partner 'cedarmil'", "'cedarmill'")),
    Wrong("a partner listed twice", ACME, "  - cedarmill", "  - cedarmill\n  - bluepeak", "\n  - bluepeak\n\n", ("listed twice",)),
    Wrong("a partner file of another name", CEDARMILL, "partner: cedarmill", "partner: cedarmills", "partner: cedarmills",
          ("the file is named cedarmill.yaml",)),
    Wrong("two partners with the same ids", CEDARMILL, '{qualifier: "01", id: "555443333"}', '{qualifier: "12", id: "2125550142"}',
          "theirs:", ("12:2125550142", "already that of partner 'bluepeak'")),
    Wrong("two partners with the same code", CEDARMILL, "V10100", "V20020", "supplier_codes", ("'V20020'", "'bluepeak'")),
    Wrong("two partners with the same folder", CEDARMILL, "folder: to_cedarmill", "folder: to_bluepeak", "folder: to_bluepeak",
          ("already that of partner 'bluepeak'",)),
    Wrong("a partner without a way to them", CEDARMILL, "folder: to_cedarmill", "#", "partner: cedarmill",
          ("neither folder nor api_provider",)),
    Wrong("a partner with two ways", CEDARMILL, "folder: to_cedarmill", "folder: x\napi_provider: {url: https://h/x, body: {}}",
          "api_provider: {", ("both folder and api_provider",)),
    Wrong("our own files would come back", CEDARMILL, "folder: to_cedarmill", "folder: inbox", "folder: inbox", ("come back",)),
    Wrong("change sets", ACME, "after_sending: ignore ", "after_sending: change_set ", "after_sending: change_set",
          ("a changed 810 has no such set", "Write ignore or on_hold")),
    Wrong("equal separators", BLUEPEAK, 'component: ">"', 'component: "*"', "separators", ("element and component are both '*'",)),
    Wrong("a letter as separator", BLUEPEAK, 'component: ">"', 'component: "X"', "separators", ("'X'", "occurs in texts")),
    Wrong("two characters as separator", BLUEPEAK, 'segment: "~"', 'segment: "~~"', "separators", ("at most 1 character",)),
    Wrong("a separator within an id", BLUEPEAK, "id: ACME}  ", "id: A*ME}  ", "ours:", ("'A*ME'", "element separator")),
    Wrong("an interchange id too long", BLUEPEAK, "id: ACME}  ", "id: ACMEACMEACMEACME}  ", "ours:", ("at most 15",)),
    Wrong("a tab", ACME, "  kind: sap_business_one", "\tkind: sap_business_one", "\tkind", ("a tab", "spaces")),
    Wrong("an open quotation mark", BLUEPEAK, 'version: "004010"', 'version: "004010', 'version: "', ("Close the quotation mark",)),
    Wrong("a colon within a text", BLUEPEAK, "name: Blue", "name: Re: Blue", "name: Re:", ("colon", "quotes")),
    Wrong("an alias by mistake", BLUEPEAK, 'element: "*"', "element: *", "separators", ("no YAML",)),
    Wrong("the same key twice", ACME, "mode: preview", "mode: live\nmode: preview", "mode: preview", ("'mode' is given twice",)),
    Wrong("a certificate file that is not there", ACME, "  # ca_file: sap.pem  ", "  ca_file: sap.pem #", "ca_file: sap.pem", ("no file",)),
    Wrong("one credential for two systems", ACME, "credential: cleo_acme  ", "credential: sap_acme #", "credential: sap_acme #",
          ("also that of erp", "another system")),
    Wrong("oauth without its address", ACME, "  # calls_in_flight", "  authentication: oauth  # calls", "erp:", ("oauth_token_url",)),
    Wrong("misspelt guide rule", BLUEPEAK, "required: [BIG04]", "required: [big04]", "required: [big04]", ("'big04'", "names no element")),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_starter(tmp_path / "conf", GO_LIVE)
    return tmp_path / "conf"


def edit(folder: Path, file: str, old: str, new: str) -> str:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in the starter any more"
    changed = text.replace(old, new, 1)
    (folder / file).write_text(changed, encoding="utf-8")
    return changed


def refusal(folder: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(folder)
    return caught.value


def loaded(folder: Path) -> Configuration:
    return load_configuration(folder)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_mistake_is_one_sentence_with_its_file_and_line(folder: Path, wrong: Wrong) -> None:
    text = edit(folder, wrong.file, wrong.old, wrong.new)
    mistake = refusal(folder)
    assert not isinstance(mistake, ConfigurationMistakes), mistake
    assert "\n" not in str(mistake)
    assert mistake.file == str(folder / wrong.file)
    for words in wrong.says:
        assert words in str(mistake)
    if wrong.at:
        # A marker that begins with a line feed means the line after it.
        line = text[: text.index(wrong.at)].count("\n") + 1 + wrong.at.startswith("\n")
        assert str(mistake).startswith(f"{folder / wrong.file}:{line}: ")


def test_a_password_in_an_address_is_not_repeated(folder: Path) -> None:
    edit(folder, ACME, "https://sap.example.com", "htps://me:geheim@sap.example.com")
    assert "geheim" not in str(refusal(folder))


def test_several_mistakes_come_one_a_line_in_the_order_of_the_files(folder: Path) -> None:
    edit(folder, ACME, "mode: preview", "mode: prod")
    edit(folder, ACME, "company_db: SBODEMOUS", "company_bd: SBODEMOUS")
    edit(folder, CEDARMILL, '"01"', "01")
    mistake = refusal(folder)
    assert isinstance(mistake, ConfigurationMistakes)
    lines = str(mistake).split("\n")
    assert len(lines) == len(mistake.mistakes) == 4  # mode, company_db missing, company_bd unknown, qualifier
    assert [Path(one.file or "").name for one in mistake.mistakes] == ["acme.yaml"] * 3 + ["cedarmill.yaml"]
    assert all(line.startswith(str(folder)) for line in lines)


def test_the_starter_loads_and_its_codes_stay_text(folder: Path) -> None:
    configuration = loaded(folder)
    assert list(configuration.integrations) == ["acme"]
    assert configuration.integration("acme").mode == "preview"
    bluepeak, cedarmill = configuration.partners_of("acme")
    assert (bluepeak.x12.version, bluepeak.x12.theirs.id, cedarmill.x12.theirs.qualifier) == ("004010", "2125550142", "01")
    assert bluepeak.ship_to == {"0142": "DC Memphis"}
    flow = configuration.integration("acme").flows.x12_810
    assert flow is not None and flow.send_from == GO_LIVE


@pytest.mark.parametrize("word", ["set_aside", "on_hold"])
def test_a_setting_that_names_a_state_takes_its_former_word(folder: Path, word: str) -> None:
    edit(folder, ACME, "after_sending: ignore ", f"after_sending: {word} ")
    configuration = load_configuration(folder)
    flow = configuration.integration("acme").flows.x12_810
    assert flow is not None and (flow.after_sending, flow.cancelled_after_sending) == ("on_hold", "on_hold")
    told = [sentence.partition("acme.yaml:")[2] for sentence in configuration.told()]
    assert [one.partition(": ")[2].partition(". ")[0] for one in told] == (
        ["flows.x12_810.after_sending: set_aside is on_hold now"] if word == "set_aside" else []
    )


def test_a_text_is_kept_as_written(folder: Path) -> None:
    edit(folder, BLUEPEAK, "name: Blue Peak Outfitters", "name: 2026-01-05")
    edit(folder, CEDARMILL, 'qualifier: "01"', "qualifier: 08")  # no octal number, so that YAML too takes it for a text
    assert loaded(folder).partners["bluepeak"].name == "2026-01-05"
    assert loaded(folder).partners["cedarmill"].x12.theirs.qualifier == "08"


def test_what_a_program_writes_as_yaml_is_read_back_as_it_was(folder: Path) -> None:
    codes = [
        "00",
        "08",
        "0142",
        "NO",
        "1e5",
        "1.5e5",
        "12:30",
        "4.50",
        "2026-01-05",
        "~",
        "0x1F",
        "1_000",
        "+1",
        ".5",
        "=",
        "null",
    ]
    text = yaml.safe_dump({"ship_to": {code: code for code in codes}})
    edit(folder, CEDARMILL, "partner: cedarmill", f"{text}partner: cedarmill")
    assert loaded(folder).partners["cedarmill"].ship_to == {code: code for code in codes}


@pytest.mark.parametrize("written", [r"'\n'", r'"\n"', r"\n"])
def test_a_line_feed_may_be_the_segment_separator(folder: Path, written: str) -> None:
    edit(folder, BLUEPEAK, 'segment: "~"', f"segment: {written}")
    assert loaded(folder).partners["bluepeak"].x12.separators.segment == "\n"


def test_the_letter_of_old_releases_is_no_repetition_separator(folder: Path) -> None:
    edit(folder, BLUEPEAK, 'repetition: "^"', "repetition: U")
    assert loaded(folder).partners["bluepeak"].x12.separators.repetition == "U"
    edit(folder, BLUEPEAK, 'version: "004010"', 'version: "005010"')
    assert "'U'" in str(refusal(folder))


def test_a_route_whose_partner_cannot_fit_names_the_target_that_would(folder: Path) -> None:
    edit(folder, BLUEPEAK, "supplier_codes: [V20020]", "# supplier_codes: [V20020]")
    mistake = refusal(folder)
    assert mistake.file == str(folder / BLUEPEAK)
    assert "PurchaseOrders" in mistake.what and "supplier" in mistake.what
    assert "Orders would fit" in mistake.hint and "order_target: Orders" in mistake.hint
    edit(folder, ACME, "order_target: PurchaseOrders", "order_target: Orders")
    assert loaded(folder).integration("acme").erp.order_target == "Orders"


def test_a_customer_is_expected_to_send_orders_unless_their_file_says_otherwise(folder: Path) -> None:
    edit(folder, BLUEPEAK, "supplier_codes: [V20020]", "# supplier_codes: [V20020]")
    edit(folder, BLUEPEAK, 'sends: ["850", "824", "997"]', "")
    assert "Orders would fit" in refusal(folder).hint
    edit(folder, BLUEPEAK, "folder: to_bluepeak", 'folder: to_bluepeak\nsends: ["997"]')
    assert loaded(folder).partners["bluepeak"].sends == ("997",)


def test_a_supplier_that_orders_needs_the_other_target(folder: Path) -> None:
    edit(folder, ACME, "order_target: PurchaseOrders", "order_target: Orders")
    edit(folder, CEDARMILL, '["855", ', '["850", "855", ')
    assert "PurchaseOrders would fit" in refusal(folder).hint


def test_partners_that_send_need_an_inbound_flow(folder: Path) -> None:
    text = (folder / ACME).read_text(encoding="utf-8")
    start, end = text.index("  inbound:"), text.index("# alerts:")
    (folder / ACME).write_text(text[:start] + text[end:], encoding="utf-8")
    assert "no inbound flow" in str(refusal(folder))


@pytest.mark.parametrize(
    ("says", "is_refused"), [('sends: ["861", "997"]', False), ('sends: ["810", "861"]', True), ("sends: []", True)]
)
def test_who_only_reports_needs_no_code(folder: Path, says: str, is_refused: bool) -> None:
    edit(folder, CEDARMILL, "supplier_codes: [V10100]\n", "")
    edit(folder, CEDARMILL, 'sends: ["855", "856", "810", "997"]', says)
    if is_refused:
        with pytest.raises(ConfigurationError, match="neither customer_codes nor supplier_codes"):
            check_configuration(folder)
    else:
        assert len(check_configuration(folder).partners_of("acme")) == 2


def test_a_flow_without_anybody_to_go_to_is_refused(folder: Path) -> None:
    edit(folder, ACME, "  - cedarmill\n", "")
    edit(folder, BLUEPEAK, "supplier_codes: [V20020]", "")
    edit(folder, ACME, "order_target: PurchaseOrders", "order_target: Orders")
    mistake = refusal(folder)
    assert "x12_850 goes to suppliers" in mistake.what


def test_folders_and_files_that_hold_nothing(tmp_path: Path, folder: Path) -> None:
    assert "no configuration folder" in str(refusal(tmp_path / "nowhere"))
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no integration" in str(refusal(empty)) and "mlconn init" in str(refusal(empty))
    (folder / CEDARMILL).write_text("", encoding="utf-8")
    assert f"{folder / CEDARMILL}:1: the file is empty" in str(refusal(folder))
    (folder / CEDARMILL).write_text("just a text\n", encoding="utf-8")
    assert "holds no settings" in str(refusal(folder))
    (folder / CEDARMILL).write_bytes(b"partner: cedarmill\nname: M\xfcller\n")
    assert f"{folder / CEDARMILL}:2: the file is not UTF-8" in str(refusal(folder))


def test_a_file_that_would_be_overlooked_is_named(folder: Path) -> None:
    (folder / "second.yml").write_text("integration: second\n", encoding="utf-8")
    assert "Rename it to second.yaml" in str(refusal(folder))


def test_two_integrations_of_one_name(folder: Path) -> None:
    (folder / "copy.yaml").write_text((folder / ACME).read_text(encoding="utf-8"), encoding="utf-8")
    mistake = refusal(folder)
    assert "'acme' is also the name of" in str(mistake) and mistake.file == str(folder / "copy.yaml")


def test_an_alias_inside_itself_ends(folder: Path) -> None:
    (folder / CEDARMILL).write_text("partner: &a\n  x: *a\n", encoding="utf-8")
    assert "without end" in str(refusal(folder))


def test_the_hash_follows_the_content_and_not_its_layout(folder: Path) -> None:
    before = loaded(folder)
    edit(folder, ACME, "mode: preview", "# a remark\nmode:   preview")
    edit(folder, ACME, "    # poll_every_s: 10", "    poll_every_s: 10")
    assert loaded(folder).hash == before.hash and loaded(folder).hash_of("acme") == before.hash_of("acme")
    edit(folder, CEDARMILL, '"0.01"', '"0.02"')
    assert loaded(folder).hash_of("acme") != before.hash_of("acme")


def test_the_starter_overwrites_nothing(folder: Path) -> None:
    (folder / ACME).write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="exists already"):
        write_starter(folder, GO_LIVE)
    assert (folder / ACME).read_text(encoding="utf-8") == "mine"


def test_change_sets_are_offered_where_there_are_any() -> None:
    assert set(FLOWS_WITH_CHANGE_SETS) == {f"x12_{row.id}" for row in TRANSACTION_SETS.values() if row.changed_by}
