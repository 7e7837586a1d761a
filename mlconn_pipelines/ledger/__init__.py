"""What was seen, sent, received, refused, and why: the queue and the memory, in PostgreSQL."""
