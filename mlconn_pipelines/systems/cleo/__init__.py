"""Cleo: the exchange that files go by.

Start at api/exchange.py; connection.py has its settings.
"""
