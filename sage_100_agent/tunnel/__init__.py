"""The agent's half of the protocol: what it signs, and what it believes. Nothing here reads a clock, a socket or a file.

May import nothing else of the agent. Start reading at `statements.py`, then `envelopes.py` and `job_keys.py`.
"""
