"""The worker: a process of its own whose one thread owns Sage's objects. It is told jobs by lines of JSON and keeps nothing.

May import boi and verbs. Start reading at `loop.py`.
"""
