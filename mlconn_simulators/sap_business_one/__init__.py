"""One simulated SAP Business One company behind its Service Layer, OData v4, `/b1s/v2/`. Written from public facts."""
