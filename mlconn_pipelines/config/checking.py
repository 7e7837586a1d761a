"""What no single field can tell: whether partners, routes, folders and separators fit together."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlconn_pipelines.config.companies import company_mistakes, folder_of
from mlconn_pipelines.config.integration import EdiIntegration, SyncIntegration, VendorFlow
from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.config.proxy import Proxy
from mlconn_pipelines.config.rule_checking import rule_mistakes
from mlconn_pipelines.config.separator_checking import separator_mistakes
from mlconn_pipelines.config.yaml_source import Place, Source
from mlconn_pipelines.documents.transaction_sets import TRANSACTION_SETS, sets_received_as
from mlconn_pipelines.errors import ConfigurationError

_ORDERS = frozenset(sets_received_as("order"))

KINDS = ("customer", "supplier")
FLOWS_WITH_CHANGE_SETS = ("x12_850",)


@dataclass(frozen=True, slots=True)
class IntegrationFile:
    model: EdiIntegration
    source: Source


@dataclass(frozen=True, slots=True)
class SyncFile:
    model: SyncIntegration
    source: Source


@dataclass(frozen=True, slots=True)
class PartnerFile:
    model: TradingPartner
    source: Source


def whole_mistakes(
    integrations: Sequence[IntegrationFile], partners: Sequence[PartnerFile], syncs: Sequence[SyncFile] = ()
) -> list[ConfigurationError]:
    """Every mistake that shows only when the files are seen together."""
    by_name = {file.model.partner: file for file in partners}
    found: list[ConfigurationError] = []
    for partner in partners:
        try:
            found += partner_mistakes(partner)
        except Exception as trouble:
            found.append(fell_over(partner.source, trouble))
    for integration in integrations:
        own = [by_name[name] for name in dict.fromkeys(integration.model.partners) if name in by_name]
        try:
            for mistake in _integration_mistakes(integration, own):
                if mistake.file != integration.source.file:  # it may well be in order beside another ERP, other folders
                    mistake.within = (integration.model.integration,)
                found.append(mistake)
        except Exception as trouble:
            found.append(fell_over(integration.source, trouble))
    for sync in syncs:
        found += _address_mistakes(sync.model, sync.source, (*sync.model.ends, "alerts", "events"))
        found += _sender_mistakes(sync)
        found += _file_mistakes(sync)
    found += _shared_credential_mistakes([*integrations, *syncs])
    found += company_mistakes(integrations)
    once: dict[str, ConfigurationError] = {}
    for mistake in found:
        if (same := once.setdefault(str(mistake), mistake)) is not mistake:
            same.within = same.within + mistake.within if same.within and mistake.within else ()
    return list(once.values())


def fell_over(source: Source, trouble: Exception) -> ConfigurationError:
    """A file that trips the code stops what it is about, like any other mistake in it."""
    what = f"the program fell over this file ({type(trouble).__name__})"
    return source.error((), what, "Take out what is unusual in it, and tell whoever maintains the program.")


def _integration_mistakes(integration: IntegrationFile, own: Sequence[PartnerFile]) -> Iterator[ConfigurationError]:
    """own: its partners, as far as their files could be read."""
    yield from _flow_mistakes(integration, own)
    yield from _address_mistakes(integration.model, integration.source, (*integration.model.ends, "alerts", "events"))
    yield from _sender_mistakes(integration)
    yield from _file_mistakes(integration)
    yield from _folder_mistakes(integration, own)
    yield from _route_mistakes(integration, own)
    yield from _shared_identity_mistakes(own)


def partner_mistakes(partner: PartnerFile) -> list[ConfigurationError]:
    """Those that one partner's file shows by itself."""
    found = [*_destination_mistakes(partner), *separator_mistakes(partner.model.x12, partner.source)]
    found += rule_mistakes(partner.model, partner.source)
    if partner.model.strict_sends and partner.model.sends is None:
        found.append(
            partner.source.error(
                ("strict_sends",),
                f"partner {partner.model.partner!r} has strict_sends and no sends",
                'List what they send, such as sends: ["850", "997"], or take strict_sends out.',
            )
        )
    found += _address_mistakes(partner.model, partner.source, ("api_provider",))
    if not (partner.model.customer_codes or partner.model.supplier_codes) and not _needs_no_code(partner.model):
        found.append(
            partner.source.error(
                ("partner",),
                f"partner {partner.model.partner!r} has neither customer_codes nor supplier_codes",
                "Give the code or codes that the ERP knows them by.",
            )
        )
    return found


def _needs_no_code(partner: TradingPartner) -> bool:
    """Whoever only takes vendors, or only reports what becomes no record, such as a warehouse that sends 861s."""
    reports = bool(partner.sends) and not any(TRANSACTION_SETS[set_id].is_posted for set_id in partner.sends or ())
    return bool(partner.vendors) or reports


def _destination_mistakes(file: PartnerFile) -> Iterator[ConfigurationError]:
    partner = file.model
    if partner.folder and partner.api_provider:
        yield file.source.error(
            ("api_provider",),
            f"partner {partner.partner!r} has both folder and api_provider",
            "Keep the one that their documents go to.",
        )
    if not partner.folder and not partner.api_provider:
        yield file.source.error(
            ("folder",) if ("folder",) in file.source.lines else ("partner",),
            f"partner {partner.partner!r} has neither folder nor api_provider",
            "Give the Cleo folder that takes their documents (folder: NAME), or an api_provider.",
        )


def _flow_mistakes(file: IntegrationFile, partners: Sequence[PartnerFile]) -> Iterator[ConfigurationError]:
    for name, flow in file.model.flows.outbound().items():
        if isinstance(flow, VendorFlow):
            yield from _vendor_mistakes(file, partners)
        elif flow.after_sending == "change_set" and name not in FLOWS_WITH_CHANGE_SETS:
            yield file.source.error(
                ("flows", name, "after_sending"),
                f"after_sending: change_set is for {', '.join(FLOWS_WITH_CHANGE_SETS)} only, whose changes are 860s; "
                f"a changed {name.removeprefix('x12_')} has no such set",
                "Write ignore or on_hold.",
            )
        kind = file.model.erp.outbound_partner_kinds.get(name)
        if kind is None:
            yield file.source.error(
                ("flows", name),
                f"{file.model.erp.kind} has no flow {name}",
                f"It has {', '.join(file.model.erp.outbound_partner_kinds)}.",
            )
        elif (
            not isinstance(flow, VendorFlow)
            and len(partners) == len(file.model.partners)
            and not any(_codes(partner.model, kind) for partner in partners)
        ):
            yield file.source.error(
                ("flows", name),
                f"{name} goes to {kind}s, but no partner of {file.model.integration!r} has {kind}_codes",
                f"Give a partner its {kind}_codes, or take {name} out.",
            )


def _vendor_mistakes(file: IntegrationFile, partners: Sequence[PartnerFile]) -> Iterator[ConfigurationError]:
    taking = [partner for partner in partners if partner.model.vendors]
    if not taking and len(partners) == len(file.model.partners):
        yield file.source.error(
            ("flows", "vendors"),
            f"vendors is on, but no partner of {file.model.integration!r} takes vendors",
            "Write vendors: csv (or json, or x12) in the file of the partner whose folder gets them, or take vendors out.",
        )
    for partner in taking[1:]:
        yield partner.source.error(
            ("vendors",),
            f"partner {taking[0].model.partner!r} takes the vendors of {file.model.integration!r} already",
            "Write vendors in the file of one partner only.",
        )


def _route_mistakes(file: IntegrationFile, partners: Sequence[PartnerFile]) -> Iterator[ConfigurationError]:
    """Inbound sets against the kind of partner that the ERP's target takes."""
    erp = file.model.erp
    for partner in partners:
        sends = partner.model.sends
        if sends and file.model.flows.inbound is None:
            yield partner.source.error(
                ("sends",),
                f"partner {partner.model.partner!r} sends {', '.join(sends)}, but {file.model.integration!r} has no inbound flow",
                f"Add flows.inbound with the folders to watch to {file.source.file}, or take sends out.",
            )
    if file.model.flows.inbound is None:
        return
    if (wanted := erp.order_targets.get(erp.order_target)) is None:
        yield from _orders_sent_to_nobody(file, partners)
        return
    for partner in partners:
        sends = partner.model.sends
        # Whoever buys from us sends orders, unless their file says otherwise.
        orders = not _ORDERS.isdisjoint(sends) if sends is not None else bool(partner.model.customer_codes)
        if not orders or _codes(partner.model, wanted):
            continue
        has = next((kind for kind in KINDS if _codes(partner.model, kind)), None)
        fitting = next((target for target, kind in erp.order_targets.items() if kind == has), None)
        if has is None:
            continue
        place: Place = ("sends",) if sends is not None else (f"{has}_codes",)
        other = (
            "Give"
            if fitting is None
            else (
                f"{fitting} would fit: write erp.order_target: {fitting} in {file.source.file} "
                f"(line {file.source.line(('erp', 'order_target'))}). Or give"
            )
        )
        yield partner.source.error(
            place,
            f"an 850 of partner {partner.model.partner!r} cannot become a record of {erp.order_target}: that takes a {wanted}, "
            f"and they have only {has}_codes",
            f"{other} their {wanted}_codes here, or, if they send no 850, say what they do send, such as sends: [].",
        )


def _orders_sent_to_nobody(file: IntegrationFile, partners: Sequence[PartnerFile]) -> Iterator[ConfigurationError]:
    for partner in partners:
        for set_id in filter(_ORDERS.__contains__, partner.model.sends or ()):
            yield partner.source.error(
                ("sends",),
                f"partner {partner.model.partner!r} sends {set_id}, and {file.model.erp.kind} takes no orders from outside",
                f"Take {set_id} out of sends; one that arrives all the same is on hold for a person.",
            )


def _folder_mistakes(file: IntegrationFile, partners: Sequence[PartnerFile]) -> Iterator[ConfigurationError]:
    inbound = file.model.flows.inbound
    watched = {folder_of(name): name for name in inbound.folders} if inbound else {}
    if inbound and len(watched) < len(inbound.folders):
        yield file.source.error(("flows", "inbound", "folders"), "a folder is listed twice", "List each folder once.")
    if inbound and file.model.cleo.after_receipt == "move" and folder_of(file.model.cleo.processed_folder) in watched:
        yield file.source.error(
            ("cleo", "processed_folder"),
            f"received files would be moved into {file.model.cleo.processed_folder!r}, which is watched itself",
            "Choose a folder that no flow watches.",
        )
    taken: dict[str, str] = {}
    files = {partner.model.partner: partner.source.file for partner in partners}
    for partner in partners:
        if not partner.model.folder:
            continue
        key = folder_of(partner.model.folder)
        if key in watched:
            yield partner.source.error(
                ("folder",),
                f"folder {partner.model.folder!r} takes what we send, and {file.source.file} watches it as inbound: "
                "our own files would come back",
                "Choose another folder for one of the two.",
            )
        if key in taken:
            yield partner.source.error(
                ("folder",),
                f"folder {partner.model.folder!r} is already that of partner {taken[key]!r}",
                "Give each partner a folder of its own, or one would take the other's documents.",
                also=(files[taken[key]],),
            )
        taken.setdefault(key, partner.model.partner)


def _shared_identity_mistakes(partners: Sequence[PartnerFile]) -> Iterator[ConfigurationError]:
    taken: dict[Any, str] = {}
    files = {partner.model.partner: partner.source.file for partner in partners}
    for partner in partners:
        model, x12 = partner.model, partner.model.x12
        claims: list[tuple[Any, Place, str]] = [
            (
                (x12.theirs.qualifier, x12.theirs.id, x12.ours.qualifier, x12.ours.id),
                ("x12", "theirs"),
                f"interchange id {x12.theirs.qualifier}:{x12.theirs.id}",
            )
        ]
        for kind in KINDS:
            for number, code in enumerate(_codes(model, kind)):
                claims.append(((kind, code), (f"{kind}_codes", number), f"{kind} code {code!r}"))
        for key, place, words in claims:
            if key in taken:
                whose = "given twice" if taken[key] == model.partner else f"already that of partner {taken[key]!r}"
                yield partner.source.error(
                    place,
                    f"{words} is {whose}",
                    "Give each to one partner only, or documents could not be told apart.",
                    also=(files[taken[key]],),
                )
            taken.setdefault(key, model.partner)
        if x12.theirs == x12.ours:
            yield partner.source.error(
                ("x12", "theirs"), "x12.ours and x12.theirs are the same", "Write the partner's own ids."
            )


def _address_mistakes(model: Any, source: Source, names: Sequence[str]) -> Iterator[ConfigurationError]:
    """Passwords and tokens in addresses end in logs; they belong in the vault."""
    for name in names:
        part = getattr(model, name)
        for field in type(part).model_fields if part is not None else ():
            address = getattr(part, field)
            if isinstance(address, Proxy):
                address = address.url
            if (
                field in ("url", "oauth_token_url", "oauth_landscape_url", "authority", "webhook", "public_url", "proxy")
                and address is not None
                and "@" in urlsplit(str(address)).netloc
            ):
                yield source.error(
                    (name, field),
                    f"{name}.{field} holds a user name or password",
                    "Take it out of the address and store it with `mlconn credentials set NAME`.",
                )


def _shared_credential_mistakes(integrations: Sequence[IntegrationFile | SyncFile]) -> Iterator[ConfigurationError]:
    """One vault entry keeps one session: two systems under one entry would each undo the other's sign-in."""
    taken: dict[str, tuple[str, str]] = {}
    for file in integrations:
        for name, connection in file.model.ends.items():
            if not connection.credential:
                continue
            first, where = taken.setdefault(connection.credential, (connection.session_of, f"{name} of {file.source.file}"))
            if first != connection.session_of:
                yield file.source.error(
                    (name, "credential"),
                    f"credential {connection.credential!r} is also that of {where}, which is another system or another company database",
                    "Give each system a vault entry of its own, even where user and password are the same.",
                )


def _sender_mistakes(file: IntegrationFile | SyncFile) -> Iterator[ConfigurationError]:
    """What others show us must not be what we sign in with."""
    events = file.model.events
    if events is None:
        return
    for name, sender in (("erp", events.erp), ("cleo", events.cleo)):
        if sender is not None and sender.credential in file.model.credentials:
            yield file.source.error(
                ("events", name, "credential"),
                f"credential {sender.credential!r} is also what we sign in with",
                "Give the sender a vault entry of its own: `mlconn credentials set NAME --field secret`.",
            )
    if isinstance(file, IntegrationFile) and events.cleo is not None and file.model.flows.inbound is None:
        yield file.source.error(
            ("events", "cleo"),
            "Cleo would tell of files, but no inbound flow is on",
            "Add flows.inbound, or take events.cleo out.",
        )


def _file_mistakes(file: IntegrationFile | SyncFile) -> Iterator[ConfigurationError]:
    for name in (*file.model.ends, "alerts"):
        ca_file = getattr(file.model, name).ca_file
        if ca_file is None:
            continue
        path = _beside(file.source.file, ca_file)
        if not os.path.isfile(path):  # noqa: PTH113 - a name that no file can have is none, where Path.is_file() raises
            yield file.source.error(
                (name, "ca_file"), f"there is no file {path}", "Write the path of the PEM file, or take ca_file out."
            )


def _beside(file: str, path: Path) -> Path:
    return Path(file).parent / path.expanduser()


def _codes(partner: TradingPartner, kind: str) -> tuple[str, ...]:
    return partner.customer_codes if kind == "customer" else partner.supplier_codes
