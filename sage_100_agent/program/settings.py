"""The settings file, TOML. Whoever writes it sits beside a Sage server and has nobody to ask: an error names the line and what to write.

Everything else that the agent keeps lies in the same folder, so that one access list covers it all.
"""

from __future__ import annotations

import codecs
import difflib
import locale
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from sage_100_agent.updating.updater import UpdatePolicy
from sage_100_agent.verbs.job import REFERENCE_COLUMNS

FILE = "agent.toml"
FOLDER = Path(r"C:\ProgramData\mlconn-sage-agent") if sys.platform == "win32" else Path("/etc/mlconn-sage-agent")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SYSTEM, DIRECT = "system", "none"
BATCHED = ("receipt", "ap_invoice")
BUILT_IN_ROOT = Path(__file__).with_name("root-key.txt")
"""Public half of the platform's root key, in a build for one platform: then no setting puts another in its place."""

EXAMPLE = r"""[platform]
url = "https://edi.example.com"
root_key = "the 64 digits that mlconn agents root-key new shows"

[sage]
home = 'C:\Sage\Sage 100 Standard\MAS90\Home'

[companies.ABC]
user = "EDI"
"""


class BadSettings(Exception):
    """Its text names file and line, what is wrong, and what to write."""


@dataclass(frozen=True)
class Settings:
    """proxy: an address, `system` or `none`. companies: Sage's user by the company's code. worker: its command; empty: our own.

    proxy_user: its password is a secret. ansi: Windows' code page of programs without Unicode. batches: by kind of document.
    """

    folder: Path
    url: str
    root_key: bytes
    home: str
    companies: Mapping[str, str]
    proxy: str
    proxy_user: str
    ca_file: str
    ansi: str
    reference_columns: Mapping[str, str]
    batches: Mapping[str, str]
    worker: tuple[str, ...]
    updates: UpdatePolicy


KNOWN: Mapping[str, tuple[str, ...]] = {
    "": ("platform", "sage", "companies", "updates"),
    "platform": ("url", "root_key", "proxy", "proxy_user", "ca_file"),
    "sage": ("home", "ansi", "worker", "reference_columns", "batches"),
    "sage.reference_columns": tuple(REFERENCE_COLUMNS),
    "sage.batches": BATCHED,
    "updates": ("pinned", "from_hour", "to_hour"),
}
OF_A_COMPANY = ("user",)


def read_settings(file: Path) -> Settings:
    """Errors: BadSettings."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadSettings(f"{file} is not there. Write it, with at least:\n\n{EXAMPLE}") from None
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadSettings(f"{file} cannot be read: {wrong}") from None
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        hint = r" Write paths in single quotes: 'C:\Sage\MAS90\Home'." if "escape" in str(wrong) else ""
        raise BadSettings(f"{file}: {wrong}.{hint}") from None
    return _Reader(file, text, told).settings()


class _Reader:
    def __init__(self, file: Path, text: str, told: dict[str, Any]) -> None:
        self._file, self._text, self._told = file, text, told

    def settings(self) -> Settings:
        for table, names in KNOWN.items():
            self._table(table, names)
        companies = {code: self._company(code) for code in self._table("companies", None)}
        if not companies:
            self._wrong(
                "", "companies", 'expected a table for each company, such as [companies.ABC] with user = "EDI" below it'
            )
        return Settings(
            folder=self._file.resolve().parent,
            url=self._url("platform", "url", "https://edi.example.com"),
            root_key=self._root_key(),
            home=self._text_of("sage", "home", r"'C:\Sage\Sage 100 Standard\MAS90\Home'"),
            companies=companies,
            proxy=self._proxy(),
            proxy_user=self._text_of("platform", "proxy_user", '"NAME"', ""),
            ca_file=self._text_of("platform", "ca_file", r"'C:\ProgramData\mlconn-sage-agent\ca.pem'", ""),
            ansi=self._code_page(),
            reference_columns={
                kind: self._text_of("sage.reference_columns", kind, '"UDF_OUR_REFERENCE"', column)
                for kind, column in REFERENCE_COLUMNS.items()
            },
            batches={kind: self._text_of("sage.batches", kind, '"00001"') for kind in self._table("sage.batches", BATCHED)},
            worker=self._worker(),
            updates=self._updates(),
        )

    def _company(self, code: str) -> str:
        if not re.fullmatch("[A-Z0-9]{3}", code):
            self._wrong(
                "companies", code, "expected Sage's code of a company: three capitals or digits, such as [companies.ABC]"
            )
        self._table(f"companies.{code}", OF_A_COMPANY)
        return self._text_of(f"companies.{code}", "user", '"EDI", the Sage user of this company')

    def _url(self, table: str, name: str, example: str) -> str:
        url = self._text_of(table, name, f'"{example}"').rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.path or parts.query or parts.username:
            self._wrong(table, name, f'expected scheme and host, such as "{example}"')
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            self._wrong(table, name, f'expected https; write "https://{parts.netloc}"')
        return url

    def _proxy(self) -> str:
        proxy = self._text_of("platform", "proxy", '"http://proxy.example.com:8080"', SYSTEM)
        if proxy in (SYSTEM, DIRECT):
            return proxy
        parts = urlsplit(proxy)
        if parts.username or parts.password:
            self._wrong(
                "platform", "proxy", "expected no sign-in here; write proxy_user, and run: mlconn-sage-agent password --proxy"
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self._wrong("platform", "proxy", f'expected "http://HOST:PORT", "{SYSTEM}" (what Windows has set) or "{DIRECT}"')
        return proxy

    def _root_key(self) -> bytes:
        if BUILT_IN_ROOT.exists():
            if "root_key" in self._table("platform", None):
                self._wrong("platform", "root_key", "this build has the key of its platform; take the line out")
            return bytes.fromhex(BUILT_IN_ROOT.read_text(encoding="ascii").strip())
        told = self._text_of("platform", "root_key", "the 64 digits that the platform's people give you").lower()
        if not re.fullmatch("[0-9a-f]{64}", told):
            self._wrong("platform", "root_key", "expected 64 hexadecimal digits")
        return bytes.fromhex(told)

    def _code_page(self) -> str:
        ansi = self._text_of("sage", "ansi", '"cp1252"', locale.getencoding() if sys.platform == "win32" else "cp1252")
        try:
            return codecs.lookup(ansi).name
        except LookupError:
            self._wrong("sage", "ansi", 'expected a code page of Windows, such as "cp1252"')

    def _worker(self) -> tuple[str, ...]:
        value = self._table("sage", None).get("worker", [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self._wrong("sage", "worker", 'expected a command as a list of texts, such as ["python", "-m", "a.module"]')
        return tuple(value)

    def _updates(self) -> UpdatePolicy:
        told = self._table("updates", None)
        pinned = told.get("pinned", False)
        if not isinstance(pinned, bool):
            self._wrong("updates", "pinned", "expected true, to keep this version until a person changes it, or false")
        hours = {}
        for name in ("from_hour", "to_hour"):
            hour = told.get(name, getattr(UpdatePolicy, name))
            if not isinstance(hour, int) or isinstance(hour, bool) or not 0 <= hour <= 24:
                self._wrong(
                    "updates", name, "expected an hour from 0 to 24: between the two, on working days, nothing is updated"
                )
            hours[name] = hour
        return UpdatePolicy(pinned, **hours)

    def _text_of(self, table: str, name: str, example: str, default: str | None = None) -> str:
        value = self._table(table, None).get(name, default)
        if value is None:
            self._wrong(table, name, f"is missing; below [{table}] write {name} = {example}")
        if not isinstance(value, str) or (not value and default != ""):
            self._wrong(table, name, f"expected a text; write {name} = {example}")
        return value

    def _table(self, path: str, names: tuple[str, ...] | None) -> dict[str, Any]:
        """A table of the file, empty where it is left out. names: those that it may have."""
        table: Any = self._told
        for part in path.split(".") if path else ():
            table = table.get(part, {})
            if not isinstance(table, dict):
                above, _, name = path.rpartition(".")
                self._wrong(above, name, f"expected a table; write [{path}] on a line of its own")
        for name in table if names is not None else ():
            if name not in (names or ()):
                near = difflib.get_close_matches(name, names or (), 1)
                self._wrong(
                    path, name, f"unknown setting{f'; write {near[0]}' if near else ''}. Known: {', '.join(names or ())}"
                )
        found: dict[str, Any] = table
        return found

    def _wrong(self, table: str, name: str, what: str) -> NoReturn:
        line = _line_of(self._text, table, name)
        where = f", line {line}" if line else ""
        raise BadSettings(f"{self._file}{where}: {f'{table}.{name}'.lstrip('.')}: {what}")


def _line_of(text: str, table: str, name: str) -> int:
    """Where a setting stands, or its table; 0 where neither is found.

    >>> _line_of("[a]\\nx = 1\\n[b.c]\\nx = 2", "b.c", "x"), _line_of("[a]", "a", "y"), _line_of("[b.c]", "b", "c")
    (4, 1, 1)
    """
    within, found = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            within = header[1]
            if within in (table, f"{table}.{name}".lstrip(".")):
                found = number
        elif within == table and re.match(rf"\s*{re.escape(name)}\s*[=.]", line):
            return number
    return found
