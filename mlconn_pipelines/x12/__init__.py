"""X12 text to documents and back: reader, writer, envelope, grammar, guide, validation, findings, acknowledgments.

May import documents. Start at reader.py and rendering.py.
"""
