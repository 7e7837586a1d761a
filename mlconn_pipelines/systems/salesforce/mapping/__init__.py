"""Salesforce's records to documents and back. Pure: no clock, no network."""
