"""What was seen, sent, received, refused, and why: the queue and the memory, in PostgreSQL. Nobody else but database/ writes SQL.

Its stores are each the class of a protocol in flows/ports. May import documents, ports, agents, flows.ports and vault. Start at stores.py.
"""
