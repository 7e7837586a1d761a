"""One PostgreSQL server, embedded or the user's own, with the databases `mlconn` and `dagster` on it."""
