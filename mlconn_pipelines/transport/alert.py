"""Alerts to people: a webhook and e-mail. Whatever fails here is logged and breaks no run."""

from __future__ import annotations

import logging
import smtplib
import socket
from email.message import EmailMessage

import httpx

from mlconn_pipelines.config.integration import Alerts
from mlconn_pipelines.errors import MlconnError
from mlconn_pipelines.flows.ports.entries import Alert
from mlconn_pipelines.ports.connections import Credentials
from mlconn_pipelines.printable import printable, printable_lines
from mlconn_pipelines.transport.http import proxy_of, trust_of
from mlconn_pipelines.transport.proxies import Proxies, Route, tunnel

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0

SUBJECT_MAX = 120


def deliver(alert: Alert, settings: Alerts, integration: str = "", credentials: Credentials | None = None) -> bool:
    """Tell the webhook and the mailboxes of the settings; never raises. credentials: for a proxy that asks for them.

    True when somebody was told, or nobody is to be told; False when every configured way failed, so that it is tried again.
    One way of two that fails is only logged: trying again would tell the other one twice.
    """
    ways = []
    if settings.webhook is not None:
        ways.append(_posted(alert, settings, integration, credentials))
    if settings.email_to and settings.smtp_host:
        ways.append(_mailed(alert, settings, integration, credentials))
    return any(ways) or not ways


def _posted(alert: Alert, settings: Alerts, integration: str, credentials: Credentials | None) -> bool:
    text = printable_lines(alert.text)
    body = {
        "text": f"{_title(alert, integration)}\n{text}",  # what chat tools show
        "id": alert.id,
        "cause": alert.cause,
        "state": "resolved" if alert.resolved else "raised",
        "detail": text,
        "integration": integration,
        "opened_at": alert.opened_at.isoformat(),
    }
    try:
        trust = trust_of(settings.ca_file)
        route = Proxies(settings, credentials).route(str(settings.webhook))
        with httpx.Client(trust_env=False, proxy=proxy_of(route, trust), verify=trust, timeout=TIMEOUT_S) as http:
            response = http.post(str(settings.webhook), json=body)
    except MlconnError as wrong:
        return _failed(alert, "webhook", str(wrong))
    except (httpx.HTTPError, httpx.InvalidURL) as lost:
        return _failed(alert, "webhook", type(lost).__name__)  # the address itself is a secret of many chat tools
    if not response.is_success:
        return _failed(alert, "webhook", f"status {response.status_code}")
    return True


def _mailed(alert: Alert, settings: Alerts, integration: str, credentials: Credentials | None) -> bool:
    message = EmailMessage()
    try:
        message["Subject"] = f"{_title(alert, integration)}: {printable(' '.join(alert.text.split()))}"[:SUBJECT_MAX]
        message["From"], message["To"] = settings.email_from, ", ".join(settings.email_to)
        since = alert.opened_at.isoformat(timespec="seconds")
        message.set_content(f"{printable_lines(alert.text)}\n\nCause: {alert.cause}\nSince: {since}\n")
        route = Proxies(settings, credentials).route(f"smtp://{settings.smtp_host}:{settings.smtp_port}")
        with _Smtp(settings.smtp_host, settings.smtp_port, route) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=trust_of(settings.ca_file))
            server.send_message(message)
    except MlconnError as wrong:
        return _failed(alert, "e-mail", str(wrong))
    except (OSError, smtplib.SMTPException, ValueError) as lost:
        return _failed(alert, "e-mail", type(lost).__name__)
    return True


class _Smtp(smtplib.SMTP):
    """A mail server at the end of a route."""

    def __init__(self, host: str, port: int, route: Route) -> None:
        self._route = route
        super().__init__(host, port, timeout=TIMEOUT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return tunnel(self._route, host, port, timeout)


def _title(alert: Alert, integration: str) -> str:
    state = "resolved" if alert.resolved else "alert"
    return f"[mlconn {integration}] {state}" if integration else f"[mlconn] {state}"


def _failed(alert: Alert, way: str, why: str) -> bool:
    log.warning("Alert %s could not be delivered by %s (%s)", alert.cause, way, why)
    return False
