"""Sage 100 (North America), reached through the agent beside its server; start at records/purchase_order.py and api/connector.py."""
