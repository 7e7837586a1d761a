"""ERP documents and X12 EDI through Cleo, both ways, as Dagster data pipelines."""
