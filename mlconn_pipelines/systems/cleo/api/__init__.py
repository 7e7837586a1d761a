"""Cleo Integration Cloud, Harmony and VLTrader: folders and files, and API Provider endpoints."""
