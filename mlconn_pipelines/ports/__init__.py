"""Contracts, under those who implement them: protocols and plain values.

May import documents, and what a partner guide of x12 is. Start at records.py (what a connector is made of) and mapping.py (what a
mapping is made of).
"""
