"""SAP Business One through its Service Layer, OData v4."""
