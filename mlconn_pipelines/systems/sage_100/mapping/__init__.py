"""Between records of Sage 100 and documents. Start at mapping.py."""
