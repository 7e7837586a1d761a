"""What Sage refuses, told by category: what to do next follows from that, and the text goes to a person as Sage wrote it."""

from __future__ import annotations

import re
from enum import StrEnum


class Category(StrEnum):
    IN_USE = "in_use"
    BATCH_IN_USE = "batch_in_use"
    PERIOD_END = "period_end"
    PERIOD_CLOSED = "period_closed"
    LICENCE_FULL = "licence_full"
    LAPSED_SUBSCRIPTION = "lapsed_subscription"
    SIGN_IN = "sign_in"
    NO_RIGHT = "no_right"
    UNLICENSED = "unlicensed"
    NOT_FOUND = "not_found"
    WIDTH = "width"
    DUPLICATE = "duplicate"
    BATCH_SHARED = "batch_shared"
    PRINTER = "printer"
    OTHER = "other"


WAIT_S: dict[Category, float] = {
    Category.IN_USE: 60,
    Category.BATCH_IN_USE: 300,
    Category.LICENCE_FULL: 300,
    Category.PERIOD_END: 900,
}
"""What passes by itself, and after how long to ask again. Everything else waits for a person."""

PHRASES: tuple[tuple[Category, str], ...] = (
    (Category.LAPSED_SUBSCRIPTION, r"subscription.*(expired|lapsed|read.?only)|read.?only mode"),
    (
        Category.LICENCE_FULL,
        r"(licen[sc]e|user)s?\b.*(exceeded|in use|maximum|limit)|maximum (number of )?users|no more users|licen[sc]es? (is |are )?full",
    ),
    (Category.BATCH_IN_USE, r"\bbatch\b.*(in use|locked|being used|busy|another user)"),
    (Category.PERIOD_END, r"period.?end|year.?end|exclusive (access|use)|being backed up"),
    (Category.PERIOD_CLOSED, r"period .*closed|closed .*period|not .*(within|in) an open period"),
    (Category.IN_USE, r"\bin use\b|\blocked\b|being used|\bbusy\b|another user"),
    (
        Category.SIGN_IN,
        r"(logon|log on|password|user (name|code|id)).*(not valid|invalid|incorrect|expired|refused)|invalid (user|password|logon)",
    ),
    (Category.UNLICENSED, r"not (licensed|registered|installed|activated)|unlicensed"),
    (
        Category.NO_RIGHT,
        r"not (authorized|authorised|permitted|allowed)|permission|access (is )?denied|no access|security|external access",
    ),
    (Category.DUPLICATE, r"already (exists|on file|been (used|entered))|duplicate"),
    (Category.NOT_FOUND, r"not on file|not found|does not exist|is not valid|unknown"),
    (Category.PRINTER, r"\bprinter\b|\bpdf\b"),
    (Category.WIDTH, r"truncat|too long|exceeds .*(length|characters)"),
)
"""In the order of asking: a batch that is in use says `in use` too. Public sources quote few of Sage's texts."""


class Refused(Exception):
    """Sage answered, and the answer is no. Nothing was saved by the call that was refused.

    text: as Sage has it. where: the method, and the column where there is one.
    """

    def __init__(self, category: Category, text: str, where: str) -> None:
        super().__init__(f"{where}: {text or 'no reason given'}")
        self.category, self.text, self.where = category, text, where

    @property
    def wait_s(self) -> float | None:
        """After how long it may be asked again; None: not before a person acted."""
        return WAIT_S.get(self.category)


def category_of(text: str) -> Category:
    """
    >>> category_of("The record is in use by JDOE on WS07."), category_of("Batch 00012 is in use."), category_of("Hm.")
    (<Category.IN_USE: 'in_use'>, <Category.BATCH_IN_USE: 'batch_in_use'>, <Category.OTHER: 'other'>)
    """
    fits = (category for category, phrase in PHRASES if re.search(phrase, text, re.IGNORECASE | re.DOTALL))
    return next(fits, Category.OTHER)
