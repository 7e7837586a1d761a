"""Dynamics 365 Finance & Operations through its data entities, OData v4."""
