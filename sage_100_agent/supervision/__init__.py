"""Jobs from their arrival to their result: what is allowed, what the journal says, the worker that does them, and what ends it.

May import verbs; the worker is another process. Start reading at `supervisor.py`.
"""
