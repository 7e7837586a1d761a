"""What was seen, sent, received, refused, and why: the queue and the memory, in PostgreSQL.

Seven stores, which stores.py lists, each the class of a protocol in flows/ports. It imports documents, ports, flows.ports and the
vault; nobody else but database/ writes SQL.
"""
