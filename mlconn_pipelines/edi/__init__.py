"""Records to documents and back, pure: no clock, no network, no database. What any ERP shares lies here, each system in its folder."""
