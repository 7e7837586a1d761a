"""The receiver of notifications: it stores where to look, and answers. What it is told is never taken for business data.

May import everything. Start at handler.py.
"""
