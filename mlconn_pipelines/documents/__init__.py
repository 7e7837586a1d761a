"""Canonical documents: frozen, slotted, without I/O. Codes are X12 codes (units, qualifiers, purposes), money is Decimal.

May import no other room. Start at kinds.py, lifecycle.py and transaction_sets.py.
"""
