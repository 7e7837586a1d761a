"""One PostgreSQL server, embedded or the user's own, with the databases `mlconn` and `dagster` on it.

May import settings and private_files. Start at server.py.
"""
