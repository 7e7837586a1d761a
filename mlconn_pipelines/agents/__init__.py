"""The platform's half of the tunnel to agents: envelopes, keys, signed jobs, enrollment, and which message is taken. Pure.

The agent's half is separate code (sage_100_agent/); tests hold the two against each other. May import no other room.
Start at envelope.py.
"""
