"""The use cases in plain Python: fetch, check, send, receive, post, answer, reprocess, recover. No Dagster, no HTTP, no SQL."""
