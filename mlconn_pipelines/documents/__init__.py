"""Canonical documents: frozen, slotted, without I/O. Codes are X12 codes (units, qualifiers, purposes), money is Decimal."""
