"""SAP Business One.

Start at system.py; connection.py has its settings.
"""
