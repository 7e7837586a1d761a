"""Dynamics 365 Business Central online through its API v2.0."""
