"""One folder a system. None imports another.

May import no other room itself; who of a folder may import whom stands in test_import_directions.py. Start at `system.py` of one: it
names the mapping and the connector, and everything else hangs on these.
"""
