"""Records of Business Central's API v2.0, as far as we read them, in its own field names."""
