"""How much Sage keeps of what we write. It cuts some of what is longer without a word, so that nothing longer is written."""

from __future__ import annotations

from collections.abc import Mapping

INVOICE_NO, LINE_COMMENT = 20, 2048
CODE_PAGE = "cp1252"
"""Texts are kept in one byte a character; what is not in it would be lost."""
QUANTITY, MONEY = 6, 2
"""Decimals of quantities, and of amounts."""
WHOLE_DIGITS = 9

SCALES: Mapping[str, int] = {"quantity": QUANTITY, "amount": MONEY, "freight": MONEY, "tax": MONEY}
"""Decimals of the numbers that the agent takes, by their names there."""
