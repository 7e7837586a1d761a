"""The one session of a process: set up in Sage's order, kept warm, released in the opposite order."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from sage_100_agent.boi.interface import BusinessObject, Host, HostFailed
from sage_100_agent.boi.objects import BoiObject, Encoding, code_of
from sage_100_agent.boi.refusals import Category, Refused, category_of

CODE_PAGES = ("cp1252", "cp1250", "cp1254", "cp1251", "cp1255", "cp1256", "cp1258", "cp1253", "cp1257", "cp874", "latin-1")
SEPARATOR_BYTE = b"\x8a"
ENGINE_ERROR = re.compile(r"Error:?\s*\d+", re.IGNORECASE)
"""How ProvideX says that it made no object: the host is well. A host that died says something else."""


@dataclass(frozen=True)
class SignIn:
    company: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Entry:
    """A kind of object that is written. task: its screen, whose rights count."""

    name: str
    task: str
    module: str


class Session:
    """Signed in to one company. Raises Refused where Sage lets us not in; HostFailed ends it for good."""

    def __init__(self, host: Host, home: str, sign_in: SignIn, today: date, ansi: str = "cp1252") -> None:
        self.sign_in, self.home = sign_in, home
        self._missing: set[str] = set()
        self._module: tuple[str, date] | None = None
        self._script: BusinessObject | None = None
        self._session: BoiObject | None = None
        try:
            self._script = host.script()
            self._script.call("Init", home)
            self._session = BoiObject(self._new("SY_Session"), Encoding("\x8a", ansi), name="session")
            self._sign_in()
            self.module("A/P", today)
            self.encoding = self._derived(ansi)
        except BaseException:
            self.close()
            raise

    def _sign_in(self) -> None:
        session, who = self._opened(), self.sign_in
        try:
            session.call("nSetUser", who.user, who.password)
        except Refused as refused:
            if refused.category in (Category.OTHER, Category.NOT_FOUND):
                raise Refused(Category.SIGN_IN, refused.text, "nSetUser") from None
            raise
        session.call("nSetCompany", who.company)

    def _opened(self) -> BoiObject:
        if self._session is None:
            raise HostFailed("the session is closed")
        return self._session

    def module(self, code: str, day: date) -> None:
        """Date and module, both again at every change: the date decides the period of what is written."""
        if self._module != (code, day):
            self._module = None
            self._opened().call("nSetDate", code, f"{day:%Y%m%d}")
            self._opened().call("nSetModule", code)
            self._module = (code, day)

    @contextlib.contextmanager
    def entry(self, kind: Entry, day: date, widths: dict[str, int]) -> Iterator[BoiObject]:
        """An object for writing. Its screen is set before it is made, which rights and audit go by."""
        self.module(kind.module, day)
        task = code_of(self._opened().com.call("nLookupTask", kind.task))
        if task == 0:
            raise Refused(Category.NO_RIGHT, f"the user may not open {kind.task}, or Sage does not know it", "nLookupTask")
        self._opened().call("nSetProgram", task)
        made = BoiObject(self._new(kind.name), self.encoding, widths, kind.name)
        try:
            yield made
        finally:
            made.close()

    @contextlib.contextmanager
    def service(self, module: str, day: date, *names: str) -> Iterator[BoiObject]:
        """An object for reading, which takes no locks: the first of the names that this site has."""
        self.module(module, day)
        made = self._first(names)
        try:
            yield made
        finally:
            made.close()

    def has(self, name: str) -> str:
        """Empty where the object can be made; Sage's reason where not."""
        try:
            self._new(name).release()
        except Refused as refused:
            self._missing.add(name)
            return refused.text or "refused"
        return ""

    def _first(self, names: tuple[str, ...]) -> BoiObject:
        refused: Refused | None = None
        for name in [name for name in names if name not in self._missing] or names[:1]:
            try:
                return BoiObject(self._new(name), self.encoding, name=name)
            except Refused as no:
                refused = refused or no
                self._missing.add(name)
        raise refused or Refused(Category.NOT_FOUND, f"none of {', '.join(names)}", "NewObject")

    def _new(self, name: str) -> BusinessObject:
        if self._script is None:
            raise HostFailed("the session is closed")
        session = [] if self._session is None else [self._session.com]
        try:
            made = self._script.call("NewObject", name, *session)
        except HostFailed as failed:
            if not ENGINE_ERROR.search(failed.text):
                raise
            category = category_of(failed.text)
            raise Refused(
                Category.UNLICENSED if category is Category.OTHER else category, failed.text, f"NewObject {name}"
            ) from None
        if made is None or isinstance(made, str | int | float):
            text = self._opened().last_error() if self._session is not None else ""
            raise Refused(category_of(text) if text else Category.UNLICENSED, text, f"NewObject {name}")
        return made

    def _derived(self, ansi: str) -> Encoding:
        """What separates parts here, from a list whose parts we know; and the code page in which byte 8A is that character."""
        for name, key in (("AP_Vendor_svc", ("APDivisionNo", "VendorNo")), ("AP_Vendor_bus", ("APDivisionNo", "VendorNo"))):
            try:
                vendors = self._new(name)
            except Refused:
                continue
            told = str(vendors.call("sGetKeyColumns") or "")
            vendors.release()
            between = re.sub(r"[A-Za-z0-9_$: ]", "", told)
            if all(column in told for column in key) and len(set(between)) == 1:
                return Encoding(between[0], code_page_of(between[0], ansi))
        raise Refused(
            Category.OTHER, "the separator of lists could not be told from the key columns of vendors", "sGetKeyColumns"
        )

    def close(self) -> None:
        """Twice does nothing; a host that is gone is no hindrance."""
        session, script, self._session, self._script = self._session, self._script, None, None
        if session is not None:
            for method in ("nCleanup", "DropObject"):
                with contextlib.suppress(HostFailed):
                    session.com.call(method)
            with contextlib.suppress(HostFailed):
                session.com.release()
        if script is not None:
            with contextlib.suppress(HostFailed):
                script.release()


def code_page_of(separator: str, ansi: str) -> str:
    """Windows' own code page if byte 8A is the separator there, else the first in which it is.

    >>> code_page_of("Š", "cp1252"), code_page_of("Љ", "cp1252"), code_page_of("\\x8a", "cp1253")
    ('cp1252', 'cp1251', 'latin-1')
    """
    for page in (ansi, *CODE_PAGES):
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            if SEPARATOR_BYTE.decode(page) == separator:
                return page
    raise Refused(
        Category.OTHER, f"lists are separated by {separator!r}, which byte 8A is in no code page of Windows", "sGetKeyColumns"
    )
