"""The made-up company, its partners and items that all simulated systems agree on; made from a seed."""
