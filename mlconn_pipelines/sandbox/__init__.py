"""Simulated systems on loopback, for tests and demo alike, written from public facts. Imports nothing of the rest."""
