"""Records of Salesforce's standard objects, as far as we read them, in their own field names. Custom fields stay in the raw record."""
