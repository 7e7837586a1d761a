"""Reading JSON records, whichever system they are of: types, defaults, numbers without loss.

May import no other room. Start at reading.py.
"""
