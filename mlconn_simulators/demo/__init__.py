"""The demo: simulated systems, the real pipelines between them, and a comparison of both sides at the end."""
