"""The trading partners of an integration, found by whatever a record or an interchange names them by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from mlconn_pipelines.config.stopping import StoppedPartner
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import Finding, OutboundSet
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason


class Partners:
    """Immutable; look-ups are dictionary look-ups. stopped: those whose files have a mistake, in no other look-up."""

    def __init__(self, partners: Iterable[Partner], stopped: Iterable[StoppedPartner] = ()) -> None:
        self.stopped = tuple(stopped)
        self._by_name = {partner.name: partner for partner in partners}
        self._by_code = {
            (kind, code): partner
            for partner in self._by_name.values()
            for kind in ("customer", "supplier")
            for code in partner.codes(kind)
        }
        self._by_interchange = {
            (guide.their_qualifier, guide.their_id, guide.our_qualifier, guide.our_id): partner
            for partner in self._by_name.values()
            for guide in (partner.guide,)
        }

    def __iter__(self) -> Iterator[Partner]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Partner | None:
        return self._by_name.get(name)

    def with_code(self, kind: Literal["customer", "supplier"], code: str) -> Partner | None:
        """The partner whose code in the ERP this is."""
        return self._by_code.get((kind, code))

    def sending_as(self, qualifier: str, id: str, our_qualifier: str, our_id: str) -> Partner | None:
        """The partner behind an interchange's sender, addressed to us by the receiver ids of that partner's guide."""
        return self._by_interchange.get((qualifier, id, our_qualifier, our_id))

    def receiving(self, declared: OutboundSet, code: str) -> Partner | None:
        """Whom a record goes to that bears this code; master data goes to the one partner that takes it."""
        if declared.is_master_data:
            return next((partner for partner in self if partner.vendors), None)
        return self.with_code(declared.partner_kind, code)

    def stopped_named(self, name: str) -> StoppedPartner | None:
        return next((one for one in self.stopped if one.name == name), None)

    def stopped_with_code(self, kind: Literal["customer", "supplier"], code: str) -> StoppedPartner | None:
        return next((one for one in self.stopped if one.has_code(kind, code)), None)

    def stopped_sending_as(self, qualifier: str, id: str, our_qualifier: str, our_id: str) -> StoppedPartner | None:
        return next((one for one in self.stopped if one.sends_as(qualifier, id, our_qualifier, our_id)), None)

    def missing(self, what: str, name: str) -> DocumentRejected:
        """Why nothing can be done with a document of that partner, who was one when it came. what: the document, in words."""
        if (stopped := self.stopped_named(name)) is not None:
            finding = file_wrong(stopped)
            return DocumentRejected(f"{what}: {finding.message}", code=finding.code)
        return DocumentRejected(
            f"{what}: trading partner {name!r} is not in the configuration any more",
            hint="Put the partner back, then reprocess it.",
            code=Reason.PARTNER_UNKNOWN,
        )


def file_wrong(stopped: StoppedPartner) -> Finding:
    """What holds everything of a stopped partner."""
    return Finding(
        Reason.PARTNER_FILE_WRONG,
        f"Partner {stopped.name} is stopped by a mistake in their file: {stopped.why.rstrip('.')}. Correct it, run `mlconn check`, "
        "and restart: what is held for it goes on then.",
    )
