"""The use cases in plain Python: fetch, check, send, receive, post, answer, replay, reconcile. No Dagster, no HTTP, no SQL."""
