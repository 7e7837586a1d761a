"""What simulated systems with an OData interface have in common: filters, query options, paths, JSON."""
