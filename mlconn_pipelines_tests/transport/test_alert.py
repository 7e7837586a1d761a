from __future__ import annotations

import datetime as dt
import json
import logging
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from mlconn_pipelines.config.integration import Alerts
from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.transport.alert import deliver
from mlconn_pipelines_tests.transport.scripted_server import Answer, scripted_server

ALERT = Alert("12", "stopped:sap", "The password was refused.\nSet it anew.", dt.datetime(2026, 11, 21, tzinfo=dt.UTC))


@contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    received: list[str] = []

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            in_data = False
            for line in self.rfile:
                text = line.decode().rstrip("\r\n")
                received.append(text)
                if in_data:
                    in_data = text != "."
                    if not in_data:
                        self.wfile.write(b"250 taken\r\n")
                elif text == "data" or text == "DATA":
                    in_data = True
                    self.wfile.write(b"354 go on\r\n")
                elif text.lower() == "quit":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 fine\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1], received
        server.shutdown()


def test_an_alert_reaches_webhook_and_mailbox() -> None:
    with scripted_server(lambda _: Answer()) as hook, mail_server() as (port, mails):
        settings = Alerts(webhook=hook.url + "/hook", email_to=("a@x.test",), smtp_host="127.0.0.1", smtp_port=port)
        assert deliver(ALERT, settings, "acme")
        assert deliver(replace(ALERT, id="12r", resolved=True), settings, "acme")
        raised, resolved = (json.loads(asked.body) for asked in hook.asked)
    assert (raised["cause"], raised["state"], resolved["state"]) == ("stopped:sap", "raised", "resolved")
    assert "The password was refused." in raised["text"]
    assert "Subject: [mlconn acme] alert: The password was refused. Set it anew." in mails and "Set it anew." in mails


def test_nothing_configured_is_nothing_to_do() -> None:
    assert deliver(ALERT, Alerts())


@pytest.mark.parametrize("status", [404, 500])
def test_what_fails_is_logged_without_the_address_and_tried_again(status: int, caplog: pytest.LogCaptureFixture) -> None:
    with scripted_server(lambda _: Answer(status)) as hook, caplog.at_level(logging.DEBUG):
        dead = Alerts(webhook=hook.url + "/services/hush", email_to=("a@x.test",), smtp_host="127.0.0.1", smtp_port=1)
        assert not deliver(ALERT, dead)
    assert "could not be delivered by webhook" in caplog.text and "by e-mail" in caplog.text
    assert "hush" not in caplog.text


def test_one_way_of_two_is_enough_so_that_nobody_is_told_twice() -> None:
    with scripted_server(lambda _: Answer()) as hook:
        half = Alerts(webhook=hook.url, email_to=("a@x.test",), smtp_host="127.0.0.1", smtp_port=1)
        assert deliver(ALERT, half)
