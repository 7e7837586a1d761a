"""What people write: integrations, connections, trading partners. Read from YAML, every mistake named with file and line.

May import documents, x12 and the connections of systems. Start at integration.py, whose fields are the file, and loading.py.
"""
