"""Business Central's records to documents and back, pure."""
