"""A mistake stops the partner or the integration whose file it is in, and nobody else."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlconn_pipelines.config import checking
from mlconn_pipelines.config.loading import Configuration, check_configuration, load_configuration
from mlconn_pipelines.config.mistakes import ConfigurationMistakes
from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.config.starting import write_starter
from mlconn_pipelines.errors import ConfigurationError

ACME, BETA = "acme.yaml", "beta.yaml"
BLUEPEAK, CEDARMILL = "partners/bluepeak.yaml", "partners/cedarmill.yaml"


PIECES = (b"", b"\x00", b"\xff\xfe", b"\t", b"&a [*a]", b"!!python/object:x ", b"[" * 3000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two integrations, acme and beta, of the same two partners."""
    folder = tmp_path / "conf"
    write_starter(folder, dt.date(2026, 3, 1))
    text = (folder / ACME).read_text(encoding="utf-8")
    text = (
        text.replace("integration: acme", "integration: beta").replace("sap_acme", "sap_beta").replace("cleo_acme", "cleo_beta")
    )
    (folder / BETA).write_text(text, encoding="utf-8")
    return folder


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def names(configuration: Configuration) -> tuple[list[str], list[str]]:
    return sorted(configuration.integrations), sorted(configuration.partners)


@pytest.mark.parametrize(
    ("old", "new", "line_of"),
    [
        ("mode: preview", "mode: prod", "mode: prod"),  # a field
        ("mode: preview", "mode: [preview", None),  # no YAML
        ("after_sending: ignore ", "after_sending: change_set ", "after_sending: change_set"),  # fields together
        ("  - cedarmill", "  - cedarmil", "- cedarmil"),  # a name that leads nowhere
    ],
)
def test_a_mistake_in_an_integrations_file_stops_that_integration(
    folder: Path, old: str, new: str, line_of: str | None
) -> None:
    edit(folder, BETA, old, new)
    running = load_configuration(folder)
    assert names(running) == (["acme"], ["bluepeak", "cedarmill"])
    assert list(running.stopped_integrations) == ["beta"]
    with pytest.raises(ConfigurationError) as caught:
        running.integration("beta")
    assert caught.value.file == str(folder / BETA)
    if line_of:
        text = (folder / BETA).read_text(encoding="utf-8")
        assert caught.value.line == text[: text.index(line_of)].count("\n") + 1
    (told,) = running.told()
    assert told.startswith(f"Integration beta is stopped: {folder / BETA}:{caught.value.line}: ")
    with pytest.raises(ConfigurationError):
        check_configuration(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version: "004010"', "version: 004010"),
        ("folder: to_cedarmill", "folder: [to_cedarmill"),
        ("folder: to_cedarmill", "#"),
        ("partner: cedarmill", "partner: cedarmills"),
        ("folder: to_cedarmill", "folder: inbox"),
    ],
)
def test_a_mistake_in_a_partners_file_stops_that_partner(folder: Path, old: str, new: str) -> None:
    whole = load_configuration(folder)
    edit(folder, CEDARMILL, old, new)
    running = load_configuration(folder)
    assert names(running) == (["acme", "beta"], ["bluepeak"])
    assert [one.partner for one in running.partners_of("acme")] == ["bluepeak"]
    (stopped,) = running.stopped_of("acme")
    assert str(folder / CEDARMILL) + ":" in stopped.why
    assert running.hash_of("acme") != whole.hash_of("acme"), "what is held for it comes back once the file is corrected"
    with pytest.raises(ConfigurationError):
        check_configuration(folder)


@pytest.mark.parametrize("edited", ["folder: to_cedarmill", "folder: [to_cedarmill", "folder: to_cedarmill\nno_setting: 1"])
def test_a_stopped_partner_is_known_by_codes_and_ids_all_the_same(folder: Path, edited: str) -> None:
    edit(folder, CEDARMILL, "folder: to_cedarmill", edited)
    if edited == "folder: to_cedarmill":
        edit(folder, CEDARMILL, 'version: "004010"', "version: 004010")
    (stopped,) = load_configuration(folder).stopped_of("acme")
    assert stopped.has_code("supplier", "V10100") and not stopped.has_code("supplier", "V20020")
    assert stopped.sends_as("01", "555443333", "ZZ", "ACME")
    assert not stopped.sends_as("12", "2125550142", "ZZ", "ACME")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{qualifier: "01", id: "555443333"}', '{qualifier: "12", id: "2125550142"}'),
        ("V10100", "V20020"),
        ("folder: to_cedarmill", "folder: to_bluepeak"),
    ],
)
def test_two_partners_who_could_not_be_told_apart_are_both_stopped(folder: Path, old: str, new: str) -> None:
    edit(folder, CEDARMILL, old, new)
    running = load_configuration(folder)
    assert (list(running.integrations), list(running.partners)) == (["acme", "beta"], [])
    assert sorted(running.stopped_partners) == ["bluepeak", "cedarmill"]


def test_two_integrations_of_one_name_are_both_stopped(folder: Path) -> None:
    (folder / "copy.yaml").write_text((folder / ACME).read_text(encoding="utf-8"), encoding="utf-8")
    running = load_configuration(folder)
    assert (list(running.integrations), list(running.stopped_integrations)) == (["beta"], ["acme"])


def test_a_file_that_would_be_overlooked_stops_what_it_would_be(folder: Path) -> None:
    (folder / CEDARMILL).rename(folder / "partners" / "cedarmill.yml")
    running = load_configuration(folder)
    assert list(running.stopped_partners) == ["cedarmill"] and list(running.integrations) == ["acme", "beta"]
    assert running.stopped_partners["cedarmill"].has_code("supplier", "V10100")


@pytest.mark.parametrize(
    ("old", "new", "stopped"),
    [
        ("    folders: [inbox]", "    folders: [to_bluepeak]", {"bluepeak"}),  # what we send would come back
        ("  inbound: ", "  #inbound: ", {"bluepeak", "cedarmill"}),  # nothing takes what they send
    ],
)
def test_a_partner_that_does_not_fit_one_integration_goes_on_in_the_other(
    folder: Path, old: str, new: str, stopped: set[str]
) -> None:
    text = (folder / BETA).read_text(encoding="utf-8")
    if "#" in new:  # with all that stands below it
        head, _, rest = text.partition(old)
        text = head + re.sub(r"^( {4}.*\n)+", "", rest.partition("\n")[2])
    else:
        assert old in text
        text = text.replace(old, new)
    (folder / BETA).write_text(text, encoding="utf-8")
    running = load_configuration(folder)
    assert names(running) == (["acme", "beta"], ["bluepeak", "cedarmill"])
    assert {one.name for one in running.stopped_of("beta")} == stopped
    assert {one.partner for one in running.partners_of("beta")} == {"bluepeak", "cedarmill"} - stopped
    assert (len(running.partners_of("acme")), running.stopped_of("acme")) == (2, ())
    assert [line.split(":")[0] for line in running.told()] == [f"Partner {name} is stopped in beta" for name in sorted(stopped)]
    with pytest.raises(ConfigurationError):
        check_configuration(folder)


def test_where_no_integration_is_left_every_mistake_is_told(folder: Path) -> None:
    edit(folder, ACME, "mode: preview", "mode: prod")
    edit(folder, BETA, "mode: preview", "mode: prod")
    edit(folder, CEDARMILL, 'version: "004010"', "version: 004010")
    with pytest.raises(ConfigurationMistakes) as caught:
        load_configuration(folder)
    assert len(caught.value.mistakes) == 3


def test_what_is_in_order_is_told_nothing_of(folder: Path) -> None:
    configuration = check_configuration(folder)
    assert (configuration.told(), configuration.mistakes) == ([], ())


@pytest.mark.parametrize("file", [CEDARMILL, BETA])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_one_file_leaves_the_others_alone(folder: Path, file: str, data: st.DataObject) -> None:
    """A piece cut out, doubled or replaced by anything, YAML or not, text or not."""
    whole = (folder / file).read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 200)))
    piece = data.draw(st.sampled_from((*PIECES, whole[start:end] * 2)))
    try:
        (folder / file).write_bytes(whole[:start] + piece + whole[end:])
        running = load_configuration(folder)
        assert "acme" in running.integrations and "bluepeak" in running.integrations["acme"].partners
        alone = {"bluepeak", "cedarmill"} - ({"cedarmill"} if file == CEDARMILL else set())
        clash = any(mistake.also for mistake in running.mistakes)
        assert clash or alone <= set(running.partners)
        assert all(one.why for one in (*running.stopped_partners.values(), *running.stopped_integrations.values()))
    finally:
        (folder / file).write_bytes(whole)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("time_zone: America/Chicago", "time_zone: " + "A" * 5_000),
        ("  # ca_file: sap.pem  ", "  ca_file: " + "a" * 5_000 + " #"),
        ("  # ca_file: sap.pem  ", '  ca_file: "a\\0b" #'),
    ],
)
def test_names_that_no_file_can_have_are_mistakes(folder: Path, old: str, new: str) -> None:
    edit(folder, BETA, old, new)
    running = load_configuration(folder)
    assert (list(running.integrations), list(running.stopped_integrations)) == (["acme"], ["beta"])


def test_a_file_that_the_code_falls_over_stops_what_it_is_about(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = TradingPartner.model_validate

    def falls_over_one(values: Any) -> TradingPartner:
        if values["partner"] == "cedarmill":
            raise ZeroDivisionError
        return whole(values)

    monkeypatch.setattr(TradingPartner, "model_validate", falls_over_one)
    running = load_configuration(folder)
    assert list(running.partners) == ["bluepeak"]
    assert "fell over this file (ZeroDivisionError)" in running.stopped_partners["cedarmill"].why


def test_a_check_that_falls_over_one_file_leaves_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def falls_over_one(partner: TradingPartner, source: Any) -> Iterator[ConfigurationError]:
        if partner.partner == "cedarmill":
            raise ZeroDivisionError
        yield from ()

    monkeypatch.setattr(checking, "rule_mistakes", falls_over_one)
    assert list(load_configuration(folder).partners) == ["bluepeak"]


def test_brackets_that_nobody_closes_are_a_mistake_like_any_other(folder: Path) -> None:
    text = (folder / BETA).read_text(encoding="utf-8")
    (folder / BETA).write_text(f"{text}\nowner: {'[' * 20_000}", encoding="utf-8")
    (stopped,) = load_configuration(folder).stopped_integrations.values()
    line = text.count("\n") + 2
    assert stopped.why.startswith(f"{folder / BETA}:{line}: ")


@pytest.mark.parametrize("kind", ["a folder", "a broken link"])
def test_what_is_no_file_stops_what_it_is_named_for(folder: Path, kind: str) -> None:
    (folder / CEDARMILL).unlink()
    if kind == "a folder":
        (folder / CEDARMILL).mkdir()
    else:
        (folder / CEDARMILL).symlink_to(folder / "nowhere.yaml")
    running = load_configuration(folder)
    assert (sorted(running.integrations), list(running.stopped_partners)) == (["acme", "beta"], ["cedarmill"])
