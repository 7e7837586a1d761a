"""Reports as data frames with a stated schema.

May import documents. Start at frames.py.
"""
