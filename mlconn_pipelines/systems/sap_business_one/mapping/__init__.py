"""SAP Business One records to documents and back."""
