"""Several companies of one ERP in one file: each is an integration of its own, over one connection and one sign-in.

A company's section holds what differs from the settings of the file, which are the other companies' as well. Its integration is
called by both names, `acme_fo_usmf`, which is in its keys, assets, watermarks and partitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mlconn_pipelines.config.integration import CONNECTIONS, STANDS_ONCE
from mlconn_pipelines.config.yaml_source import Place, Source
from mlconn_pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from mlconn_pipelines.config.checking import IntegrationFile

T = TypeVar("T")
COMPANIES = "companies"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class CompanySection:
    """One company as if it had a file of its own. lines: of its section, where a mistake stops no other company."""

    name: str
    values: dict[Any, Any]
    source: Source
    lines: range
    mistakes: tuple[ConfigurationError, ...] = ()


def companies_of(values: Mapping[Any, Any], source: Source) -> list[CompanySection]:
    """None where the file is of one company."""
    if COMPANIES not in values:
        return []
    sections = values[COMPANIES]
    if not isinstance(sections, dict) or not sections:
        wrong = source.error(
            (COMPANIES,), "companies names none", "Write each company's short name, and below it what is its own."
        )
        return [CompanySection("", {}, source, range(0), (wrong,))]
    return [_company(values, source, name, section) for name, section in sections.items()]


def _company(values: Mapping[Any, Any], source: Source, name: Any, section: Any) -> CompanySection:
    place: Place = (COMPANIES, name)
    own = section if isinstance(section, dict) else {}
    mistakes = [*_misnamed(source, place, name, section), *_shared(values, source, place, own)]
    merged = {key: value for key, value in values.items() if key != COMPANIES} | own
    if isinstance(own.get("erp"), dict) and isinstance(values.get("erp"), dict):
        merged["erp"] = values["erp"] | own["erp"]
    merged["integration"] = f"{values.get('integration')}_{name}"
    return CompanySection(str(name), merged, _source_of(source, place, own), _lines_of(source, place), tuple(mistakes))


def _misnamed(source: Source, place: Place, name: Any, section: Any) -> list[ConfigurationError]:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return [
            source.error(
                place, f"{name!r} cannot be a company's short name", "Write lower-case letters, digits and _, a letter first."
            )
        ]
    if not isinstance(section, dict):
        return [source.error(place, f"company {name} has no settings", "Write below it what is its own, its erp at least.")]
    return []


def _shared(values: Mapping[Any, Any], source: Source, place: Place, own: Mapping[Any, Any]) -> list[ConfigurationError]:
    """What stands once for all companies and is given by one of them."""
    found = [
        source.error(
            (*place, key),
            f"{key} stands once for all companies of the file",
            "Write it at the top of the file, without indent.",
        )
        for key in own
        if key in STANDS_ONCE
    ]
    erp, shared = own.get("erp"), values.get("erp")
    connection = CONNECTIONS.get(str(shared.get("kind"))) if isinstance(shared, dict) else None
    if connection is None or not isinstance(erp, dict):
        return found
    for field in erp:
        if field in connection.model_fields and field not in connection.of_company:
            words = f"erp.{field} stands once for all companies of the file"
            hint = f"Write it under erp at the top of the file. A company has: {', '.join(sorted(connection.of_company))}."
            found.append(source.error((*place, "erp", field), words, hint))
    return found


def _source_of(source: Source, place: Place, own: Mapping[Any, Any]) -> Source:
    """Where the company's settings stand: in its section, else where all companies' do."""

    def is_own(at: Place) -> bool:
        if not at or at[0] == COMPANIES or at[0] not in own:
            return at == () or at[0] == COMPANIES
        erp = own["erp"] if at[0] == "erp" else None
        return not isinstance(erp, dict) or (len(at) > 1 and at[1] in erp)

    def merged(written: Mapping[Place, T]) -> dict[Place, T]:
        shared = {at: one for at, one in written.items() if not is_own(at)}
        return shared | {at[len(place) :]: one for at, one in written.items() if at[: len(place)] == place}

    return Source(source.file, merged(source.lines), merged(source.key_lines), merged(source.scalars), merged(source.keys))


def _lines_of(source: Source, place: Place) -> range:
    begin = source.line(place)
    others = [line for at, line in source.key_lines.items() if len(at) == 1 or (len(at) == 2 and at[0] == COMPANIES)]
    return range(begin, min((line for line in others if line > begin), default=1_000_000_000))


def company_mistakes(integrations: Sequence[IntegrationFile]) -> Iterator[ConfigurationError]:
    """Of files with several companies: one twice, and one folder for two of them, where what arrives is one company's."""
    for name in dict.fromkeys(file.source.file for file in integrations):
        if len(companies := [file for file in integrations if file.source.file == name]) > 1:
            yield from _shared_by(companies)


def _shared_by(companies: Sequence[IntegrationFile]) -> Iterator[ConfigurationError]:
    named: dict[str, str] = {}
    watched: dict[str, str] = {}
    for file in companies:
        erp, inbound, name = file.model.erp, file.model.flows.inbound, file.model.integration
        field = erp.company_field
        company = str(getattr(erp, field)).lower()
        if (other := named.setdefault(company, name)) != name:
            yield file.source.error(
                ("erp", field),
                f"{name} and {other} are the same company, {getattr(erp, field)}",
                f"Write the {field} of each in its own section.",
            )
        for number, folder in enumerate(inbound.folders if inbound else ()):
            if (other := watched.setdefault(folder_of(folder), name)) != name:
                yield file.source.error(
                    ("flows", "inbound", "folders", number),
                    f"folder {folder!r} is watched for {other} and for {name}: which of them a file is for could not be told",
                    "Let Cleo route each company's interchanges, by their receiver id, into a folder of its own.",
                )


def folder_of(name: str) -> str:
    """A Cleo folder, however it is written."""
    return name.strip("/\\").lower()
