"""Where every element of a document came from and where every field went, found by changing inputs one at a time.

May import what flows may. Start at influences.py.
"""
