"""Sage's business objects (BOI), as the rest of the agent uses them: returns interpreted, values by reference, one session.

May import nothing else of the agent. Start reading at `interface.py`, then `objects.py`; `com.py` is the only one that knows Windows.
"""
