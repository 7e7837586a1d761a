"""A Salesforce org as customers' integrations meet it: OAuth, REST with SOQL, upserts by external id.

Written from the facts about the product and not from our client, lest both share one mistake.
"""
