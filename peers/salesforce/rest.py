"""simple-salesforce against the simulated org: signs in, writes, reads. Argument: JSON of where the org listens.

It always dials https at a `salesforce.com` name; every connection is led to the org instead, whose certificate names no such host.
"""

from __future__ import annotations

import json
import ssl
import sys
import urllib.parse
from typing import Any

import urllib3.connection
from simple_salesforce import Salesforce, SalesforceMalformedRequest


def main() -> None:
    org = json.loads(sys.argv[1])
    port = urllib.parse.urlsplit(org["https"]).port
    connect = urllib3.connection.connection.create_connection

    def to_the_org(address: tuple[str, int], *more: Any, **named: Any) -> Any:
        return connect(("127.0.0.1", port), *more, **named)

    urllib3.connection.connection.create_connection = to_the_org
    import requests

    class Session(requests.Session):
        def request(self, *arguments: Any, **named: Any) -> Any:
            return super().request(*arguments, **{**named, "verify": False})

    ssl._create_default_https_context = ssl._create_unverified_context
    urllib3.disable_warnings()
    sf = Salesforce(
        consumer_key=org["client_id"],
        consumer_secret=org["client_secret"],
        domain="meridian.my",
        session=Session(),
        version="63.0",
    )
    made = sf.Account.create({"Name": "From Python", "ERP_Code__c": "PY-1/é"})
    assert made["success"], made
    assert sf.Account.upsert("ERP_Code__c/PY-1%2F%C3%A9", {"Phone": "7"}) in (200, 201, 204)
    assert sf.Account.get(made["id"])["Phone"] == "7"
    assert sf.Account.get_by_custom_id("ERP_Code__c", "PY-1/é")["Id"] == made["id"]
    assert sf.query_all("SELECT Id FROM Account WHERE ERP_Code__c = 'PY-1/é'")["totalSize"] == 1
    assert sf.Account.update(made["id"], {"Phone": None}) == 204
    assert any(field["name"] == "ERP_Code__c" for field in sf.Account.describe()["fields"])
    assert sf.limits()["DailyApiRequests"]["Remaining"] > 0
    assert sf.api_usage
    assert sf.Account.delete(made["id"]) == 204
    assert sf.query_all("SELECT Id FROM Account WHERE ERP_Code__c = 'PY-1/é'")["totalSize"] == 0
    try:
        sf.query("SELECT Nope FROM Account")
    except SalesforceMalformedRequest as refused:
        assert refused.content[0]["errorCode"] == "INVALID_FIELD"
    else:
        raise AssertionError("a column that is not there was read")
    print("simple-salesforce: reads and writes")


if __name__ == "__main__":
    main()
