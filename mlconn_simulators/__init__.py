"""Simulated systems on loopback, for tests and demo alike, written from public facts. Start reading at `program`.

They import nothing of mlconn_pipelines; only `demo` does, which plays the product against them.
"""
