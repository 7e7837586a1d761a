"""From an offer to a version that stands ready: whose signature it is, whether it is wanted here and now, and whether what came is that.

What decides is the root's signature, made offline: who moves envelopes can at most not offer anything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sage_100_agent.tunnel.statements import BadStatement, Purpose, text, verify, whole
from sage_100_agent.updating.installation import VERSION, BadPackage, Installation

PACKAGE_MAX = 300 * 1024 * 1024
PART_BYTES = 512 * 1024
TRIAL_S = 120.0
"""In which a new version has to greet the platform and to find Sage."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    version: str
    sha256: str
    size: int


@dataclass(frozen=True)
class UpdatePolicy:
    """What this site lets the platform do. pinned: nothing is fetched. from_hour, to_hour: of working days, in which nothing is, either."""

    pinned: bool = False
    from_hour: int = 6
    to_hour: int = 20

    def allows(self, local: datetime) -> bool:
        is_at_work = local.weekday() < 5 and self.from_hour <= local.hour < self.to_hour
        return not self.pinned and not is_at_work


def read_offer(told: object, root: bytes) -> Offer:
    """Errors: BadStatement."""
    if not isinstance(told, Mapping):
        raise BadStatement("form", "not an offer")
    verify(Purpose.RELEASE, told, root)
    return Offer(
        text(told, "version", 40, VERSION), text(told, "sha256", 64, "[0-9a-f]{64}"), whole(told, "size", 1, PACKAGE_MAX)
    )


class Updater:
    """Used by the thread that asks, but for `switch` and `confirm`. local: the time at this site, as its people read it."""

    def __init__(
        self,
        installation: Installation,
        root: bytes,
        policy: UpdatePolicy,
        local: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._installation, self._root, self._policy, self._local = installation, root, policy, local
        current = installation.current
        self.version, self.is_on_trial = current.version, current.is_on_trial
        self._failed = dict(current.failed)
        self._offer: Offer | None = None
        self._parts = 0
        self._hash = hashlib.sha256()
        self.is_ready = False

    @property
    def told(self) -> dict[str, Any]:
        """For the hello: people see what became of an update."""
        return {"failed": self._failed, "pinned": self._policy.pinned, "on_trial": self.is_on_trial}

    @property
    def wants(self) -> dict[str, Any] | None:
        """Body of the request for the next part; None while nothing is fetched."""
        if self._offer is None or self.is_ready:
            return None
        return {"version": self._offer.version, "part": self._parts + 1}

    def consider(self, told: object) -> None:
        """An offer came, as it does with every answer to a poll while the platform wants this agent to be another."""
        if told is None or self.is_on_trial or self.is_ready:
            return
        try:
            offer = read_offer(told, self._root)
        except BadStatement as forged:
            log.warning("an update was offered that the root did not sign: %s", forged)
            return
        if offer == self._offer or not self._policy.allows(self._local()):
            return
        if offer.version in self._failed or _order(offer.version) <= _order(self.version):
            return  # an older release may have a hole that is known; going back to the one before is our own decision
        log.info("fetching version %s", offer.version)
        self._offer, self._parts, self._hash = offer, 0, hashlib.sha256()
        self._file.unlink(missing_ok=True)

    def take(self, told: Mapping[str, Any]) -> None:
        """A part came; with the last one, the release is verified and unpacked."""
        offer = self._offer
        assert offer is not None
        try:
            content = base64.b64decode(told.get("content", ""), validate=True)
            if not 0 < len(content) <= PART_BYTES or self._parts * PART_BYTES + len(content) > offer.size:
                raise BadPackage("a part that is none")
            with self._file.open("ab") as file:
                file.write(content)
            self._hash.update(content)
            self._parts += 1
            if self._file.stat().st_size < offer.size:
                return
            if self._hash.hexdigest() != offer.sha256:
                raise BadPackage("other bytes than were signed")
            self._installation.stage(offer.version, self._file)
        except (BadPackage, OSError, binascii.Error, TypeError) as wrong:
            log.error("version %s could not be fetched: %s", offer.version, wrong)
            self._failed[offer.version] = str(wrong)
            self._offer = None
        else:
            log.info("version %s is ready", offer.version)
            self.is_ready = True
        self._file.unlink(missing_ok=True)

    def may_switch(self) -> bool:
        return self.is_ready and self._policy.allows(self._local())

    def switch(self) -> None:
        assert self._offer is not None
        self._installation.switch(self._offer.version)

    def confirm(self) -> None:
        self._installation.confirm()
        self.is_on_trial = False
        log.info("version %s works", self.version)

    @property
    def _file(self) -> Any:
        return self._installation.folder / "fetched.zip"


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
