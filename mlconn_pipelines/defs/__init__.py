"""Dagster: when things run, and what a run shows. Factories of assets, sensors, schedules and checks; the work is in `flows`.

May import everything. Start at integration.py.
"""
