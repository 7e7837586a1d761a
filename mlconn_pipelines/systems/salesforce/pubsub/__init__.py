"""Change events of a Salesforce org by its Pub/Sub API: they only say where to look; the record is read by REST."""
