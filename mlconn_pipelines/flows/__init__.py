"""The use cases in plain Python: fetch, check, send, receive, post, answer, reprocess, recover. No Dagster, no HTTP, no SQL.

May import documents, records, ports, edi, x12, config and agents; systems and ledger only by the protocols in ports/ and flows/ports/.
Start at running.py, the steps of a whole flow, and delivery_step.py, the one guarded act.
"""
