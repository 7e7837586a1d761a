"""The client of Salesforce's REST API. `connector.open_org` gives its parts, which share one session, one quota and one lane of writes.

    org = open_org(connection, credentials, sessions, limiter, mapped={"Account": MappedObject(
        reads=("ERP_Code__c",), writes=("ERP_Balance__c",), external_id="ERP_Code__c")})
    for rows in org.reader.changed_records("Account", since):     # whole, without lines, pages in the order of stamps
        since = org.reader.newest(org.reader.key_stamps_of(rows), since)     # stored with the page, an interrupted read goes on from here
    org.reader.changed("Opportunity", since, send_from)           # keys and stamps only
    org.reader.records("Opportunity", keys)                       # whole, with OpportunityLineItems; deleted ones bear IsDeleted
    for part in org.writer.collections("Account", rows):          # at most 200, sorted by account
        results = org.writer.upsert("Account", part)              # one repeatable act, a result per row
    org.writer.upsert("Opportunity", rows, by="Id")               # records that are there already
    org.deletions.deleted("Account", since)                       # getDeleted; the next question begins at `covered`
    org.deletions.winners("Account", ids)                         # of merges, loser to winner
    org.deletions.gone("Account", known, has_winners=True)        # the comparison that finds what was deleted for good
    org.descriptions.available("Invoice")                         # whether the integration user sees an object

`org.connector` is the same as a `Connector` of ports/records.py. A record is raw JSON in Salesforce's field names; `records.reading.read`
makes one of the types of `records/` of it, and custom fields are taken from the raw record by the names that are configured.
"""
