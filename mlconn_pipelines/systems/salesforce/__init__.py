"""Salesforce: accounts, contacts, opportunities, products, orders and invoices of one org."""
