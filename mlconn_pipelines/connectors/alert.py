"""Alerts to people: a webhook and e-mail. Whatever fails here is logged and breaks no run."""

from __future__ import annotations

import logging
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

import httpx

from mlconn_pipelines.config.integration import Alerts

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Alert:
    """One cause, raised or resolved. key: stable name of the cause, so that a receiver can close what it opened.

    title: one line. text: what happened and what a person can do; no secrets, no payloads. reference: integration, document.
    """

    key: str
    title: str
    text: str
    state: Literal["raised", "resolved"] = "raised"
    integration: str = ""
    reference: str = ""


def deliver(alert: Alert, settings: Alerts) -> bool:
    """Tell the webhook and the mailboxes of the settings. True when every configured way took it; never raises."""
    return all([_posted(alert, settings), _mailed(alert, settings)])


def _posted(alert: Alert, settings: Alerts) -> bool:
    if settings.webhook is None:
        return True
    body = {
        "text": f"{alert.title}\n{alert.text}",  # what chat tools show
        "key": alert.key,
        "state": alert.state,
        "title": alert.title,
        "detail": alert.text,
        "integration": alert.integration,
        "reference": alert.reference,
    }
    try:
        response = httpx.post(str(settings.webhook), json=body, timeout=TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as lost:
        return _failed(alert, "webhook", type(lost).__name__)  # the address itself is a secret of many chat tools
    if not response.is_success:
        return _failed(alert, "webhook", f"status {response.status_code}")
    return True


def _mailed(alert: Alert, settings: Alerts) -> bool:
    if not (settings.email_to and settings.smtp_host):
        return True
    message = EmailMessage()
    try:
        message["Subject"] = " ".join(f"[mlconn] {'Resolved: ' if alert.state == 'resolved' else ''}{alert.title}".split())
        message["From"], message["To"] = settings.email_from, ", ".join(settings.email_to)
        message["X-Mlconn-Alert"] = " ".join(alert.key.split())
        message.set_content(alert.text + (f"\n\n{alert.reference}" if alert.reference else ""))
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as lost:
        return _failed(alert, "e-mail", type(lost).__name__)
    return True


def _failed(alert: Alert, way: str, why: str) -> bool:
    log.warning("Alert %s could not be delivered by %s (%s)", alert.key, way, why)
    return False
