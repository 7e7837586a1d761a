"""The configuration folder: integrations in FOLDER/*.yaml, trading partners in FOLDER/partners/*.yaml."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mlconn_pipelines.config.checking import IntegrationFile, PartnerFile, partner_mistakes, whole_mistakes
from mlconn_pipelines.config.integration import Integration
from mlconn_pipelines.config.mistakes import mistakes_of, raise_all
from mlconn_pipelines.config.partner import TradingPartner
from mlconn_pipelines.config.yaml_source import Source, read_yaml
from mlconn_pipelines.errors import ConfigurationError

M = TypeVar("M", bound=BaseModel)
PARTNERS_FOLDER = "partners"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that was written, checked. hash: of the whole content, however it is laid out in the files."""

    folder: Path
    integrations: Mapping[str, Integration]
    partners: Mapping[str, TradingPartner]
    hash: str

    def integration(self, name: str) -> Integration:
        """The integration of that name. ConfigurationError lists those that there are."""
        if (found := self.integrations.get(name)) is None:
            raise ConfigurationError(
                f"there is no integration {name!r} in {self.folder}", f"There are: {', '.join(self.integrations)}."
            )
        return found

    def partners_of(self, integration: str) -> tuple[TradingPartner, ...]:
        """The trading partners of one integration, in the order of its list."""
        return tuple(self.partners[name] for name in self.integration(integration).partners)

    def hash_of(self, integration: str) -> str:
        """Hash of one integration with its partners: what decides whether its set-aside documents are looked at again."""
        return _hash_of([self.integration(integration), *self.partners_of(integration)])


def load_configuration(folder: Path) -> Configuration:
    """Read and check the folder. ConfigurationError names file and line; several mistakes come as `ConfigurationMistakes`.

    A relative `ca_file` is one beside the integration's file. Nothing outside the folder is looked at.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            f"there is no configuration folder {folder}", f"`mlconn init {folder}` makes one, or name yours with --config."
        )
    mistakes: list[ConfigurationError] = []
    integrations: list[IntegrationFile] = []
    partners: list[PartnerFile] = []
    for path in _yaml_files(folder, mistakes):
        if (integration := _load(path, Integration, mistakes)) is not None:
            integrations.append(IntegrationFile(*integration))
    for path in _yaml_files(folder / PARTNERS_FOLDER, mistakes):
        if (partner := _load(path, TradingPartner, mistakes)) is not None:
            partners.append(PartnerFile(*partner))
    if not integrations and not mistakes:
        raise ConfigurationError(
            f"the configuration folder {folder} holds no integration (no *.yaml)",
            f"`mlconn init {folder}` writes a first one, or name your folder with --config.",
        )
    unread = {
        Path(mistake.file).stem for mistake in mistakes if mistake.file and Path(mistake.file).parent.name == PARTNERS_FOLDER
    }
    mistakes += _misnamed(integrations, partners, unread, folder)
    mistakes += whole_mistakes(integrations, partners)
    raise_all(mistakes)
    content = [file.model for file in integrations] + [file.model for file in partners]
    return Configuration(
        folder=folder,
        integrations={file.model.integration: _with_files_found(file.model, folder) for file in integrations},
        partners={file.model.partner: file.model for file in partners},
        hash=_hash_of(content),
    )


def load_partner_file(path: Path) -> TradingPartner:
    """One partner's file by itself, checked as far as it can be without the others. ConfigurationError as from a folder."""
    mistakes: list[ConfigurationError] = []
    loaded = _load(path, TradingPartner, mistakes)
    if loaded is not None:
        mistakes += partner_mistakes(PartnerFile(*loaded))
    raise_all(mistakes)
    assert loaded is not None
    return loaded[0]


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


def _load(path: Path, model: type[M], mistakes: list[ConfigurationError]) -> tuple[M, Source] | None:
    try:
        values, source = read_yaml(path)
    except ConfigurationError as mistake:
        mistakes.append(mistake)
        return None
    try:
        return model.model_validate(values), source
    except ValidationError as wrong:
        mistakes.extend(mistakes_of(wrong, model, source))
        return None


def _misnamed(
    integrations: Sequence[IntegrationFile], partners: Sequence[PartnerFile], unread: set[str], folder: Path
) -> list[ConfigurationError]:
    """Names that lead nowhere or to two files."""
    found: list[ConfigurationError] = []
    seen: dict[str, str] = {}
    for file in integrations:
        name = file.model.integration
        if name in seen:
            found.append(
                file.source.error(("integration",), f"{name!r} is also the name of {seen[name]}", "Give each its own name.")
            )
        seen.setdefault(name, file.source.file)
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


def _with_files_found(integration: Integration, folder: Path) -> Integration:
    """Relative certificate files as paths from the configuration folder."""
    changed: dict[str, Any] = {}
    for name in ("erp", "cleo"):
        connection = getattr(integration, name)
        if connection.ca_file is not None:
            changed[name] = connection.model_copy(update={"ca_file": folder / connection.ca_file.expanduser()})
    return integration.model_copy(update=changed) if changed else integration


def _hash_of(models: Sequence[BaseModel]) -> str:
    """sha256 over what was set; defaults are left out, so that a release with a new setting changes nothing."""
    content = [model.model_dump(mode="json", exclude_defaults=True) for model in models]
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
