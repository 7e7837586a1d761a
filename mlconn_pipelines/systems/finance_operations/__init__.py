"""Dynamics 365 Finance & Operations.

Start at system.py; connection.py has its settings.
"""
