"""Commands that ask systems, against the simulated ones on sockets: check, run, documents, replay; and wrong connections."""

from __future__ import annotations

import io
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from mlconn_pipelines.cli.app import main
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.scenario import Scene, scene
from mlconn_pipelines_tests.transport.proxy_server import PASSWORD, USER, proxy_server

pytestmark = pytest.mark.database


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Mlconn = Callable[..., Ran]


@pytest.fixture
def simulated(tmp_path: Path, ledger_database: str) -> Iterator[Scene]:
    with scene(tmp_path, ledger_database, documents=60, initial_orders=False) as made:
        yield made


@pytest.fixture
def mlconn(simulated: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mlconn:
    """The program in this process, in the scene's environment. typed: its standard input, no terminal."""

    def run(*arguments: str, typed: str = "") -> Ran:
        with monkeypatch.context() as patched:
            for name, value in simulated.environment.items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["mlconn", *arguments])
            patched.setattr(sys, "stdin", io.StringIO(typed))
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    return run


def test_check_asks_every_system_and_shows_one_table(mlconn: Mlconn) -> None:
    checked = mlconn("check")
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    for words in ("configuration", "signed in", "SAP Business One", "Cleo", "user field U_MLConnRef", "to_northwind", "inbox"):
        assert words in checked.stdout
    rows = json.loads(mlconn("check", "--json").stdout)
    assert all(row["ok"] for row in rows) and {row["integration"] for row in rows} == {"acme"}


def test_a_run_and_what_it_left_are_shown(mlconn: Mlconn, simulated: Scene) -> None:
    ran = mlconn("run", "acme", "--flow", "x12_810", "--json")
    assert ran.returncode in (0, 1), ran.stderr
    steps = {step["step"]: step for step in json.loads(ran.stdout)["steps"]}
    sent = steps["send"]["counts"].get("sent", 0)
    uploaded = simulated.uploads("810")
    assert 0 < len(uploaded) <= sent  # one partner takes messages instead of files
    listed = json.loads(mlconn("documents", "list", "--flow", "x12_810", "--state", "sent", "--json").stdout)
    assert len(listed) == sent

    row = next(row for row in listed if any(f"_{row['business_number']}_" in file.name for file in uploaded))
    shown = mlconn("documents", "show", row["id"])
    assert shown.returncode == 0
    for words in (
        "outbound 810 Invoice",
        "It is sent",
        "Attempts",
        "interchange 0000",
        ".edi",
        "awaited",
        "Timeline",
        "fetched",
    ):
        assert words in shown.stdout, shown.stdout
    posted = mlconn("documents", "show", row["id"], "--journal").stdout
    assert "credit" in posted and "41000001 Sales revenues" in posted and "Invoices - C2" in posted, posted
    story = json.loads(mlconn("documents", "show", row["id"], "--json").stdout)
    assert story["claims"][0]["file_name"] in {file.name for file in uploaded}
    content = mlconn("documents", "list", "--number", row["business_number"], "--json")
    assert row["id"] in {row["id"] for row in json.loads(content.stdout)}

    replayed = mlconn("reprocess", row["id"], "--json")
    assert replayed.returncode in (0, 1)
    assert json.loads(replayed.stdout)[0]["after"] == "sent"
    assert len(simulated.uploads("810")) == len(uploaded)  # what was delivered stays delivered
    again = mlconn("reprocess", row["id"], "--redeliver", "--reason", "the partner lost it", "--json")
    assert json.loads(again.stdout)[0]["document"] == row["id"]
    verified = mlconn("audit", "verify")
    assert verified.returncode == 0 and "not sealed yet" in verified.stdout


def test_a_preview_sends_nothing(mlconn: Mlconn, simulated: Scene) -> None:
    ran = mlconn("run", "acme", "--flow", "x12_850", "--preview")
    assert ran.returncode in (0, 1) and "render" in ran.stdout
    assert simulated.uploads() == []


def test_set_aside_documents_are_decided_on(mlconn: Mlconn, simulated: Scene) -> None:
    mlconn("run", "acme", "--flow", "x12_810", "--json")
    waiting = json.loads(mlconn("documents", "list", "--state", "on_hold", "--json").stdout)
    assert waiting, "the world has cases that cannot be sent"
    name = waiting[0]["id"]
    assert f"mlconn approve {name} --reason" in mlconn("documents", "show", name).stdout
    dismissed = mlconn("dismiss", name, "--reason", "not for EDI", "--json")
    assert (dismissed.returncode, json.loads(dismissed.stdout)[0]["after"]) == (0, "skipped")
    refused = mlconn("approve", name, "--reason", "after all")
    assert refused.returncode == 1 and "skipped" in refused.stdout
    assert "not for EDI" in mlconn("documents", "show", name).stdout
    assert mlconn("recover", "acme", "--json").returncode in (0, 1)


def test_a_wrong_password_stops_the_connection_and_is_said_once(mlconn: Mlconn) -> None:
    mlconn("credentials", "set", "acme-erp", typed="username=manager\npassword=wrong\n")
    for _ in range(3):
        checked = mlconn("check")
        assert checked.returncode == 2 and "Traceback" not in checked.stderr
        assert "mlconn credentials set acme-erp" in checked.stderr and "wrong\n" not in checked.stdout
    listed = mlconn("connection", "list", "--json")
    states = {row["name"]: row["state"] for row in json.loads(listed.stdout)}
    assert states["acme-erp"] == "stopped" and states["acme-cleo"] == "in use"


@pytest.mark.parametrize(
    ("pattern", "wrong", "says"),
    [
        (r"url: http://[^/]+/b1s", "url: http://127.0.0.1:9/b1s", "SAP Business One"),
        (r"company_db: \w+", "company_db: NOSUCH", "company"),
        (r"- inbox", "- no_such_folder", "no_such_folder"),
    ],
    ids=["unreachable host", "wrong company", "bad folder"],
)
def test_a_wrong_connection_is_one_clear_sentence(
    mlconn: Mlconn, simulated: Scene, pattern: str, wrong: str, says: str
) -> None:
    file = simulated.settings.config / "acme.yaml"
    text, count = re.subn(pattern, wrong, file.read_text(encoding="utf-8"), count=1)
    assert count == 1
    file.write_text(text, encoding="utf-8")
    checked = mlconn("check")
    assert checked.returncode == 2
    assert says in checked.stderr and checked.stderr.count("\n") == 1 and "Traceback" not in checked.stderr


def test_everything_goes_through_the_proxies_that_are_named_and_check_says_which(
    mlconn: Mlconn, simulated: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = simulated.settings.config / "acme.yaml"
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    erp, cleo = (urlsplit(values[name]["url"]) for name in ("erp", "cleo"))
    hosts = {f"erp.example.test:{erp.port}": erp.port or 0, f"cleo.example.test:{cleo.port}": cleo.port or 0}
    with proxy_server(hosts, password=True) as ours, proxy_server(hosts) as of_the_environment:
        for name, parts in (("erp", erp), ("cleo", cleo)):
            values[name]["url"] = parts._replace(netloc=f"{name}.example.test:{parts.port}").geturl()
        values["erp"]["proxy"] = {"url": ours.url, "credential": "proxy_acme"}
        values["alerts"] = {"webhook": "http://chat.example.test/services/hush", "proxy": "none"}
        file.write_text(yaml.safe_dump(values), encoding="utf-8")
        monkeypatch.setenv("HTTP_PROXY", of_the_environment.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        unknown = mlconn("check")
        assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1) and "proxy_acme" in unknown.stderr
        mlconn("credentials", "set", "proxy_acme", typed=f"username={USER}\npassword={PASSWORD}\n")

        checked = mlconn("check", "--json")
        assert checked.returncode == 0, checked.stderr
        said = "\n".join(row["detail"] for row in json.loads(checked.stdout))
        assert (
            f"is reached through the proxy {ours.url} (proxy of the configuration, signed in by vault entry 'proxy_acme')"
            in said
        )
        assert (
            f"http://cleo.example.test:{cleo.port} is reached through the proxy {of_the_environment.url} (http_proxy of the"
            in said
        )
        assert (
            "http://chat.example.test is reached directly (proxy: none)" in said and "hush" not in said and PASSWORD not in said
        )
        ran = mlconn("run", "acme", "--flow", "x12_810", "--json")
        assert ran.returncode in (0, 1) and simulated.uploads("810"), ran.stderr
        assert {urlsplit(line.split()[1]).hostname for line in ours.asked} == {"erp.example.test"} and ours.refused == 0
        assert {urlsplit(line.split()[1]).hostname for line in of_the_environment.asked} == {"cleo.example.test"}
        mlconn("credentials", "set", "proxy_acme", typed=f"username={USER}\npassword=hunter2-wrong\n")
        refused = mlconn("check")
        assert refused.returncode == 2 and "refuses vault entry 'proxy_acme' (407)" in refused.stderr
        assert "hunter2" not in refused.stdout + refused.stderr


def test_no_character_of_a_partner_commands_the_terminal(mlconn: Mlconn, simulated: Scene) -> None:
    order = clerks.an_order(simulated)
    content = clerks.order_file(simulated, [order], 7).replace(order.number.encode(), b"PO\x1b[31m\x07\xc2\x9b2J")
    clerks.put(simulated, content, "order\x1b[2J\n\x9d.edi")
    clerks.put(simulated, b"ISA\x1b[31mnothing", "strange\x1b]0;x\x07.edi")
    said = []
    for _ in range(2):
        said += [mlconn("run", "acme", "--flow", "inbound")]
    lists = ("documents list --flow inbound", "files list acme", "alerts", "audit verify")
    for words in lists:
        said += [mlconn(*words.split()), mlconn(*words.split(), "--json")]
    for row in json.loads(mlconn("documents", "list", "--flow", "inbound", "--json").stdout):
        said += [mlconn("documents", "show", row["id"]), mlconn("documents", "show", row["id"], "--json")]
    heard = "".join(one.stdout + one.stderr for one in said)
    assert "\\x1b" in heard or "\\u001b" in heard, "that they were there is seen"
    assert "Traceback" not in heard
    assert [one for one in heard if unicodedata.category(one) == "Cc" and one != "\n"] == []
