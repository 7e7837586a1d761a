"""Requests to the gateway: the agent dials out, over HTTPS and whatever proxy there is, and nobody dials in."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from sage_100_agent.tunnel.envelopes import BYTES_MAX, Sender, answer
from sage_100_agent.tunnel.statements import BadStatement, Signer

OFFSET_MAX_S = 26 * 3600
"""How wrong the clock of this machine may be: a whole day and a time zone. Beyond it the platform is not believed."""
TRIES = 3
WAIT_S = 45
NOT_KNOWN = "not known here"
NOT_KNOWN_AGAIN_S = 600.0
STOPS = frozenset({"cloned", "suspended", "revoked", "unsupported_protocol"})


class Unreachable(Exception):
    """No answer that can be used; it is tried again after a while. after_s: what the gateway asked for, 0 for nothing."""

    def __init__(self, text: str, after_s: float = 0.0) -> None:
        super().__init__(text)
        self.after_s = after_s


class NotKnown(Unreachable):
    """The platform knows no such agent or key. That may pass (its database was put back), so it is asked again, and seldom."""

    def __init__(self, key_id: str) -> None:
        super().__init__("the platform does not know this agent, or not its key", NOT_KNOWN_AGAIN_S)
        self.key_id = key_id


class NotTaken(Unreachable):
    """The gateway cannot read or keep what we said."""


class Stopped(Exception):
    """The platform wants this agent no more, or not like this: a person acts. code: as the gateway said it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnknownJob(Exception):
    """The gateway knows no such job of ours, as far as it has heard since the hello."""


class HelloFirst(Exception):
    """The gateway does not know this start of the agent yet."""


class Tunnel:
    """Envelopes of one start of the agent after another. Threads may share it: one holds a poll while another sends results."""

    def __init__(self, http: httpx.Client, agent_id: str, signer: Signer, local: Callable[[], float] = time.time) -> None:
        self._http, self._local = http, local
        self._sender = Sender(agent_id, new_boot(), signer)
        self._sealing = threading.Lock()
        self.offset_s = 0
        self.taken_of = ""
        """Id of the key that signed the last envelope which was taken."""

    def now(self) -> float:
        """Seconds since 1970 in the platform's time, as far as it is known."""
        return self._local() + self.offset_s

    def enroll(self, code: str, fingerprint: str, server: str) -> dict[str, Any]:
        """Errors: NotKnown for a code that is wrong, was used or has ended; Unreachable, Stopped."""
        return self.ask("enroll", self._sender.enrollment(code, fingerprint, server))

    def rotate(self, following: Signer) -> None:
        """Tell the platform the next key. It may be told twice. Errors: as `ask`."""
        self.ask("rotate_key", self._sender.next_key(following))

    def use(self, signer: Signer) -> None:
        """From the next envelope on."""
        with self._sealing:
            self._sender.signer = signer

    def begin(self) -> None:
        """A new boot: the next envelope has to be a hello."""
        with self._sealing:
            self._sender = Sender(self._sender.agent_id, new_boot(), self._sender.signer)

    def ask(self, type: str, body: Mapping[str, Any], wait_s: float = 0.0) -> dict[str, Any]:
        """The answer to one envelope; sent again, it is sealed anew. Errors: Unreachable (NotKnown), Stopped, HelloFirst, UnknownJob."""
        for _ in range(TRIES):
            with self._sealing:
                sealed, key_id = self._sender.seal(type, body, int(self.now())), self._sender.signer.key_id
            status, told = self._post(type, sealed, wait_s)
            if status == 200:
                self.taken_of = key_id
                self._set_clock(told)
                return told
            code = str(told.get("error", ""))
            if code == "clock":
                self._set_clock(told)
            elif code == "hello_first":
                raise HelloFirst
            elif code == "unknown_job":
                raise UnknownJob
            elif code in STOPS:
                raise Stopped(code)
            elif status == 401 and code == NOT_KNOWN:
                raise NotKnown(key_id)
            elif status == 400:
                raise NotTaken(f"the gateway did not take {type}: {code}")
            elif code != "replayed":
                raise Unreachable(f"the gateway answered {status} {code}")
        if code == "replayed":
            self.begin()
            raise HelloFirst
        raise Unreachable("the gateway takes no envelope of ours: the clocks do not agree")

    def _post(self, type: str, sealed: bytes, wait_s: float) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        timeout = httpx.Timeout(30.0, read=30.0 + wait_s)
        try:
            with self._http.stream("POST", f"/agent/{type}", content=sealed, headers=headers, timeout=timeout) as response:
                content = b""
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > BYTES_MAX:
                        raise Unreachable("an answer that is too large")
        except httpx.ProxyError as wrong:
            raise Unreachable(proxy_refusal(str(wrong))) from None
        except httpx.HTTPError as wrong:
            raise Unreachable(f"{type}: {wrong or wrong.__class__.__name__}") from None
        if response.status_code in (429, 503):
            after = response.headers.get("Retry-After", "")
            raise Unreachable(f"the gateway answered {response.status_code}", float(after) if after.isdigit() else 0.0)
        try:
            return response.status_code, answer(content)
        except BadStatement as wrong:
            raise Unreachable(f"the gateway answered {response.status_code}, and no JSON of the protocol: {wrong}") from None

    def _set_clock(self, told: Mapping[str, Any]) -> None:
        moment = told.get("time")
        if isinstance(moment, int) and not isinstance(moment, bool):
            offset = moment - int(self._local())
            if abs(offset) <= OFFSET_MAX_S:
                self.offset_s = offset


def new_boot() -> str:
    return secrets.token_hex(16)


def proxy_refusal(text: str) -> str:
    """What a proxy's refusal means: it wants a sign-in, and only a name with a password can be given."""
    if "407" not in text:
        return f"the proxy: {text}"
    return (
        "the proxy wants a sign-in (407): write proxy_user, and run mlconn-sage-agent password --proxy; "
        "NTLM and Negotiate are not supported"
    )
