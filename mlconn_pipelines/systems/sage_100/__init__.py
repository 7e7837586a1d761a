"""Sage 100 (North America), reached through the agent beside its server.

It is being built: start at records/purchase_order.py. The mapping stands; a connector that reaches the agent does not yet.
"""
