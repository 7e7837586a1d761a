"""Puts the parts together as the configuration says: ledger, connectors, mappings, partners. The one place that knows them all."""
