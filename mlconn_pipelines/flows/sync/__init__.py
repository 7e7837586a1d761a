"""Flows from an entity of one system to an entity of another: read, translated, written."""
