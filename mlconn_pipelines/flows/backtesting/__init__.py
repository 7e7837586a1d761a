"""Sent documents rendered again: byte for byte as they were, or with another configuration or mapping, and what would differ.

May import what flows may. Start at running.py.
"""
