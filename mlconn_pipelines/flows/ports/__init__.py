"""What flows need of the world outside, as Protocols and plain values. Ledger and connectors implement them.

May import documents, ports and agents. Start at queue.py and claims.py.
"""
