"""What the mappings of all systems share. Pure: documents, partners and reference data in; findings, lines and records out.

May import documents, records, ports and how x12 names its codes. Start at inbound_850.py and supplied_order.py.
"""
