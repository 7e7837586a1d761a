"""Another version of the agent takes the place of this one: fetched, verified, switched to, and left again where it does not work.

May import `tunnel/`. Start reading at `installation.py`, then `updater.py` and `starter.py`.
"""
