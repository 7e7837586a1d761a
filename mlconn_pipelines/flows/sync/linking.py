"""Which accounts and business partners belong together: proposed for a person to confirm before go-live. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from mlconn_pipelines.edi.customer_likeness import comparable_name, comparable_tax_number

LINK = "link"
"""What a person writes as decision where both are one customer."""

CUSTOMER_CODE, CODE_BEFORE = "customer_code", "card_code"
"""The column of the customer's code, and what it was called in tables that people may still be reviewing."""


@dataclass(frozen=True, slots=True)
class Side:
    """An account or a business partner. code: the customer code that the account has, or the partner's own."""

    key: str
    name: str
    code: str = ""
    tax_number: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row of the table. account_id, customer_code: empty where the other side has nothing like it. decision: a person's."""

    account_id: str
    account: str
    account_city: str
    customer_code: str
    partner: str
    partner_city: str
    because: str
    decision: str = ""

    def row(self) -> dict[str, str]:
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(Proposal))


@dataclass(frozen=True, slots=True)
class Link:
    """A decision: the account is this business partner."""

    account_id: str
    customer_code: str


def propose(accounts: Sequence[Side], partners: Sequence[Side]) -> list[Proposal]:
    """Likely pairs first, then accounts whose code the ERP does not have, then what stands alone on either side; linked ones left out."""
    by_code = {partner.code.casefold(): partner for partner in partners}
    taken = {account.code.casefold(): account for account in accounts if account.code.casefold() in by_code}
    like = _by_likeness(partners)
    pairs, wrong, alone, seen = list[Proposal](), list[Proposal](), list[Proposal](), set[str]()
    for account in accounts:
        if account.code:
            if account.code.casefold() not in by_code:
                wrong.append(_row(account, None, f"the ERP has no customer {account.code}, which is its customer code"))
            continue
        alike: dict[str, list[str]] = defaultdict(list)
        for word, value in _likeness(account):
            for partner in like.get((word, value), ()):
                alike[partner.code].append(word)
        for code, words in alike.items():
            seen.add(code)
            other = taken.get(code.casefold())
            because = f"same {' and '.join(words)}" + (f"; {code} is account {other.name!r} already" if other else "")
            pairs.append(_row(account, by_code[code.casefold()], because))
        if not alike:
            alone.append(_row(account, None, "no business partner has its name or tax number"))
    rest = [one for one in partners if one.code not in seen and one.code.casefold() not in taken]
    return [*pairs, *wrong, *alone, *(_row(None, partner, "no account has its name or tax number") for partner in rest)]


def decisions(rows: Iterable[Mapping[str, str]]) -> tuple[list[Link], list[str]]:
    """What a reviewed table decides, and what of it cannot be meant, a sentence each with its row (the heading is row 1)."""
    links, problems = list[Link](), list[str]()
    of_account, of_partner = dict[str, int](), dict[str, int]()
    for number, row in enumerate(rows, start=2):
        decision = row.get("decision", "").strip().lower()
        account, code = row.get("account_id", "").strip(), _code(row)
        if not decision:
            continue
        if decision != LINK:
            problems.append(f"row {number}: decision {decision!r} is not known; write {LINK}, or leave it empty")
        elif not account or not code:
            problems.append(f"row {number}: {LINK} needs account_id and {CUSTOMER_CODE}")
        elif account in of_account:
            problems.append(f"row {number}: account {account} is linked in row {of_account[account]} already")
        elif code.casefold() in of_partner:
            problems.append(f"row {number}: business partner {code} is linked in row {of_partner[code.casefold()]} already")
        else:
            of_account[account] = of_partner[code.casefold()] = number
            links.append(Link(account, code))
    return links, problems


def _code(row: Mapping[str, str]) -> str:
    return (row.get(CUSTOMER_CODE) or row.get(CODE_BEFORE) or "").strip()


def refusal(link: Link, account: Side | None, partner: Side | None) -> str:
    """Why the link cannot be made as both sides are now; empty where it can."""
    if account is None:
        return f"there is no account {link.account_id} among the customers there: see whether it was deleted, or is of another type"
    if partner is None:
        return f"the ERP has no customer {link.customer_code}; correct customer_code in its row"
    if account.code and account.code.casefold() != partner.code.casefold():
        return f"account {account.name!r} has another customer code, {account.code}; clear it there first"
    return ""


def _by_likeness(partners: Iterable[Side]) -> Mapping[tuple[str, str], Sequence[Side]]:
    found: dict[tuple[str, str], list[Side]] = defaultdict(list)
    for partner in partners:
        for likeness in _likeness(partner):
            found[likeness].append(partner)
    return found


def _likeness(side: Side) -> list[tuple[str, str]]:
    both = (("name", comparable_name(side.name)), ("tax number", comparable_tax_number(side.tax_number)))
    return [(word, value) for word, value in both if value]


def _row(account: Side | None, partner: Side | None, because: str) -> Proposal:
    nobody = Side("", "")
    one, other = account or nobody, partner or nobody
    return Proposal(one.key, one.name, one.city, other.code, other.name, other.city, because)
