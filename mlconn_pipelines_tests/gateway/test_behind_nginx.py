"""The gateway behind nginx with the site of `deploy/`: what passes, what does not, and that no secret gets into nginx's logs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import mlconn_pipelines
from mlconn_pipelines_tests.gateway.calls import notification
from mlconn_pipelines_tests.gateway.conftest import SECRETS, Gateway
from mlconn_pipelines_tests.processes.programs import free_port
from mlconn_simulators.certificates import Authority

SITE = Path(mlconn_pipelines.__file__).parent.parent / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed on this machine (apt-get install nginx-light)"),
]


@dataclass
class Proxy:
    """http: a client that trusts it. logs: everything that nginx wrote."""

    http: httpx.Client
    folder: Path

    @property
    def logs(self) -> str:
        return "".join(file.read_text(errors="replace") for file in self.folder.glob("*.log"))


def site(folder: Path, authority: Authority, port: int, gateway: str, ui: str) -> str:
    """The site as it is delivered, with this test's addresses and files."""
    pair = authority.pair("edi.example.com")
    (folder / "edi.htpasswd").write_text("clerk:{PLAIN}password\n")
    replaced = {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/nginx/tls/edi.example.com.pem": str(pair.certificate),
        "/etc/nginx/tls/edi.example.com.key": str(pair.key),
        "/etc/nginx/edi.htpasswd": str(folder / "edi.htpasswd"),
        "http://127.0.0.1:3001": gateway,
        "http://127.0.0.1:3000": ui,
    }
    text = SITE.read_text()
    for delivered, ours in replaced.items():
        assert text.count(delivered) == 1, delivered
        text = text.replace(delivered, ours)
    return text


@contextmanager
def nginx(folder: Path, gateway: str) -> Iterator[Proxy]:
    """nginx with the site, until the block ends. The Dagster UI behind it is down."""
    folder.mkdir()
    authority, port = Authority(folder, "authority"), free_port()
    (folder / "site.conf").write_text(site(folder, authority, port, gateway, f"http://127.0.0.1:{free_port()}"))
    places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi"))
    (folder / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; worker_processes 1; pid {folder}/nginx.pid;"
        f"error_log {folder}/error.log info; events {{}}"
        f"http {{ {places} access_log {folder}/access.log; include {folder}/site.conf; }}"
    )
    command = [str(NGINX), "-e", f"{folder}/error.log", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr, tested.stderr
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        trusting = ssl.create_default_context(cafile=str(authority.certificate))
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusting, timeout=10) as http:
            yield Proxy(http, folder)
    finally:
        process.terminate()
        process.wait(10)


def test_hooks_pass_without_a_password_and_nothing_else_does(gateway: Gateway, tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", gateway.url) as proxy:
        http = proxy.http
        shaken = http.post("/hooks/central/business-central", params={"validationToken": "a token/of theirs"})
        assert (shaken.status_code, shaken.text) == (200, "a token/of theirs")
        assert http.post("/hooks/central/business-central", content=notification()).json() == {"hints": 1, "new": 1}
        sap = f"/hooks/sap/sap-business-one/{SECRETS['sap_tells']}"
        assert http.post(f"{sap}?flow=x12_810", json={"any": "layout"}).status_code == 202
        cleo = http.post("/hooks/central/cleo", json={}, headers={"X-Mlconn-Secret": SECRETS["cleo_tells"]})
        assert cleo.status_code == 202
        assert http.post("/hooks/central/cleo", json={}, auth=("cleo", SECRETS["cleo_tells"])).status_code == 202
        assert http.post("/hooks/central/cleo", json={}, headers={"X-Mlconn-Secret": "a guess"}).status_code == 401
        for page in ("/", "/health", "/metrics", "/docs", "/hooks/../metrics"):
            assert http.get(page).status_code == 401, page
        assert http.get("/metrics", auth=("clerk", "password")).status_code == 502, "that is the Dagster UI's, which is down"
        assert gateway.hints("central") == {"x12_810": 1, "inbound": 1} and gateway.hints("sap") == {"x12_810": 1}
        assert "GET /docs" in proxy.logs, "what is not for the gateway is logged"


def test_a_long_body_is_the_gateways_to_refuse(gateway: Gateway, tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", gateway.url) as proxy:
        long = json.dumps({"value": [{"clientState": SECRETS["bc_tells"], "filler": "x" * 3_000_000}]}).encode()
        assert proxy.http.post("/hooks/central/business-central", content=long).status_code == 202
        shown = {"X-Mlconn-Secret": SECRETS["cleo_tells"]}
        refused = proxy.http.post("/hooks/central/cleo", content=b"x" * 300_000, headers=shown)
        assert refused.status_code == 413


def test_secrets_in_addresses_are_in_none_of_nginxs_logs(gateway: Gateway, tmp_path: Path) -> None:
    path = f"/hooks/sap/sap-business-one/{SECRETS['sap_tells']}"
    with nginx(tmp_path / "up", gateway.url) as proxy:
        assert proxy.http.post(path, json={}).status_code == 202
    with nginx(tmp_path / "down", f"http://127.0.0.1:{free_port()}") as alone:
        assert alone.http.post(path, json={}).status_code == 502, "every sender comes again after that"
        assert alone.http.get("/").status_code == 401
    for logs in (proxy.logs, alone.logs):
        assert SECRETS["sap_tells"] not in logs
    assert "GET / " in alone.logs
