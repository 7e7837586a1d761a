"""Cleo."""
