"""Records of Dynamics 365 Finance & Operations, in its own field names."""
