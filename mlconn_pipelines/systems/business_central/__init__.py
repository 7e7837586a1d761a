"""Dynamics 365 Business Central.

Start at system.py; connection.py has its settings.
"""
