"""A sync integration's parts put together: one module a flow, each a row of `opening.FLOWS`.

May import what wiring may. Start at opening.py.
"""
