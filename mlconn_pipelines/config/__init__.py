"""What people write: integrations, connections, trading partners. Read from YAML, every mistake named with file and line."""
