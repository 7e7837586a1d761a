"""The agent's half of the protocol (docs/agent-protocol.md): what it signs, what it believes, and the requests that it makes.

May import nothing else of the agent. Start reading at `statements.py`, then `envelopes.py`, `job_keys.py` and `client.py` and `keyring.py`.
"""
