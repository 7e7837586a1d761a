"""Flows from an entity of one system to an entity of another: read, translated, written.

May import what flows may. Start at pipeline.py.
"""
