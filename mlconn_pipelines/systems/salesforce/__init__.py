"""Salesforce: accounts, contacts, opportunities, products, orders and invoices of one org.

Start at api/connector.py; connection.py has its settings, deployable.py what an org needs.
"""
