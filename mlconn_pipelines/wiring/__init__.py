"""Puts the parts together as the configuration says: ledger, connectors, mappings, partners. The one place that knows them all.

May import documents, ports, agents, transport, systems, x12, config, flows, settings, vault, database and ledger.
Start at pipeline.py.
"""
