"""SAP Business One."""
