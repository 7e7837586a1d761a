"""Dynamics 365 Finance & Operations records to documents and back."""
