"""The agent as a program: its settings, its secrets, its log, its command line, and Windows' service.

May import everything of the agent. Start reading at `command.py`, then `assembly.py`.
"""
