"""The agent beside a Sage 100 server: reads and writes through its business objects, journals what it did, and only dials out.

It imports nothing of mlconn_pipelines, and mlconn_pipelines nothing of it. Start reading at `supervision/supervisor.py`; Sage itself is
`boi/interface.py`.
"""
