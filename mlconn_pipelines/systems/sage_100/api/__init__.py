"""Sage 100 by way of the agent beside it: each question is a verb of the agent's closed list. Start at `connector.py`."""
