"""SY_Session: who works in which company, with which module and task, and the licence seat that this takes."""

from __future__ import annotations

from mlconn_simulators.sage_100.component import Component, method, prop
from mlconn_simulators.sage_100.host import HostProcess
from mlconn_simulators.sage_100.kinds import TASKS
from mlconn_simulators.sage_100.layouts import Refused, check_date
from mlconn_simulators.sage_100.site import TRIES_MAX, User
from mlconn_simulators.sage_100.store import Company


class Session(Component):
    """The order that counts: user and company, date and module, task, and only then an entry object."""

    def __init__(self, host: HostProcess) -> None:
        super().__init__(host, "SY_Session")
        self.user: User | None = None
        self.company: Company | None = None
        self.dates: dict[str, str] = {}
        self.module = ""
        self.program = 0

    def drop(self) -> None:
        self.host.site.seated.discard(self.instance)
        if self.company is not None:
            self.company.let_go(self.owner)
        self.user = self.company = None

    @property
    def owner(self) -> str:
        """How locks name this session."""
        return f"{self.user.name if self.user else ''} on {self.instance}"

    @method("nLogon")
    def logon(self) -> int:
        """0: there is no user of the Windows account's name; nSetUser is the way."""
        if self.user is None:
            self.last_error = "The user must be entered."
            return 0
        return 1

    @method("nSetUser")
    def set_user(self, name: str, password: str = "") -> int:
        site, user = self.host.site, self.host.site.users.get(name.upper())
        if user is not None and user.failed >= TRIES_MAX:
            raise Refused("The user has been locked out. Please contact your system administrator.")
        if user is None or user.password != password:
            if user is not None:
                user.failed += 1
            raise Refused("The user logon or password is not valid.")
        if user.expired:
            raise Refused("Your password has expired and must be changed.")
        if self.instance not in site.seated and len(site.seated) >= site.seats:
            raise Refused("The maximum number of users has been reached. All licenses are in use.")
        self._check_access(user, self.company)
        user.failed = 0
        site.seated.add(self.instance)
        self.user = user
        return 1

    @method("nSetCompany")
    def set_company(self, code: str) -> int:
        company = self.host.site.companies.get(code)
        if company is None:
            raise Refused(f"The company {code} is not on file.")
        if not company.external_access:
            raise Refused(f"External access is not allowed for company {code}.")
        if company.locked:
            raise Refused(company.locked)
        self._check_access(self.user, company)
        if self.company is not None:
            self.company.let_go(self.owner)
        self.company, self.dates, self.module, self.program = company, {}, "", 0
        return 1

    def _check_access(self, user: User | None, company: Company | None) -> None:
        if user and company and user.companies is not None and company.code not in user.companies:
            raise Refused(f"User {user.name} does not have access to company {company.code}.")

    @method("nSetDate")
    def set_date(self, module: str, date: str) -> int:
        check_date(date)
        self._check_module(module)
        self.dates[module] = date
        return 1

    @method("nSetModule")
    def set_module(self, module: str) -> int:
        self._check_module(module)
        self.module = module
        return 1

    def _check_module(self, module: str) -> None:
        if self.company is None:
            raise Refused("The company must be entered.")
        if module not in self.company.modules:
            raise Refused(f"The module {module} is not installed or not licensed.")

    @method("nLookupTask")
    def lookup_task(self, name: str) -> int:
        """0: there is no such task, or the user's role does not have it."""
        site = self.host.site
        official = {task.lower(): task for task in TASKS}.get(site.official(name).lower())
        if official is None or site.is_absent(name) or self.user is None:
            return 0
        if self.user.tasks is not None and official not in self.user.tasks:
            return 0
        return TASKS[official]

    @method("nSetProgram")
    def set_program(self, task: float) -> int:
        if int(task) not in TASKS.values():
            raise Refused("The task is not valid.")
        self.program = int(task)
        return 1

    @method("nCleanup")
    def clean_up(self) -> int:
        self.drop()
        return 1

    @prop("sCompanyCode")
    def company_code(self) -> str:
        return self.company.code if self.company else ""

    @prop("sCompanyKey")
    def company_key(self) -> str:
        return self.company_code()  # type: ignore[no-any-return]

    @prop("sModuleCode")
    def module_code(self) -> str:
        return self.module

    @prop("sUserKey")
    def user_key(self) -> str:
        return self.user.key if self.user else ""
