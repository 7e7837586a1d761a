"""The configuration folder: integrations in FOLDER/*.yaml, trading partners in FOLDER/partners/*.yaml."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from mlconn_pipelines.config.checking import (
    IntegrationFile,
    PartnerFile,
    SyncFile,
    fell_over,
    partner_mistakes,
    whole_mistakes,
)
from mlconn_pipelines.config.companies import companies_of
from mlconn_pipelines.config.integration import EdiIntegration, Integration, SyncIntegration
from mlconn_pipelines.config.mistakes import in_order, mistakes_of, raise_all
from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.config.renamed import take_former_words
from mlconn_pipelines.config.stopping import StoppedIntegration, StoppedPartner, is_new_rule, stopped_partner
from mlconn_pipelines.config.yaml_source import Source, read_yaml
from mlconn_pipelines.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)
N = TypeVar("N", bound=Integration)
PARTNERS_FOLDER = "partners"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What of the files can be worked by. hash: of the whole content, however it is laid out in the files.

    stopped_integrations, stopped_partners: by name, those whose files have mistakes; they are in none of the other two.
    stopped_within: by integration, partners of it that go on in others.
    warnings: of rules that are new in this release. syncs: by name, those between the records of two systems.
    """

    folder: Path
    integrations: Mapping[str, EdiIntegration]
    partners: Mapping[str, TradingPartner]
    hash: str
    stopped_integrations: Mapping[str, StoppedIntegration] = field(default_factory=dict)
    stopped_partners: Mapping[str, StoppedPartner] = field(default_factory=dict)
    stopped_within: Mapping[str, Mapping[str, StoppedPartner]] = field(default_factory=dict)
    warnings: tuple[ConfigurationError, ...] = ()
    mistakes: tuple[ConfigurationError, ...] = ()
    syncs: Mapping[str, SyncIntegration] = field(default_factory=dict)

    def of_any_kind(self, name: str) -> Integration:
        """The integration of that name, whichever two systems it is between. Errors: as of `integration`."""
        return self.syncs[name] if name in self.syncs else self.integration(name)

    def sync(self, name: str) -> SyncIntegration:
        """The integration of that name between the records of two systems. ConfigurationError where it is another, or none."""
        if (found := self.syncs.get(name)) is None:
            there = self.integration(name)
            raise ConfigurationError(f"{there.integration} exchanges X12 files, and no records with another system")
        return found

    def integration(self, name: str) -> EdiIntegration:
        """The integration of that name. ConfigurationError lists those that there are, or says why it is stopped."""
        if name in self.stopped_integrations:
            raise_all(self.stopped_integrations[name].mistakes)
        if name in self.syncs:
            raise ConfigurationError(f"{name} exchanges records of two systems, and no X12 files")
        if (found := self.integrations.get(name)) is None:
            companies = [one for one in self.integrations if one.startswith(f"{name}_")]
            raise ConfigurationError(
                f"there is no integration {name!r} in {self.folder}",
                f"Name one of its companies: {', '.join(companies)}."
                if companies
                else f"There are: {', '.join((*self.integrations, *self.syncs))}.",
            )
        return found

    def every(self) -> list[Integration]:
        """All that are in order, of whichever kind."""
        return [*self.integrations.values(), *self.syncs.values()]

    def partners_of(self, integration: str) -> tuple[TradingPartner, ...]:
        """The trading partners of one integration, in the order of its list, without those that are stopped."""
        if integration in self.syncs:
            return ()
        stopped = self.stopped_within.get(integration, {})
        names = self.integration(integration).partners
        return tuple(self.partners[name] for name in names if name in self.partners and name not in stopped)

    def stopped_of(self, integration: str) -> tuple[StoppedPartner, ...]:
        """The trading partners of one integration that are stopped."""
        if integration in self.syncs:
            return ()
        stopped = {**self.stopped_partners, **self.stopped_within.get(integration, {})}
        return tuple(stopped[name] for name in self.integration(integration).partners if name in stopped)

    def hash_of(self, integration: str) -> str:
        """Hash of one integration with its partners: what decides whether its documents on hold are looked at again."""
        if integration in self.syncs:
            return _hash_of([self.syncs[integration]])
        stopped = [[one.name, one.why] for one in self.stopped_of(integration)]
        return _hash_of([self.integration(integration), *self.partners_of(integration)], stopped)

    def told(self) -> list[str]:
        """What people should hear whenever the configuration is read: what is stopped and why, and what new rules say."""
        return [
            *(f"Integration {one.name} is stopped: {one.why}" for one in self.stopped_integrations.values()),
            *(f"Partner {name} is stopped: {one.why}" for name, one in self.stopped_partners.items()),
            *(
                f"Partner {name} is stopped in {integration}: {one.why}"
                for integration, stopped in self.stopped_within.items()
                for name, one in stopped.items()
            ),
            *(f"Warning, an error from the next release on: {mistake}" for mistake in self.warnings),
        ]


def load_configuration(folder: Path) -> Configuration:
    """Read and check the folder, for working by it: a mistake stops the partner or integration whose file it is in.

    ConfigurationError, with file and line, where there is no folder, no file, or no integration that is in order; several
    mistakes come as `ConfigurationMistakes`. A relative `ca_file` is one beside the integration's file. Nothing outside the
    folder is looked at.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            f"there is no configuration folder {folder}", f"`mlconn init {folder}` makes one, or name yours with --config."
        )
    mistakes: list[ConfigurationError] = []
    written = [one for path in _yaml_files(folder, mistakes) for one in _read_integrations(path, mistakes)]
    written_partners = [_read(path, TradingPartner, mistakes) for path in _yaml_files(folder / PARTNERS_FOLDER, mistakes)]
    if not written and not mistakes:
        raise ConfigurationError(
            f"the configuration folder {folder} holds no integration (no *.yaml)",
            f"`mlconn init {folder}` writes a first one, or name your folder with --config.",
        )
    integrations = [
        IntegrationFile(one.model, one.source) for one in written if isinstance(one.model, EdiIntegration) and one.source
    ]
    syncs = [SyncFile(one.model, one.source) for one in written if isinstance(one.model, SyncIntegration) and one.source]
    partners = [PartnerFile(one.model, one.source) for one in written_partners if one.model and one.source]
    unread = {
        Path(mistake.file).stem for mistake in mistakes if mistake.file and Path(mistake.file).parent.name == PARTNERS_FOLDER
    }
    mistakes += _named_twice([*integrations, *syncs])
    mistakes += _misnamed(integrations, partners, unread, folder)
    mistakes += whole_mistakes(integrations, partners, syncs)
    mistakes = in_order({str(mistake): mistake for mistake in mistakes}.values())  # companies share what is wrong above them
    by_file = _stopping([mistake for mistake in mistakes if not mistake.within])
    stopped = {
        one.name: StoppedIntegration(one.name, own)
        for one in written
        if (own := _about(one, written, by_file.get(one.file, ())))
    }
    usable = [file for file in integrations if file.model.integration not in stopped]
    in_step = [file for file in syncs if file.model.integration not in stopped]
    if not usable and not in_step:
        raise_all(mistakes)
    stopped_within: dict[str, dict[str, StoppedPartner]] = {}
    for file in usable:
        name = file.model.integration
        at_fault = _stopping([mistake for mistake in mistakes if name in mistake.within])
        stopped_within[name] = _stopped_partners(written_partners, at_fault)
    all_by_file = _stopping(mistakes)
    for one in written_partners:  # where none is left in which they go on, that is said once
        theirs = [file.model.integration for file in usable if one.model and one.model.partner in file.model.partners]
        if theirs and one.model and all(one.model.partner in stopped_within[name] for name in theirs):
            by_file[one.file] = all_by_file[one.file]
    stopped_partners = _stopped_partners(written_partners, by_file)
    stopped_within = {
        name: {partner: why for partner, why in stopped.items() if partner not in stopped_partners}
        for name, stopped in stopped_within.items()
    }
    trading = [file for file in partners if file.model.partner not in stopped_partners]
    for path in sorted((folder / PARTNERS_FOLDER).glob("*.yml")):
        if path.stem not in {file.model.partner for file in trading}:
            stopped_partners[path.stem] = stopped_partner(path, None, by_file[str(path)])
    content: list[BaseModel] = [*(file.model for file in usable), *(file.model for file in trading)]
    content += (file.model for file in in_step)
    return Configuration(
        folder=folder,
        integrations={file.model.integration: _with_files_found(file.model, folder) for file in usable},
        partners={file.model.partner: file.model for file in trading},
        hash=_hash_of(
            content,
            [[name, one.why] for each in (stopped_partners, *stopped_within.values()) for name, one in sorted(each.items())],
        ),
        stopped_integrations=stopped,
        stopped_partners=stopped_partners,
        stopped_within=stopped_within,
        warnings=tuple(filter(is_new_rule, mistakes)),
        mistakes=tuple(mistakes),
        syncs={file.model.integration: _with_files_found(file.model, folder) for file in in_step},
    )


def check_configuration(folder: Path) -> Configuration:
    """The same, where everything has to be in order, for new rules too. ConfigurationError names every mistake."""
    configuration = load_configuration(folder)
    raise_all(configuration.mistakes)
    return configuration


def _stopping(mistakes: Sequence[ConfigurationError]) -> dict[str, list[ConfigurationError]]:
    """The mistakes that stop something, by each file that they are about."""
    by_file: dict[str, list[ConfigurationError]] = {}
    for mistake in mistakes:
        for file in dict.fromkeys((mistake.file or "", *mistake.also)) if not is_new_rule(mistake) else ():
            by_file.setdefault(file, []).append(mistake)
    return by_file


def _stopped_partners(
    written: Sequence[_Written[TradingPartner]], by_file: Mapping[str, Sequence[ConfigurationError]]
) -> dict[str, StoppedPartner]:
    """By the name in the file and by the file's name."""
    return {
        name: stopped_partner(one.path, one.source, by_file[one.file])
        for one in written
        if one.file in by_file
        for name in (one.path.stem, *((one.model.partner,) if one.model else ()))
    }


def load_partner_file(path: Path) -> TradingPartner:
    """One partner's file by itself, checked as far as it can be without the others. ConfigurationError names every mistake."""
    mistakes: list[ConfigurationError] = []
    read = _read(path, TradingPartner, mistakes)
    if read.model is not None and read.source is not None:
        mistakes += partner_mistakes(PartnerFile(read.model, read.source))
    raise_all(mistakes)
    assert read.model is not None
    return read.model


def _yaml_files(folder: Path, mistakes: list[ConfigurationError]) -> list[Path]:
    if not folder.is_dir():
        return []
    for path in sorted(folder.glob("*.yml")):
        mistakes.append(
            ConfigurationError(
                "the file would not be read: its name ends with .yml", f"Rename it to {path.stem}.yaml.", str(path)
            )
        )
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))


@dataclass(frozen=True, slots=True)
class _Written(Generic[M]):
    """One file, or one company of it. source: None where it is no YAML. model: None where it is not what it should be.

    lines: of the company's section; empty where the file is of one company.
    """

    path: Path
    source: Source | None
    model: M | None
    lines: range = range(0)
    company: str = ""

    @property
    def file(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        """Of the integration: as it is written, else as the file is named."""
        said = self.source.scalars.get(("integration",)) if self.source else None
        name = said.written if said else self.path.stem
        return f"{name}_{self.company}" if self.company else name


def _about(
    one: _Written[Any], written: Sequence[_Written[Any]], mistakes: Sequence[ConfigurationError]
) -> tuple[ConfigurationError, ...]:
    """Those of its file that stop it: all but those in the section of another company."""
    others = [other.lines for other in written if other.file == one.file and other is not one]
    return tuple(mistake for mistake in mistakes if not any(mistake.line in lines for lines in others))


def _read_integrations(path: Path, mistakes: list[ConfigurationError]) -> list[_Written[Any]]:
    """The file's integration, or that of each company that it names. One that names a Salesforce org is a sync integration."""
    try:
        values, source = read_yaml(path)
        mistakes.extend(take_former_words(values, source))
        sections = companies_of(values, source)
    except ConfigurationError as mistake:
        mistakes.append(mistake)
        return [_Written(path, None, None)]
    if "salesforce" in values:
        return [_Written(path, source, _model_of(SyncIntegration, values, source, mistakes))]
    if not sections:
        return [_Written(path, source, _model_of(EdiIntegration, values, source, mistakes))]
    found = []
    for section in sections:
        mistakes.extend(section.mistakes)
        model = None if section.mistakes else _model_of(EdiIntegration, section.values, section.source, mistakes)
        found.append(_Written(path, section.source, model, section.lines, section.name))
    return found


def _read(path: Path, model: type[M], mistakes: list[ConfigurationError]) -> _Written[M]:
    try:
        values, source = read_yaml(path)
    except ConfigurationError as mistake:
        mistakes.append(mistake)
        return _Written(path, None, None)
    return _Written(path, source, _model_of(model, values, source, mistakes))


def _model_of(model: type[M], values: Mapping[Any, Any], source: Source, mistakes: list[ConfigurationError]) -> M | None:
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        mistakes.extend(mistakes_of(wrong, model, source))
    except Exception as trouble:
        mistakes.append(fell_over(source, trouble))
    return None


def _named_twice(integrations: Sequence[IntegrationFile | SyncFile]) -> list[ConfigurationError]:
    found: list[ConfigurationError] = []
    seen: dict[str, str] = {}
    for file in integrations:
        name = file.model.integration
        if name in seen:
            words = f"{name!r} is also the name of {seen[name]}"
            found.append(file.source.error(("integration",), words, "Give each its own name.", also=(seen[name],)))
        seen.setdefault(name, file.source.file)
    return found


def _misnamed(
    integrations: Sequence[IntegrationFile], partners: Sequence[PartnerFile], unread: set[str], folder: Path
) -> list[ConfigurationError]:
    """Names of partners that lead nowhere or to two files."""
    found: list[ConfigurationError] = []
    for partner in partners:
        stem = Path(partner.source.file).stem
        if partner.model.partner != stem:
            found.append(
                partner.source.error(
                    ("partner",),
                    f"partner is {partner.model.partner!r} but the file is named {stem}.yaml",
                    f"Rename the file to {partner.model.partner}.yaml, or write partner: {stem}.",
                )
            )
    known = {partner.model.partner for partner in partners} | {Path(partner.source.file).stem for partner in partners} | unread
    for file in integrations:
        for number, name in enumerate(file.model.partners):
            place = ("partners", number)
            if name in file.model.partners[:number]:
                found.append(file.source.error(place, f"partner {name!r} is listed twice", "Keep one of the two."))
            elif name not in known:
                close = get_close_matches(name, known, n=1)
                hint = (
                    f"Did you mean {close[0]!r}?"
                    if close
                    else f"Write {folder / PARTNERS_FOLDER / name}.yaml, or take the name out."
                )
                found.append(file.source.error(place, f"there is no trading partner {name!r}", hint))
    return found


def _with_files_found(integration: N, folder: Path) -> N:
    """Relative certificate files as paths from the configuration folder."""
    changed: dict[str, Any] = {}
    for name in (*integration.ends, "alerts"):
        connection = getattr(integration, name)
        if connection.ca_file is not None:
            changed[name] = connection.model_copy(update={"ca_file": folder / connection.ca_file.expanduser()})
    return integration.model_copy(update=changed) if changed else integration


def _hash_of(models: Sequence[BaseModel], stopped: Sequence[Sequence[str]] = ()) -> str:
    """sha256 over what was set; defaults are left out, so that a release with a new setting changes nothing.

    stopped: name of each partner that is stopped, and why.
    """
    content: list[Any] = [model.model_dump(mode="json", exclude_defaults=True) for model in models]
    content += stopped
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
