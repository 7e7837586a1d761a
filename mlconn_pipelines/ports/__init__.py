"""Contracts, under those who implement them."""
