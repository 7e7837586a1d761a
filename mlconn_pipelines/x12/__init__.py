"""X12 text to documents and back: reader, writer, envelope, grammar, guide, validation, findings, acknowledgments."""
